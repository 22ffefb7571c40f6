/**
 * Plugin sessions beside the main thread: a few threads with many sessions each. Only messages cross.
 * A script that runs away holds up its own thread for the time its limits allow, never this one; a
 * thread that does not answer for longer is killed, its sessions end with `SCXML_WORKER_LOST`, and
 * the next session gets a new thread.
 */
import type { Clock, Log } from '../../../ports.js';
import type { Limits } from '../limits.js';
import type { ScxmlEvent } from '../session/event.js';
import type {
  FetchOutcome,
  FetchRequest,
  HttpMessage,
  PostOutcome,
  SessionEnd,
  SessionObserver,
} from '../session/host.js';
import type { StartRequest } from '../session/runtime.js';
import type { FromThread, ThreadPort, ThreadSetup } from './messages.js';
import { ThreadRoster } from './thread-roster.js';

const PING_INTERVAL_MS = 1000;
/** Twice the longest macrostep: whoever is silent for so long is not coming back. */
const UNANSWERED_PINGS_MAX = 10;
const DEFAULT_MAX_SESSIONS = 5000;
const DEFAULT_ENGINES_PER_THREAD = 4;
const SPARE_ENGINES_PER_THREAD = 4;
const HOLD_UPS: ReadonlySet<string> = new Set([
  'SCXML_SCRIPT_TOO_LONG',
  'SCXML_MACROSTEP_TOO_LONG',
]);

/** What sessions get from the outside; all of it runs in the main thread and always settles. */
export interface PoolHost {
  fetch(request: FetchRequest): Promise<FetchOutcome>;
  post(message: HttpMessage & { readonly sessionId: string }): Promise<PostOutcome>;
}

export interface PoolOptions {
  readonly newThread: () => ThreadPort;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly host: PoolHost;
  /** 1..16, default 1. */
  readonly threads?: number;
  /** Sessions alive at once, over all threads. */
  readonly maxSessions?: number;
  readonly limits?: Partial<Limits>;
  /** In front of a session's id: where the Basic HTTP processor reaches it. Default: not offered. */
  readonly httpBase?: string | (() => string);
  readonly log?: Log;
}

export type PoolStart = Pick<
  StartRequest,
  'document' | 'params' | 'facts' | 'sessionId' | 'observer'
>;

/** A session in a thread, from the request to start it. */
export interface PooledSession {
  readonly id: string;
  /** Settles once, whatever happens. */
  readonly ended: Promise<SessionEnd>;
  /** After the end it does nothing. */
  send(event: ScxmlEvent): void;
  /** Ends it, running its onexit handlers; `ended` follows. */
  terminate(): void;
}

export class ScxmlPool {
  readonly #options: PoolOptions;
  readonly #roster: ThreadRoster<Thread>;
  #isStopped = false;
  #sessions = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { clock, log, threads = 1 } = options;
    this.#roster = new ThreadRoster({
      newThread: (onGone, onHoldUp) => new Thread(options, onGone, onHoldUp),
      threads,
      what: 'plugin',
      clock,
      log,
    });
  }

  /** A pool whose threads are up, so that the first session starts as fast as any. */
  static async start(options: PoolOptions): Promise<ScxmlPool> {
    const pool = new ScxmlPool(options);
    await pool.warm();
    return pool;
  }

  /** Starts the threads that are missing; without it each starts when a session needs it. */
  warm(): Promise<void> {
    return this.#roster.warm();
  }

  /** Starts a session; every failure is an end, nothing is thrown. */
  start(start: PoolStart): PooledSession {
    const id = start.sessionId ?? this.#options.newId();
    const max = this.#options.maxSessions ?? DEFAULT_MAX_SESSIONS;
    if (this.#isStopped)
      return endedSession(id, start.observer, {
        kind: 'failed',
        code: 'SCXML_STOPPED',
        message: 'plugin sessions are stopped',
      });
    if (this.#sessions >= max)
      return endedSession(id, start.observer, {
        kind: 'limit',
        code: 'SCXML_TOO_MANY_SESSIONS',
        message: `${max} sessions are running`,
      });
    this.#sessions++;
    const { thread, leave } = this.#roster.enter(pageOf(start));
    return thread.start(id, start, () => {
      this.#sessions--;
      leave();
    });
  }

  stats(): { readonly threads: number; readonly sessions: number } {
    return { threads: this.#roster.size, sessions: this.#sessions };
  }

  /** Ends every session and thread. May be called twice. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#roster.stop();
  }
}

/** One thread and the sessions on it. */
class Thread {
  readonly isReady: Promise<void>;
  readonly #options: PoolOptions;
  readonly #port: ThreadPort;
  readonly #onGone: (why: string) => void;
  readonly #onHoldUp: (page: string) => void;
  readonly #running = new Map<number, Running>();
  /** Whose turn it is. */
  readonly #turn = new Int32Array(new SharedArrayBuffer(4));
  #next = 1;
  #isGone = false;
  /** Counted, not timed: when this thread itself was held up, no thread is to blame. */
  #unanswered = 0;
  #stopTimer: () => void = () => undefined;

  /** @param onHoldUp which page has kept the others waiting */
  constructor(
    options: PoolOptions,
    onGone: (why: string) => void,
    onHoldUp: (page: string) => void,
  ) {
    this.#options = options;
    this.#onGone = onGone;
    this.#onHoldUp = onHoldUp;
    this.#port = options.newThread();
    let markReady: () => void = () => undefined;
    this.isReady = new Promise((resolve) => (markReady = resolve));
    this.#port.onMessage((message) => {
      this.#unanswered = 0;
      if (message.kind === 'ready') markReady();
      else this.#receive(message);
    });
    this.#port.onGone((why) => {
      markReady();
      this.#end(why);
    });
    this.#port.post({ kind: 'setup', setup: setupOf(options, this.#turn) });
    this.#watch();
  }

  get isSlow(): boolean {
    return this.#unanswered > 1;
  }

  start(id: string, start: PoolStart, onEnded: () => void): PooledSession {
    const session = this.#next++;
    const { document, params, facts, observer } = start;
    const running = new Running(observer, pageOf(start), (end) => {
      this.#running.delete(session);
      if (isHoldUp(end)) this.#onHoldUp(running.page);
      onEnded();
    });
    this.#running.set(session, running);
    const isTraced = observer.log !== undefined || observer.step !== undefined;
    this.#port.post({
      kind: 'start',
      session,
      start: { document, params, facts, sessionId: id, isTraced, httpBase: this.#httpBase() },
    });
    return {
      id,
      ended: running.ended,
      send: (event) => this.#tell(running, { kind: 'event', session, event }),
      terminate: () => this.#tell(running, { kind: 'terminate', session }),
    };
  }

  #httpBase(): string | null {
    const { httpBase = null } = this.#options;
    return typeof httpBase === 'function' ? httpBase() : httpBase;
  }

  async stop(): Promise<void> {
    this.#end('stopped', 'SCXML_STOPPED');
    await this.#port.kill();
  }

  #tell(running: Running, message: Parameters<ThreadPort['post']>[0]): void {
    if (!running.hasEnded && !this.#isGone) this.#port.post(message);
  }

  #receive(message: Exclude<FromThread, { kind: 'ready' }>): void {
    switch (message.kind) {
      case 'pong':
        break;
      case 'log':
        this.#running.get(message.session)?.observer.log?.(message.entry);
        break;
      case 'trouble':
        this.#running.get(message.session)?.observer.trouble?.(message.entry);
        break;
      case 'step':
        this.#running.get(message.session)?.observer.step?.(message.entry);
        break;
      case 'request':
        this.#running.get(message.session)?.observer.request?.(message.asked);
        break;
      case 'ended':
        this.#running.get(message.session)?.end(message.end);
        break;
      case 'fetch':
        void this.#fetch(message.request, message.wanted);
        break;
      case 'post':
        void this.#post(message.request, message.message);
        break;
    }
  }

  async #fetch(request: number, wanted: FetchRequest): Promise<void> {
    const outcome = await this.#options.host.fetch(wanted);
    if (!this.#isGone) this.#port.post({ kind: 'fetched', request, outcome });
  }

  async #post(
    request: number,
    message: HttpMessage & { readonly sessionId: string },
  ): Promise<void> {
    const outcome = await this.#options.host.post(message);
    if (!this.#isGone) this.#port.post({ kind: 'posted', request, outcome });
  }

  #watch(): void {
    const { clock } = this.#options;
    this.#stopTimer = clock.after(PING_INTERVAL_MS, () => {
      if (this.#isGone) return;
      if (++this.#unanswered > UNANSWERED_PINGS_MAX) {
        const holding = this.#running.get(Atomics.load(this.#turn, 0));
        if (holding) this.#onHoldUp(holding.page);
        this.#end(`no answer to ${UNANSWERED_PINGS_MAX} pings`);
        void this.#port.kill();
        return;
      }
      this.#port.post({ kind: 'ping' });
      this.#watch();
    });
  }

  #end(why: string, code: 'SCXML_WORKER_LOST' | 'SCXML_STOPPED' = 'SCXML_WORKER_LOST'): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#stopTimer();
    for (const running of [...this.#running.values()])
      running.end({ kind: 'failed', code, message: `the thread of the session ended: ${why}` });
    this.#onGone(why);
  }
}

class Running {
  readonly observer: SessionObserver;
  readonly page: string;
  readonly ended: Promise<SessionEnd>;
  readonly #onEnded: (end: SessionEnd) => void;
  #resolve: (end: SessionEnd) => void = () => undefined;
  #hasEnded = false;

  constructor(observer: SessionObserver, page: string, onEnded: (end: SessionEnd) => void) {
    this.observer = observer;
    this.page = page;
    this.#onEnded = onEnded;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(end: SessionEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnded(end);
    this.#resolve(end);
    this.observer.ended?.(end);
  }
}

function endedSession(id: string, observer: SessionObserver, end: SessionEnd): PooledSession {
  const running = new Running(observer, '', () => undefined);
  running.end(end);
  return { id, ended: running.ended, send: () => undefined, terminate: () => undefined };
}

/** What a page is known by. */
function pageOf({ document }: Pick<PoolStart, 'document'>): string {
  return document.kind === 'url' ? document.url : document.file;
}

/** Whether this session has kept the others of its thread waiting. */
function isHoldUp(end: SessionEnd): boolean {
  return end.kind === 'limit' && HOLD_UPS.has(end.code);
}

function setupOf({ limits, maxSessions }: PoolOptions, turn: Int32Array): ThreadSetup {
  return {
    turn,
    limits: limits ?? {},
    maxSessions: maxSessions ?? DEFAULT_MAX_SESSIONS,
    engines: DEFAULT_ENGINES_PER_THREAD,
    spareEngines: SPARE_ENGINES_PER_THREAD,
  };
}
