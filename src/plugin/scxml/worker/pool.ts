/**
 * Plugin sessions beside the main thread: a few threads with many sessions each. Only messages cross.
 * A script that runs away holds up its own thread for the time its limits allow, never this one; a
 * thread that does not answer for longer is killed, its sessions end with `SCXML_WORKER_LOST`, and
 * the next session gets a new thread.
 */
import type { Clock, Log } from '../../../ports.js';
import type { Limits } from '../limits.js';
import type {
  FetchOutcome,
  FetchRequest,
  HttpMessage,
  PostOutcome,
  SessionEnd,
} from '../session/host.js';
import type { StartRequest } from '../session/runtime.js';
import type { FromThread, ThreadPort, ThreadSetup, ToThread } from './messages.js';
import { PoolThread } from './pool-thread.js';
import { RunningSession, type PooledSession } from './running-session.js';
import { TextDigests } from './text-digests.js';
import { ThreadRoster, type ThreadNews } from './thread-roster.js';

const DEFAULT_MAX_SESSIONS = 5000;
const DEFAULT_ENGINES_PER_THREAD = 4;
const SPARE_ENGINES_PER_THREAD = 4;
const HOLD_UPS: ReadonlySet<string> = new Set([
  'SCXML_SCRIPT_TOO_LONG',
  'SCXML_MACROSTEP_TOO_LONG',
  'SCXML_TOO_BUSY',
]);

const STOPPED: SessionEnd = {
  kind: 'failed',
  code: 'SCXML_STOPPED',
  message: 'plugin sessions are stopped',
};

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
  /** One for each page that has come to its end before, but not more than this. Default: `threads`. */
  readonly threadsMax?: number;
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

/** A start whose page is here. */
type SourceStart = PoolStart & { readonly document: { readonly kind: 'source' } };

export class ScxmlPool {
  readonly #options: PoolOptions;
  readonly #roster: ThreadRoster<PluginThread>;
  /** Sessions whose page is being fetched. */
  readonly #coming = new Set<RunningSession>();
  readonly #digests = new TextDigests();
  #isStopped = false;
  #sessions = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { clock, log, threads = 1, threadsMax } = options;
    this.#roster = new ThreadRoster({
      newThread: (news) => new PluginThread(options, news),
      threads,
      threadsMax,
      what: 'plugin',
      clock,
      log,
    });
  }

  /** Starts the threads that are missing; without it each starts when a session needs it. */
  warm(): Promise<void> {
    return this.#roster.warm();
  }

  /** Starts a session; every failure is an end, nothing is thrown. */
  start(start: PoolStart): PooledSession {
    const id = start.sessionId ?? this.#options.newId();
    const max = this.#options.maxSessions ?? DEFAULT_MAX_SESSIONS;
    const running = new RunningSession(id, start.observer, pageOf(start), () => this.#sessions--);
    this.#sessions++;
    if (this.#isStopped) running.end(STOPPED);
    else if (this.#sessions > max)
      running.end({
        kind: 'limit',
        code: 'SCXML_TOO_MANY_SESSIONS',
        message: `${max} sessions are running`,
      });
    else if (isSource(start)) this.#seat(running, start);
    else void this.#fetchAndSeat(running, start);
    return running;
  }

  stats(): { readonly threads: number; readonly sessions: number } {
    return { threads: this.#roster.size, sessions: this.#sessions };
  }

  /** Ends every session and thread. May be called twice. */
  stop(): Promise<void> {
    this.#isStopped = true;
    for (const running of this.#coming) running.end(STOPPED);
    return this.#roster.stop();
  }

  /** The page is looked at before its thread is chosen: it may not be the one that was there last time. */
  async #fetchAndSeat(running: RunningSession, start: PoolStart): Promise<void> {
    const { id, page } = running;
    this.#coming.add(running);
    const outcome = await this.#options.host.fetch({ sessionId: id, reference: page, base: page });
    this.#coming.delete(running);
    if (running.hasEnded) return;
    if (outcome.kind === 'failed') {
      const message = `${page}: ${outcome.why}`;
      return running.end({ kind: 'refused', code: 'SCXML_FETCH_FAILED', message, at: undefined });
    }
    const { text, url } = outcome;
    this.#seat(running, { ...start, document: { kind: 'source', text, file: url } });
  }

  #seat(running: RunningSession, start: SourceStart): void {
    const { thread, leave } = this.#roster.enter(
      running.page,
      this.#digests.of(start.document.text),
    );
    thread.start(running, start);
    void running.ended.then(({ kind }) => leave(kind === 'final' || kind === 'terminated'));
  }
}

class PluginThread extends PoolThread<ToThread, readonly FromThread[], RunningSession> {
  readonly #options: PoolOptions;

  constructor(options: PoolOptions, news: ThreadNews) {
    super(options, news);
    this.#options = options;
    this.tell({ kind: 'setup', setup: setupOf(options, this.turn) });
  }

  start(running: RunningSession, { document, params, facts, observer }: SourceStart): void {
    const session = this.newNumber();
    this.add(session, running);
    const start = {
      document,
      params,
      facts,
      sessionId: running.id,
      httpBase: this.#httpBase(),
      hears: {
        log: observer.log !== undefined,
        step: observer.step !== undefined,
        trouble: observer.trouble !== undefined,
      },
    };
    this.tell({ kind: 'start', session, start });
    running.seat({
      send: (event) => this.tell({ kind: 'event', session, event }),
      terminate: () => this.tell({ kind: 'terminate', session }),
    });
  }

  #httpBase(): string | null {
    const { httpBase = null } = this.#options;
    return typeof httpBase === 'function' ? httpBase() : httpBase;
  }

  protected receive(messages: readonly FromThread[]): void {
    for (const message of messages) this.#act(message);
  }

  protected end(running: RunningSession, how: 'lost' | 'stopped', message: string): void {
    const code = how === 'lost' ? 'SCXML_WORKER_LOST' : 'SCXML_STOPPED';
    running.end({ kind: 'failed', code, message });
  }

  #act(message: FromThread): void {
    switch (message.kind) {
      case 'ready':
        this.up();
        break;
      case 'pong':
        break;
      case 'log':
        this.find(message.session)?.observer.log?.(message.entry);
        break;
      case 'trouble':
        this.find(message.session)?.observer.trouble?.(message.entry);
        break;
      case 'step':
        this.find(message.session)?.observer.step?.(message.entry);
        break;
      case 'request':
        this.find(message.session)?.observer.request?.(message.asked);
        break;
      case 'ended':
        this.#onEnded(message.session, message.end);
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
    this.tell({ kind: 'fetched', request, outcome });
  }

  async #post(
    request: number,
    message: HttpMessage & { readonly sessionId: string },
  ): Promise<void> {
    const outcome = await this.#options.host.post(message);
    this.tell({ kind: 'posted', request, outcome });
  }

  #onEnded(session: number, end: SessionEnd): void {
    const running = this.find(session);
    this.remove(session, isHoldUp(end));
    running?.end(end);
  }
}

/** What a page is known by. */
function pageOf({ document }: Pick<PoolStart, 'document'>): string {
  return document.kind === 'url' ? document.url : document.file;
}

function isSource(start: PoolStart): start is SourceStart {
  return start.document.kind === 'source';
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
