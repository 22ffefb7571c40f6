/**
 * Call progress detection beside the main thread: a few worker threads that bind the sockets of the
 * audio taps themselves. This side opens and closes taps and passes events on.
 *
 * It never leaves a caller waiting: an operation has a deadline, and when a thread dies, every tap on
 * it that had no verdict gets "unknown", and the next tap gets a new thread.
 */
import type { Calibration } from '../../cpd/calibration.js';
import type { Profile } from '../../cpd/options.js';
import type { CallAnalyser, Log } from '../../ports.js';
import type { Judgement, ListenerRequest, RecordingRequest } from './call-listener.js';
import { purgeRecordings, recordingName } from './call-recorder.js';
import { Tap, Thread, type Closed, type CpdTap } from './cpd-thread.js';
import type { PacketCounts } from './messages.js';
import { CpdError, optionsOf, type TapRequest } from './tap-options.js';

export type { CpdTap } from './cpd-thread.js';
export { CpdError, type TapRequest } from './tap-options.js';

const PURGE_EVERY_MS = 3_600_000;
const DEFAULT_MAX_TAPS = 2000;

export interface CpdPoolOptions {
  /** Threads. Default 1, which is good for several hundred calls. 1..16 */
  readonly workers?: number;
  /** Address the taps' sockets are bound to. Default 127.0.0.1. */
  readonly host?: string;
  /** Addresses that may send audio. Default: loopback only. */
  readonly sources?: readonly string[];
  /** Open taps above this are refused. */
  readonly maxTaps?: number;
  /** Timing that the site found for itself, by profile. */
  readonly calibration?: Calibration;
  /** Profiles that listen beside the live one; each costs as much CPU as that one. */
  readonly shadowProfiles?: readonly Profile[];
  /** Keeps the beginning of calls. Absent: nothing is kept. */
  readonly recorder?: RecorderOptions;
  readonly log?: Log;
}

/** Recordings of people: turned on by the operator, and purged. */
export interface RecorderOptions {
  /** Absolute. */
  readonly directory: string;
  /** So much of each call. 1..3600 */
  readonly seconds: number;
  /** Files older than this are removed, at the start and every hour. 1..3650 */
  readonly retentionDays: number;
  /** Services whose calls are kept; empty: all. */
  readonly services: readonly string[];
}

export interface CpdPoolStats {
  readonly workers: number;
  readonly openTaps: number;
  /** Of closed taps. */
  readonly packets: PacketCounts;
  /** By shadow profile: calls it was compared on, and those where it would have decided otherwise. */
  readonly shadows: Readonly<
    Record<string, { readonly compared: number; readonly disagreed: number }>
  >;
}

export class CpdPool implements CallAnalyser {
  readonly #options: Required<Omit<CpdPoolOptions, 'log' | 'recorder' | 'calibration'>>;
  readonly #recorder: RecorderOptions | undefined;
  readonly #calibration: Calibration | undefined;
  readonly #shadowCounts: Record<string, { compared: number; disagreed: number }> = {};
  readonly #purging: NodeJS.Timeout | undefined;
  readonly #log: Log | undefined;
  readonly #threads: Thread[] = [];
  #nextTap = 1;
  #opening = 0;
  #isStopped = false;
  #accepted = 0;
  #refused = 0;

  constructor(options: CpdPoolOptions = {}) {
    const { log, recorder, calibration, ...rest } = options;
    this.#log = log;
    this.#recorder = recorder;
    this.#calibration = calibration;
    this.#options = {
      workers: 1,
      host: '127.0.0.1',
      sources: [],
      maxTaps: DEFAULT_MAX_TAPS,
      shadowProfiles: [],
      ...rest,
    };
    if (!recorder) return;
    this.#purge(recorder);
    this.#purging = setInterval(() => this.#purge(recorder), PURGE_EVERY_MS).unref();
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
    const listener = this.#listenerRequest(request);
    this.#opening++;
    try {
      const thread = this.#leastBusyThread();
      await thread.isReady;
      const { host, sources } = this.#options;
      const tap = new Tap(this.#nextTap++, host, thread, (closed) =>
        this.#count(request.id, closed),
      );
      await tap.ask({ kind: 'open', tap: tap.number, listener, host, sources });
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
      shadows: structuredClone(this.#shadowCounts),
    };
  }

  /** Ends every tap and thread. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#purging);
    await Promise.all(this.#threads.splice(0).map((thread) => thread.stop()));
  }

  #leastBusyThread(): Thread {
    if (this.#threads.length < this.#options.workers) return this.#startThread();
    return this.#threads.reduce((best, thread) =>
      thread.taps.size < best.taps.size ? thread : best,
    );
  }

  #startThread(): Thread {
    const thread = new Thread(
      (reason) => {
        const index = this.#threads.indexOf(thread);
        if (index < 0) return;
        this.#threads.splice(index, 1);
        this.#log?.error({ reason }, 'a call progress detection thread ended');
      },
      (why) => this.#log?.warn({ why }, 'the recording of a call could not be written'),
    );
    this.#threads.push(thread);
    return thread;
  }

  #listenerRequest(request: TapRequest): ListenerRequest {
    const options = optionsOf(request, this.#calibration);
    const shadows = this.#options.shadowProfiles
      .filter((profile) => profile !== options.profile)
      // What the call says of timing is meant for its own profile.
      .map((profile) => optionsOf({ ...request, timing: {}, profile }, this.#calibration));
    return { options, shadows, recording: this.#recordingOf(request) };
  }

  #recordingOf({ id, service }: TapRequest): RecordingRequest | undefined {
    const recorder = this.#recorder;
    if (!recorder) return undefined;
    const { services, directory, seconds } = recorder;
    if (services.length > 0 && !services.includes(service ?? '')) return undefined;
    const startedAt = new Date();
    const name = recordingName(startedAt, id);
    return { directory, name, seconds, callId: id, service, startedAt: startedAt.toISOString() };
  }

  #purge({ directory, retentionDays }: RecorderOptions): void {
    void purgeRecordings(directory, retentionDays, Date.now()).then((removed) => {
      if (removed > 0) this.#log?.info({ removed, directory }, 'old recordings were removed');
    });
  }

  #count(callId: string, { packets, judgements }: Closed): void {
    this.#accepted += packets.accepted;
    this.#refused += packets.refused;
    const [live, ...shadows] = judgements;
    // A call that nobody answered was not judged by any of them.
    if (!live || live.first === null) return;
    for (const shadow of shadows) this.#compare(callId, live, shadow);
  }

  #compare(callId: string, live: Judgement, shadow: Judgement): void {
    const counts = (this.#shadowCounts[shadow.profile] ??= { compared: 0, disagreed: 0 });
    counts.compared++;
    if (live.first === shadow.first && live.final === shadow.final) return;
    counts.disagreed++;
    this.#log?.info({ callId, live, shadow }, 'a shadow profile would have decided otherwise');
  }
}
