/**
 * One thread of a pool, of plugins or of VoiceXML pages, and the sessions on it: whether it is up and
 * answers, whose turn it is when it answers no more, and that every session hears when it is gone.
 */
import type { Clock } from '../../../ports.js';
import type { RosterThread, ThreadNews } from './thread-roster.js';
import { ThreadWatch } from './thread-watch.js';

/** One end of the line between a thread and its pool. */
export interface Port<Out, In> {
  post(message: Out): void;
  onMessage(handle: (message: In) => void): void;
}

/** A thread as its pool sees it. */
export interface PoolPort<Out, In> extends Port<Out, In> {
  /** Called once when the thread is gone, for whatever reason. */
  onGone(handle: (why: string) => void): void;
  /** Processor time it has used, ms; undefined when the system does not tell, or not yet. */
  processorMs(): number | undefined;
  /** Ends it at once, whatever it is doing. */
  kill(): Promise<void>;
}

export interface PoolThreadOptions<Out, In> {
  readonly newThread: () => PoolPort<Out | Ping, In>;
  readonly clock: Clock;
}

/** To be answered by any message. */
interface Ping {
  readonly kind: 'ping';
}

export abstract class PoolThread<
  Out,
  In,
  S extends { readonly page: string },
> implements RosterThread {
  readonly isReady: Promise<void>;
  /** Shared memory: number of the session that has its turn, 0 = none. A thread that hangs can tell no more. */
  protected readonly turn = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: PoolPort<Out | Ping, In>;
  readonly #news: ThreadNews;
  readonly #sessions = new Map<number, S>();
  readonly #watch: ThreadWatch;
  #next = 1;
  #isGone = false;
  #markReady: () => void = () => undefined;

  constructor({ newThread, clock }: PoolThreadOptions<Out, In>, news: ThreadNews) {
    this.#news = news;
    this.isReady = new Promise((resolve) => (this.#markReady = resolve));
    const port = newThread();
    this.#port = port;
    port.onMessage((message) => {
      this.#watch.answered();
      this.receive(message);
    });
    port.onGone((why) => {
      this.#markReady();
      this.#lose(why, 'lost');
    });
    const watched = {
      ping: () => port.post({ kind: 'ping' }),
      processorMs: () => port.processorMs(),
    };
    this.#watch = new ThreadWatch(watched, clock, (why) => this.#hung(why));
  }

  get isSlow(): boolean {
    return this.#watch.isSlow;
  }

  async stop(): Promise<void> {
    this.#lose('stopped', 'stopped');
    await this.#port.kill();
  }

  protected abstract receive(message: In): void;

  /** The session ends with its thread. */
  protected abstract end(session: S, how: 'lost' | 'stopped', message: string): void;

  /** It has said that it is up. */
  protected up(): void {
    this.#markReady();
  }

  /** Nothing is said to a thread that is gone. */
  protected tell(message: Out): void {
    if (!this.#isGone) this.#port.post(message);
  }

  /** What both sides know a session by. */
  protected newNumber(): number {
    return this.#next++;
  }

  protected add(number: number, session: S): void {
    this.#sessions.set(number, session);
  }

  protected find(number: number): S | undefined {
    return this.#sessions.get(number);
  }

  /** It has ended. @param isHoldUp it has kept the others waiting */
  protected remove(number: number, isHoldUp: boolean): void {
    const session = this.#sessions.get(number);
    this.#sessions.delete(number);
    if (session && isHoldUp) this.#news.onHoldUp(session.page);
  }

  #hung(why: string): void {
    const holding = this.#sessions.get(Atomics.load(this.turn, 0));
    if (holding) this.#news.onHoldUp(holding.page);
    this.#lose(why, 'lost');
    void this.#port.kill();
  }

  #lose(why: string, how: 'lost' | 'stopped'): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#watch.stop();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions)
      this.end(session, how, `the thread of the session ended: ${why}`);
    this.#news.onGone(why);
  }
}
