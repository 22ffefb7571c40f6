/** The main thread's side of a worker thread that listens, and of the taps on it. */
import { Worker } from 'node:worker_threads';
import type { CpdEvent } from '../../cpd/types.js';
import type { CallAnalysis } from '../../ports.js';
import { workerEntry } from '../../worker-entry.js';
import type { FromWorker, ToWorker } from './messages.js';
import { CpdError } from './tap-options.js';

const OPERATION_DEADLINE_MS = 5000;
const STOP_DEADLINE_MS = 3000;
/** Events kept for a handler that has not been set yet. */
const MAX_EARLY_EVENTS = 100;

/** The detector listening to one call. */
export interface CpdTap extends CallAnalysis {
  readonly fork: { readonly port: number; readonly path: string };
  /** Never rejects, and may be called twice. */
  close(): Promise<void>;
}

/** One worker thread and the taps on it. */
export class Thread {
  readonly taps = new Map<number, Tap>();
  readonly isReady: Promise<void>;
  readonly #worker = new Worker(workerEntry(import.meta.url, './worker'));
  readonly #onGone: (reason: string) => void;
  readonly #onRecordingFailed: (why: string) => void;
  #isGone = false;

  constructor(onGone: (reason: string) => void, onRecordingFailed: (why: string) => void) {
    this.#onGone = onGone;
    this.#onRecordingFailed = onRecordingFailed;
    this.isReady = new Promise((resolve, reject) => {
      this.#worker.once('message', () => resolve());
      this.#worker.once('exit', () =>
        reject(new CpdError('CPD_FAILED', 'the thread ended before it was ready')),
      );
    });
    this.isReady.catch(() => undefined);
    this.#worker.on('message', (message: FromWorker) => {
      if (message.kind === 'recording-failed') this.#onRecordingFailed(message.message);
      else if (message.kind !== 'ready') this.taps.get(message.tap)?.receive(message);
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

  /** Lets the thread write what it has to write, and ends it. */
  async stop(): Promise<void> {
    const hasExited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.tell({ kind: 'stop' });
    const wasGone = this.#isGone;
    this.#end('stopped');
    let timer: NodeJS.Timeout | undefined;
    const isTooLate = new Promise((resolve) => (timer = setTimeout(resolve, STOP_DEADLINE_MS)));
    if (!wasGone) await Promise.race([hasExited, isTooLate]);
    clearTimeout(timer);
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

export type Closed = Extract<FromWorker, { kind: 'closed' }>;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: CpdError) => void;
}

export class Tap implements CpdTap {
  readonly number: number;
  readonly host: string;
  readonly #thread: Thread;
  readonly #onClosed: (closed: Closed) => void;
  readonly #early: CpdEvent[] = [];
  #handle: ((event: CpdEvent) => void) | null = null;
  #waiting: Waiting | null = null;
  #port = 0;
  #fork = { port: 0, path: '' };
  readonly #reachedHandles: (() => void)[] = [];
  #hasVerdict = false;
  #closing: Promise<void> | null = null;
  #resolveClosed: ((answer: Closed | null) => void) | null = null;

  constructor(number: number, host: string, thread: Thread, onClosed: (closed: Closed) => void) {
    this.number = number;
    this.host = host;
    this.#thread = thread;
    this.#onClosed = onClosed;
    thread.taps.set(number, this);
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

  async openPort(): Promise<number> {
    await this.ask({ kind: 'listen', tap: this.number });
    return this.#port;
  }

  close(): Promise<void> {
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

  receive(message: Exclude<FromWorker, { kind: 'ready' | 'recording-failed' }>): void {
    switch (message.kind) {
      case 'event':
        this.#pass(message.event);
        break;
      case 'opened':
        this.#fork = message.fork;
        this.#waiting?.resolve();
        break;
      case 'listening':
        this.#port = message.port;
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

  async #close(): Promise<void> {
    this.#waiting?.reject(new CpdError('CPD_STOPPED', 'the tap was closed'));
    if (this.#thread.isGone) return;
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Closed | null>((resolve) => {
      this.#resolveClosed = resolve;
      timer = setTimeout(() => resolve(null), OPERATION_DEADLINE_MS);
      this.#thread.tell({ kind: 'close', tap: this.number });
    });
    clearTimeout(timer);
    this.#thread.taps.delete(this.number);
    // A thread that is gone, or does not answer, has nothing left to tell.
    if (answer) this.#onClosed(answer);
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
