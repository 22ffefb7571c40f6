/**
 * Call progress detection beside the main thread: a few worker threads that bind the sockets of the
 * audio taps themselves. This side opens and closes taps and passes events on.
 *
 * It never leaves a caller waiting: an operation has a deadline, and when a thread dies, every tap on
 * it that had no verdict gets "unknown", and the next tap gets a new thread.
 */
import { Worker } from 'node:worker_threads';
import { resolveOptions, type CpdOptions } from '../../cpd/options.js';
import type { CpdEvent, TraceEntry } from '../../cpd/types.js';
import type { AnalysisRequest, CallAnalyser, CallAnalysis, Log } from '../../ports.js';
import { workerEntry } from '../../worker-entry.js';
import type { FromWorker, PacketCounts, ToWorker } from './messages.js';

const OPERATION_DEADLINE_MS = 5000;
const DEFAULT_MAX_TAPS = 2000;
/** Events kept for a handler that has not been set yet. */
const MAX_EARLY_EVENTS = 100;

export interface CpdPoolOptions {
  /** Threads. Default 1, which is good for several hundred calls. 1..16 */
  readonly workers?: number;
  /** Address the taps' sockets are bound to. Default 127.0.0.1. */
  readonly host?: string;
  /** Addresses that may send audio. Default: loopback only. */
  readonly sources?: readonly string[];
  /** Open taps above this are refused. */
  readonly maxTaps?: number;
  readonly log?: Log;
}

/** What a tap is opened with. Either shape; single options win over `postConnectTimeoutMs`. */
export type TapRequest = Partial<CpdOptions> &
  Pick<AnalysisRequest, 'id'> &
  Partial<Pick<AnalysisRequest, 'postConnectTimeoutMs'>>;

/** The detector listening to one call. */
export interface CpdTap extends CallAnalysis {
  readonly fork: { readonly port: number; readonly path: string };
  /** For a tap that was armed anew: a new socket with a new port; the detector goes on. */
  restart(): Promise<{ readonly port: number }>;
  /** Ends it; `trace` is what the detector noticed. Never rejects, and may be called twice. */
  close(): Promise<readonly TraceEntry[]>;
}

export interface CpdPoolStats {
  readonly workers: number;
  readonly openTaps: number;
  /** Of closed taps. */
  readonly packets: PacketCounts;
}

/** @see CpdPool.open */
export class CpdError extends Error {
  readonly code: 'CPD_TOO_MANY_TAPS' | 'CPD_BAD_OPTION' | 'CPD_FAILED' | 'CPD_STOPPED';

  constructor(code: CpdError['code'], message: string) {
    super(message);
    this.name = 'CpdError';
    this.code = code;
  }
}

export class CpdPool implements CallAnalyser {
  readonly #options: Required<Omit<CpdPoolOptions, 'log'>>;
  readonly #log: Log | undefined;
  readonly #threads: Thread[] = [];
  #nextTap = 1;
  #opening = 0;
  #isStopped = false;
  #accepted = 0;
  #refused = 0;

  constructor(options: CpdPoolOptions = {}) {
    const { log, ...rest } = options;
    this.#log = log;
    this.#options = {
      workers: 1,
      host: '127.0.0.1',
      sources: [],
      maxTaps: DEFAULT_MAX_TAPS,
      ...rest,
    };
  }

  /** A pool whose threads are up. @throws CpdError when they do not start */
  static async start(options: CpdPoolOptions = {}): Promise<CpdPool> {
    const pool = new CpdPool(options);
    await Promise.all(
      Array.from({ length: pool.#options.workers }, () => pool.#startThread().isReady),
    );
    return pool;
  }

  /**
   * Opens a socket with a detector behind it.
   * @throws CpdError `CPD_TOO_MANY_TAPS`, `CPD_BAD_OPTION` naming the option, `CPD_STOPPED`, or
   *   `CPD_FAILED` when the socket could not be bound in time
   */
  async open(request: TapRequest): Promise<CpdTap> {
    if (this.#isStopped) throw new CpdError('CPD_STOPPED', 'call progress detection is stopped');
    if (this.#opening + this.stats().openTaps >= this.#options.maxTaps)
      throw new CpdError('CPD_TOO_MANY_TAPS', `${this.#options.maxTaps} calls are being analysed`);
    const options = optionsOf(request);
    this.#opening++;
    try {
      const thread = this.#leastBusyThread();
      await thread.isReady;
      const { host, sources } = this.#options;
      const tap = new Tap(this.#nextTap++, host, thread, (packets) => this.#count(packets));
      await tap.ask({ kind: 'open', tap: tap.number, options, host, sources });
      return tap;
    } finally {
      this.#opening--;
    }
  }

  stats(): CpdPoolStats {
    return {
      workers: this.#threads.length,
      openTaps: this.#threads.reduce((sum, thread) => sum + thread.taps.size, 0),
      packets: { accepted: this.#accepted, refused: this.#refused },
    };
  }

  /** Ends every tap and thread. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#threads.splice(0).map((thread) => thread.stop()));
  }

  #leastBusyThread(): Thread {
    if (this.#threads.length < this.#options.workers) return this.#startThread();
    return this.#threads.reduce((best, thread) =>
      thread.taps.size < best.taps.size ? thread : best,
    );
  }

  #startThread(): Thread {
    const thread = new Thread((reason) => {
      const index = this.#threads.indexOf(thread);
      if (index < 0) return;
      this.#threads.splice(index, 1);
      this.#log?.error({ reason }, 'a call progress detection thread ended');
    });
    this.#threads.push(thread);
    return thread;
  }

  #count(packets: PacketCounts): void {
    this.#accepted += packets.accepted;
    this.#refused += packets.refused;
  }
}

/** One worker thread and the taps on it. */
class Thread {
  readonly taps = new Map<number, Tap>();
  readonly isReady: Promise<void>;
  readonly #worker = new Worker(workerEntry(import.meta.url, './worker'));
  readonly #onGone: (reason: string) => void;
  #isGone = false;

  constructor(onGone: (reason: string) => void) {
    this.#onGone = onGone;
    this.isReady = new Promise((resolve, reject) => {
      this.#worker.once('message', () => resolve());
      this.#worker.once('exit', () =>
        reject(new CpdError('CPD_FAILED', 'the thread ended before it was ready')),
      );
    });
    this.isReady.catch(() => undefined);
    this.#worker.on('message', (message: FromWorker) => {
      if (message.kind !== 'ready') this.taps.get(message.tap)?.receive(message);
    });
    this.#worker.on('error', (error) => this.#end(error.message));
    this.#worker.on('exit', (code) => this.#end(`exit code ${code}`));
  }

  tell(message: ToWorker): void {
    if (!this.#isGone) this.#worker.postMessage(message);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  async stop(): Promise<void> {
    this.#end('stopped');
    await this.#worker.terminate();
  }

  #end(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const tap of [...this.taps.values()]) tap.threadEnded(reason);
    this.taps.clear();
    this.#onGone(reason);
  }
}

type Closed = Extract<FromWorker, { kind: 'closed' }>;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: CpdError) => void;
}

class Tap implements CpdTap {
  readonly number: number;
  readonly host: string;
  readonly #thread: Thread;
  readonly #onClosed: (packets: PacketCounts) => void;
  readonly #early: CpdEvent[] = [];
  #handle: ((event: CpdEvent) => void) | null = null;
  #waiting: Waiting | null = null;
  #port = 0;
  #fork = { port: 0, path: '' };
  readonly #reachedHandles: (() => void)[] = [];
  #hasVerdict = false;
  #closing: Promise<readonly TraceEntry[]> | null = null;
  #resolveClosed: ((answer: Closed | null) => void) | null = null;

  constructor(
    number: number,
    host: string,
    thread: Thread,
    onClosed: (packets: PacketCounts) => void,
  ) {
    this.number = number;
    this.host = host;
    this.#thread = thread;
    this.#onClosed = onClosed;
    thread.taps.set(number, this);
  }

  get port(): number {
    return this.#port;
  }

  get fork(): { readonly port: number; readonly path: string } {
    return this.#fork;
  }

  onReached(handle: () => void): void {
    this.#reachedHandles.push(handle);
  }

  follow(path: string): void {
    this.#thread.tell({ kind: 'follow', tap: this.number, path });
  }

  onEvent(handle: (event: CpdEvent) => void): void {
    this.#handle = handle;
    for (const event of this.#early.splice(0)) handle(event);
  }

  answered(): void {
    this.#thread.tell({ kind: 'answered', tap: this.number });
  }

  async restart(): Promise<{ readonly port: number }> {
    await this.ask({ kind: 'restart', tap: this.number });
    return { port: this.#port };
  }

  close(): Promise<readonly TraceEntry[]> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Sends a message and waits for its answer. @throws CpdError when it fails or takes too long */
  async ask(message: ToWorker): Promise<void> {
    if (this.#thread.isGone) throw new CpdError('CPD_STOPPED', 'its thread has ended');
    if (this.#waiting) throw new CpdError('CPD_FAILED', 'the tap is busy with another request');
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        timer = setTimeout(
          () => reject(new CpdError('CPD_FAILED', `no answer to "${message.kind}" in time`)),
          OPERATION_DEADLINE_MS,
        );
        this.#thread.tell(message);
      });
    } catch (error) {
      if (message.kind === 'open') this.#abandon();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
  }

  receive(message: Exclude<FromWorker, { kind: 'ready' }>): void {
    switch (message.kind) {
      case 'event':
        this.#pass(message.event);
        break;
      case 'bound':
        this.#port = message.port;
        this.#fork = message.fork;
        this.#waiting?.resolve();
        break;
      case 'reached':
        for (const handle of this.#reachedHandles) handle();
        break;
      case 'closed':
        this.#resolveClosed?.(message);
        break;
      case 'failed':
        this.#waiting?.reject(new CpdError('CPD_FAILED', message.message));
        break;
    }
  }

  threadEnded(reason: string): void {
    this.#waiting?.reject(new CpdError('CPD_STOPPED', reason));
    this.#resolveClosed?.(null);
    if (this.#hasVerdict || this.#closing) return;
    const because = `the thread that listened ended: ${reason}`;
    this.#pass({ type: 'verdict', verdict: 'unknown', atMs: 0, reason: because, confidence: 0 });
  }

  async #close(): Promise<readonly TraceEntry[]> {
    this.#waiting?.reject(new CpdError('CPD_STOPPED', 'the tap was closed'));
    if (this.#thread.isGone) return [];
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Closed | null>((resolve) => {
      this.#resolveClosed = resolve;
      timer = setTimeout(() => resolve(null), OPERATION_DEADLINE_MS);
      this.#thread.tell({ kind: 'close', tap: this.number });
    });
    clearTimeout(timer);
    this.#thread.taps.delete(this.number);
    // A thread that is gone, or does not answer, has nothing left to tell.
    if (!answer) return [];
    this.#onClosed(answer.packets);
    return answer.trace;
  }

  #abandon(): void {
    this.#thread.taps.delete(this.number);
    this.#thread.tell({ kind: 'close', tap: this.number });
  }

  #pass(event: CpdEvent): void {
    if (event.type === 'verdict') this.#hasVerdict = true;
    if (this.#closing) return;
    if (this.#handle) this.#handle(event);
    else if (this.#early.length < MAX_EARLY_EVENTS) this.#early.push(event);
  }
}

/** @throws CpdError `CPD_BAD_OPTION` when an option is outside its range */
function optionsOf(request: TapRequest): Partial<CpdOptions> {
  const { id: _id, postConnectTimeoutMs, silenceTimeoutMs, ...given } = request;
  const timeouts =
    postConnectTimeoutMs === undefined
      ? {}
      : {
          silenceTimeoutMs: clamp(silenceTimeoutMs ?? postConnectTimeoutMs, 500, 60_000),
          decisionTimeoutMs: clamp(postConnectTimeoutMs, 1000, 60_000),
        };
  try {
    const own = postConnectTimeoutMs === undefined && silenceTimeoutMs !== undefined;
    const silence = own ? { silenceTimeoutMs } : {};
    return resolveOptions({ ...timeouts, ...silence, ...given, sampleRateHz: 8000 });
  } catch (error) {
    throw new CpdError('CPD_BAD_OPTION', error instanceof Error ? error.message : String(error));
  }
}

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));
