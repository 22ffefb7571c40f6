/**
 * Page sessions beside the main thread: a few threads with many sessions each. Only messages cross. A
 * page that runs away holds up its own thread for the time its limits allow, never this one; a thread
 * that does not answer for longer is killed, and its sessions end with `VXML_WORKER_LOST`.
 */
import { PoolThread } from '../../plugin/scxml/worker/pool-thread.js';
import { ThreadRoster, type ThreadNews } from '../../plugin/scxml/worker/thread-roster.js';
import type { Clock, Log } from '../../ports.js';
import type { PageLimits } from '../limits.js';
import type { Line } from '../line/line.js';
import type { Answer, FromThread, Order, PooledEnd, ThreadPort, ToThread } from './messages.js';

const DEFAULT_MAX_SESSIONS = 2000;
const ENGINES_PER_THREAD = 4;
const SPARE_ENGINES_PER_THREAD = 4;
const HOLD_UPS: ReadonlySet<string> = new Set(['VXML_SCRIPT_TOO_LONG', 'VXML_TOO_BUSY']);

export interface PagePoolOptions {
  readonly newThread: () => ThreadPort;
  readonly clock: Clock;
  /** 1..16, default 1. */
  readonly threads?: number;
  /** One for each page that has come to its end before, but not more than this. Default: `threads`. */
  readonly threadsMax?: number;
  /** Sessions alive at once, over all threads. */
  readonly maxSessions?: number;
  readonly limits?: Partial<PageLimits>;
  readonly log?: Log | undefined;
}

export interface PageStart {
  readonly url: string;
  /** Variables of the session, as JSON text by name. */
  readonly variables: Readonly<Record<string, string>>;
  readonly line: Line;
}

export interface PooledPage {
  /** Settles once, whatever happens. */
  readonly ended: Promise<PooledEnd>;
  /** Takes its line away: it ends now, whatever the page is at. */
  stop(): void;
}

export class PagePool {
  readonly #options: PagePoolOptions;
  readonly #roster: ThreadRoster<PageThread>;
  #isStopped = false;
  #sessions = 0;

  constructor(options: PagePoolOptions) {
    this.#options = options;
    const { clock, log, threads = 1, threadsMax } = options;
    this.#roster = new ThreadRoster({
      newThread: (news) => new PageThread(options, news),
      threads,
      threadsMax,
      what: 'VoiceXML',
      clock,
      log,
    });
  }

  /** Resolves when all threads are up, so that the first page starts as fast as any. */
  warmUp(): Promise<void> {
    return this.#roster.warm();
  }

  get sessions(): number {
    return this.#sessions;
  }

  /** Starts a page; every failure is an end, nothing is thrown. */
  start(start: PageStart): PooledPage {
    const max = this.#options.maxSessions ?? DEFAULT_MAX_SESSIONS;
    if (this.#isStopped) return endedPage('VXML_STOPPED', 'pages are stopped');
    if (this.#sessions >= max) {
      return endedPage('VXML_TOO_MANY_SESSIONS', `${max} pages are running`);
    }
    this.#sessions++;
    const { thread, leave } = this.#roster.enter(start.url);
    const page = thread.start(start);
    void page.ended.then(({ kind }) => {
      this.#sessions--;
      leave(kind === 'exited' || kind === 'uncaught');
    });
    return page;
  }

  /** Ends every page and thread. May be called twice. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#roster.stop();
  }
}

class PageThread extends PoolThread<ToThread, FromThread, RunningPage> {
  constructor(options: PagePoolOptions, news: ThreadNews) {
    super(options, news);
    this.tell({
      kind: 'setup',
      setup: {
        limits: options.limits ?? {},
        engines: ENGINES_PER_THREAD,
        spareEngines: SPARE_ENGINES_PER_THREAD,
        turn: this.turn,
      },
    });
  }

  start({ url, variables, line }: PageStart): PooledPage {
    const session = this.newNumber();
    const page = new RunningPage(session, url, line, (message) => this.tell(message));
    this.add(session, page);
    this.tell({ kind: 'start', session, request: { url, variables } });
    page.listen();
    return { ended: page.ended, stop: () => page.stop() };
  }

  protected receive(message: FromThread): void {
    if (message.kind === 'ready') return this.up();
    if (message.kind === 'pong') return;
    this.find(message.session)?.receive(message);
    if (message.kind === 'ended') this.remove(message.session, isHoldUp(message.end));
  }

  protected end(page: RunningPage, how: 'lost' | 'stopped', message: string): void {
    const code = how === 'lost' ? 'VXML_WORKER_LOST' : 'VXML_STOPPED';
    page.end({ kind: 'failed', code, message });
  }
}

/** A page as this side sees it: its orders are carried out on its line. */
class RunningPage {
  readonly page: string;
  readonly ended: Promise<PooledEnd>;
  readonly #session: number;
  readonly #line: Line;
  readonly #post: (message: ToThread) => void;
  /** Sounds, recordings and transfers that go on, by their orders. */
  readonly #running = new Map<number, { stop(): void }>();
  #stopAwaiting: () => void = () => undefined;
  #resolve: (end: PooledEnd) => void = () => undefined;
  #isOver = false;

  constructor(session: number, page: string, line: Line, post: (message: ToThread) => void) {
    this.page = page;
    this.#session = session;
    this.#line = line;
    this.#post = post;
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
  }

  listen(): void {
    const session = this.#session;
    this.#line.onDigit((digit) => this.#tell({ kind: 'digit', session, digit }));
    this.#line.onHangUp(() => this.#tell({ kind: 'hung-up', session }));
  }

  receive(message: Exclude<FromThread, { kind: 'ready' | 'pong' }>): void {
    if (message.kind === 'ended') return this.end(message.end);
    if (message.kind === 'order') {
      void this.#carryOut(message.order, message.what);
      return;
    }
    if (this.#isOver) return;
    switch (message.kind) {
      case 'stop':
        this.#running.get(message.order)?.stop();
        break;
      case 'await':
        this.#stopAwaiting();
        this.#stopAwaiting =
          message.maxMs === undefined ? () => undefined : this.#line.awaitCaller(message.maxMs);
        break;
      case 'log':
        this.#line.log(message.label, message.text);
        break;
      case 'trace':
        this.#line.trace(message.what, message.detail);
        break;
    }
  }

  /** The thread goes on without a line until its page is through; nobody hears of it. */
  stop(): void {
    const session = this.#session;
    this.#post({ kind: 'hung-up', session });
    this.end({ kind: 'failed', code: 'VXML_STOPPED', message: 'the page was stopped' });
  }

  end(end: PooledEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopAwaiting();
    for (const one of this.#running.values()) one.stop();
    this.#resolve(end);
  }

  async #carryOut(order: number, what: Order): Promise<void> {
    const answer = this.#isOver ? refusalOf(what) : await this.#perform(order, what);
    this.#running.delete(order);
    this.#post({ kind: 'answer', session: this.#session, order, answer });
  }

  async #perform(order: number, what: Order): Promise<Answer> {
    const line = this.#line;
    switch (what.kind) {
      case 'play': {
        const session = this.#session;
        const { parts, stopsAtKey } = what;
        const onMark = (name: string): void => this.#tell({ kind: 'mark', session, order, name });
        const sound = line.play(parts, { onMark, stopsAtKey });
        this.#running.set(order, sound);
        return { kind: 'play', end: await sound.done };
      }
      case 'record': {
        const recording = line.record(what.order);
        this.#running.set(order, recording);
        return { kind: 'record', end: await recording.done };
      }
      case 'transfer': {
        const transfer = line.transfer(what.order);
        this.#running.set(order, transfer);
        return { kind: 'transfer', end: await transfer.done };
      }
      case 'hang-up':
        await line.hangUp();
        return { kind: 'hang-up' };
      case 'fetch':
        return { kind: 'fetch', end: await line.fetch(what.request) };
      case 'rest':
        return { kind: 'rest' };
    }
  }

  #tell(message: ToThread): void {
    if (!this.#isOver) this.#post(message);
  }
}

/** Whether this page has kept the others of its thread waiting. */
function isHoldUp(end: PooledEnd): boolean {
  return end.kind === 'limit' && HOLD_UPS.has(end.code);
}

/** For a page whose line was taken away: it comes to its end without it. */
function refusalOf({ kind }: Order): Answer {
  const why = 'the page was stopped';
  switch (kind) {
    case 'play':
      return { kind, end: { kind: 'stopped' } };
    case 'record':
      return { kind, end: { kind: 'noinput' } };
    case 'transfer':
      return { kind, end: { kind: 'failed', event: 'error.connection', why } };
    case 'fetch':
      return { kind, end: { kind: 'failed', suffix: '', why } };
    case 'hang-up':
    case 'rest':
      return { kind };
  }
}

function endedPage(code: 'VXML_STOPPED' | 'VXML_TOO_MANY_SESSIONS', message: string): PooledPage {
  return {
    ended: Promise.resolve({ kind: 'failed', code, message }),
    stop: () => undefined,
  };
}
