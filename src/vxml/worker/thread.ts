/** The far side of the pool: sessions in their own thread, whose lines are messages to the pool. */
import { EnginePool } from '../../plugin/scxml/script/engine-pool.js';
import { EngineShelf } from '../../plugin/scxml/script/engine-shelf.js';
import { Work } from '../../plugin/scxml/session/work.js';
import type { Port } from '../../plugin/scxml/worker/pool-thread.js';
import type { Clock } from '../../ports.js';
import { runSession } from '../interpreter/session.js';
import { DEFAULT_PAGE_LIMITS, type PageLimits } from '../limits.js';
import type {
  Line,
  LinePlayback,
  LinePlayEnd,
  LinePlayOptions,
  LineRecording,
  LineTransfer,
} from '../line/line.js';
import { LinePlatform } from '../line/line-platform.js';
import { engineFrom, type NewPageEngine } from '../script/page-engine.js';
import type { Answer, FromThread, Order, ThreadSetup, ToThread } from './messages.js';

type Side = Port<FromThread, ToThread>;

/** @param processorMs what this thread has used, ms; undefined where nobody knows */
export function serveThread(
  side: Side,
  clock: Clock,
  processorMs: () => number | undefined = () => undefined,
): void {
  side.onMessage(new Thread(side, clock, processorMs).receive);
}

interface Ready {
  readonly setup: ThreadSetup;
  readonly limits: PageLimits;
  readonly engines: EnginePool;
  readonly newEngine: NewPageEngine;
}

type AnswerOf<K extends Answer['kind']> = Extract<Answer, { kind: K }>;

class Thread {
  readonly #side: Side;
  readonly #clock: Clock;
  readonly #processorMs: () => number | undefined;
  #usedMs: number | undefined;
  readonly #works = new Map<number, Work>();
  readonly #lines = new Map<number, RemoteLine>();
  /** Messages that came before the engines were there. */
  readonly #early: ToThread[] = [];
  #ready: Ready | undefined;

  constructor(side: Side, clock: Clock, processorMs: () => number | undefined) {
    this.#side = side;
    this.#clock = clock;
    this.#processorMs = processorMs;
  }

  readonly receive = (message: ToThread): void => {
    if (message.kind === 'setup') void this.#setUp(message.setup);
    else if (message.kind === 'ping') this.#answer();
    else if (!this.#ready) this.#early.push(message);
    else {
      this.#mark(message.session);
      if (message.kind === 'start') void this.#run(message);
      else this.#lines.get(message.session)?.receive(message);
    }
  };

  #answer(): void {
    this.#mark(0);
    this.#side.post({ kind: 'pong' });
  }

  /** What follows, until the next message or timer, is the work of that session; 0 = of none. */
  #mark(session: number): void {
    if (!this.#ready) return;
    const { turn } = this.#ready.setup;
    const usedMs = this.#processorMs();
    if (usedMs !== undefined && this.#usedMs !== undefined)
      this.#works.get(Atomics.load(turn, 0))?.settle(usedMs - this.#usedMs);
    this.#usedMs = usedMs;
    Atomics.store(turn, 0, session);
  }

  /** Its timers are its work, too. */
  #clockOf(session: number): Clock {
    return {
      nowMs: () => this.#clock.nowMs(),
      after: (ms, run) =>
        this.#clock.after(ms, () => {
          this.#mark(session);
          run();
        }),
    };
  }

  async #setUp(setup: ThreadSetup): Promise<void> {
    // Not caught: a thread without its engines is of no use, and its end is what the pool notices.
    const engines = await EnginePool.create(setup.engines);
    const limits = { ...DEFAULT_PAGE_LIMITS, ...setup.limits };
    const shelf = new EngineShelf(engines, limits, this.#clock, setup.spareEngines);
    this.#ready = { setup, limits, engines, newEngine: engineFrom(shelf) };
    this.#side.post({ kind: 'ready' });
    for (const message of this.#early.splice(0)) this.receive(message);
  }

  async #run({ session, request }: Extract<ToThread, { kind: 'start' }>): Promise<void> {
    if (!this.#ready) return;
    const { engines, limits, newEngine } = this.#ready;
    const line = new RemoteLine(session, this.#side);
    const work = new Work(this.#clock, limits);
    this.#lines.set(session, line);
    this.#works.set(session, work);
    await engines.ready();
    const platform = new LinePlatform(line, this.#clockOf(session), limits.inputDigits);
    try {
      const end = await runSession({ ...request, limits }, platform, newEngine, work);
      this.#side.post({ kind: 'ended', session, end });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const end = { kind: 'failed', code: 'VXML_INTERNAL', message } as const;
      this.#side.post({ kind: 'ended', session, end });
    } finally {
      this.#lines.delete(session);
      this.#works.delete(session);
    }
  }
}

class RemoteLine implements Line {
  readonly #session: number;
  readonly #side: Side;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #marks = new Map<number, (name: string) => void>();
  #next = 1;
  #onDigit: (digit: string) => void = () => undefined;
  #onHangUp: (() => void) | undefined;
  #isHungUp = false;

  constructor(session: number, side: Side) {
    this.#session = session;
    this.#side = side;
  }

  receive(message: Exclude<ToThread, { kind: 'setup' | 'ping' | 'start' }>): void {
    switch (message.kind) {
      case 'digit':
        this.#onDigit(message.digit);
        break;
      case 'hung-up':
        this.#isHungUp = true;
        this.#onHangUp?.();
        break;
      case 'mark':
        this.#marks.get(message.order)?.(message.name);
        break;
      case 'answer':
        this.#marks.delete(message.order);
        this.#waiting.get(message.order)?.(message.answer);
        this.#waiting.delete(message.order);
    }
  }

  play(
    parts: Extract<Order, { kind: 'play' }>['parts'],
    { onMark, stopsAtKey }: LinePlayOptions,
  ): LinePlayback {
    const { order, stop } = this.#stoppable();
    this.#marks.set(order, onMark);
    const done = this.#ask({ kind: 'play', parts, stopsAtKey }).then(({ end }): LinePlayEnd => end);
    return { done, stop };
  }

  /** The next order, which may be called off. */
  #stoppable(): { readonly order: number; readonly stop: () => void } {
    const order = this.#next;
    const session = this.#session;
    return { order, stop: () => this.#side.post({ kind: 'stop', session, order }) };
  }

  onDigit(handle: (digit: string) => void): void {
    this.#onDigit = handle;
  }

  onHangUp(handle: () => void): void {
    this.#onHangUp = handle;
    if (this.#isHungUp) handle();
  }

  awaitCaller(maxMs: number): () => void {
    const session = this.#session;
    this.#side.post({ kind: 'await', session, maxMs });
    return () => this.#side.post({ kind: 'await', session, maxMs: undefined });
  }

  record(order: Extract<Order, { kind: 'record' }>['order']): LineRecording {
    const { stop } = this.#stoppable();
    return { done: this.#ask({ kind: 'record', order }).then(({ end }) => end), stop };
  }

  transfer(order: Extract<Order, { kind: 'transfer' }>['order']): LineTransfer {
    const { stop } = this.#stoppable();
    return { done: this.#ask({ kind: 'transfer', order }).then(({ end }) => end), stop };
  }

  async hangUp(): Promise<void> {
    await this.#ask({ kind: 'hang-up' });
  }

  fetch: Line['fetch'] = (request) => this.#ask({ kind: 'fetch', request }).then(({ end }) => end);

  async rest(): Promise<void> {
    await this.#ask({ kind: 'rest' });
  }

  log(label: string | undefined, text: string): void {
    this.#side.post({ kind: 'log', session: this.#session, label, text });
  }

  trace(what: string, detail: string): void {
    this.#side.post({ kind: 'trace', session: this.#session, what, detail });
  }

  #ask<K extends Answer['kind']>(what: Extract<Order, { kind: K }>): Promise<AnswerOf<K>> {
    const order = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(order, (answer) => resolve(answer as AnswerOf<K>));
      this.#side.post({ kind: 'order', session: this.#session, order, what });
    });
  }
}
