/**
 * The far side of the pool: one runtime in its own thread, which turns messages into calls and calls
 * into messages. It starts nothing by itself and reaches the outside through the pool only.
 */
import type { Clock } from '../../../ports.js';
import type { Dialect } from '../extension.js';
import type { FetchOutcome, PostOutcome, SessionHost, SessionObserver } from '../session/host.js';
import { Runtime, type RunningSession } from '../session/runtime.js';
import type { FromThread, Port, SessionStart, ThreadSetup, ToThread } from './messages.js';

/** @param newId identifiers for invoked sessions */
export function serveThread(
  port: Port<FromThread, ToThread>,
  clock: Clock,
  newId: () => string,
  dialects: readonly Dialect[] = [],
): void {
  port.onMessage(new Thread(port, clock, newId, dialects).receive);
}

class Thread {
  readonly #port: Port<FromThread, ToThread>;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #dialects: readonly Dialect[];
  readonly #running = new Map<number, RunningSession>();
  readonly #fetches = new Map<number, (outcome: FetchOutcome) => void>();
  readonly #posts = new Map<number, (outcome: PostOutcome) => void>();
  #runtime: Runtime | null = null;
  /** Messages that came before the engines were there. */
  readonly #early: ToThread[] = [];
  #requests = 0;
  #turn: Int32Array | undefined;
  /** The same for all sessions; known once the first one is started. */
  #httpBase: string | null = null;

  constructor(
    port: Port<FromThread, ToThread>,
    clock: Clock,
    newId: () => string,
    dialects: readonly Dialect[],
  ) {
    this.#port = port;
    this.#clock = clock;
    this.#newId = newId;
    this.#dialects = dialects;
  }

  readonly receive = (message: ToThread): void => {
    if (message.kind === 'setup') void this.#setUp(message.setup);
    else if (this.#runtime) this.#act(this.#runtime, message);
    else this.#early.push(message);
  };

  #act(runtime: Runtime, message: Exclude<ToThread, { kind: 'setup' }>): void {
    switch (message.kind) {
      case 'start':
        this.#start(runtime, message.session, message.start);
        break;
      case 'event':
        this.#running.get(message.session)?.send(message.event);
        break;
      case 'terminate':
        this.#running.get(message.session)?.terminate();
        break;
      case 'fetched':
        settle(this.#fetches, message.request, message.outcome);
        break;
      case 'posted':
        settle(this.#posts, message.request, message.outcome);
        break;
      case 'ping':
        this.#port.post({ kind: 'pong' });
        break;
    }
  }

  async #setUp(setup: ThreadSetup): Promise<void> {
    const { limits, maxSessions, engines, spareEngines, turn } = setup;
    this.#turn = turn;
    const host = this.#host();
    // Not caught: a thread without its engines is of no use, and its end is what the pool notices.
    const runtime = await Runtime.create({
      host,
      limits,
      maxSessions,
      engines,
      spareEngines,
      dialects: this.#dialects,
    });
    this.#runtime = runtime;
    this.#port.post({ kind: 'ready' });
    for (const message of this.#early.splice(0)) this.receive(message);
  }

  #start(runtime: Runtime, session: number, start: SessionStart): void {
    const { isTraced, httpBase, ...request } = start;
    this.#httpBase = httpBase;
    const observer = this.#observer(session, isTraced);
    this.#running.set(session, runtime.start({ ...request, observer }));
  }

  #observer(session: number, isTraced: boolean): SessionObserver {
    const post = (message: FromThread): void => this.#port.post(message);
    return {
      request: (asked) => post({ kind: 'request', session, asked }),
      turn: (isRunning) => {
        if (this.#turn) Atomics.store(this.#turn, 0, isRunning ? session : 0);
      },
      ended: (end) => {
        this.#running.delete(session);
        post({ kind: 'ended', session, end });
      },
      ...(isTraced && {
        log: (entry) => post({ kind: 'log', session, entry }),
        trouble: (entry) => post({ kind: 'trouble', session, entry }),
        step: (entry) => post({ kind: 'step', session, entry }),
      }),
    };
  }

  #host(): SessionHost {
    return {
      clock: this.#clock,
      newId: this.#newId,
      httpLocation: (id) => (this.#httpBase === null ? null : this.#httpBase + id),
      fetch: (wanted) =>
        new Promise((resolve) => {
          const request = ++this.#requests;
          this.#fetches.set(request, resolve);
          this.#port.post({ kind: 'fetch', request, wanted });
        }),
      post: (message) =>
        new Promise((resolve) => {
          const request = ++this.#requests;
          this.#posts.set(request, resolve);
          this.#port.post({ kind: 'post', request, message });
        }),
    };
  }
}

function settle<T>(waiting: Map<number, (outcome: T) => void>, request: number, outcome: T): void {
  waiting.get(request)?.(outcome);
  waiting.delete(request);
}
