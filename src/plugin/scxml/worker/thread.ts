/**
 * The far side of the pool: one runtime in its own thread, which turns messages into calls and calls
 * into messages. It starts nothing by itself and reaches the outside through the pool only.
 */
import type { Dialect } from '../extension.js';
import type { FetchOutcome, PostOutcome, SessionHost, SessionObserver } from '../session/host.js';
import { Runtime, type RunningSession } from '../session/runtime.js';
import type { FromThread, Hears, SessionStart, ThreadSetup, ToThread } from './messages.js';
import type { Port } from './pool-thread.js';

/** What a thread has itself. `newId`: identifiers for invoked sessions. */
type Machine = Pick<SessionHost, 'clock' | 'newId' | 'processorMs'>;

export function serveThread(
  port: Port<readonly FromThread[], ToThread>,
  machine: Machine,
  dialects: readonly Dialect[] = [],
): void {
  port.onMessage(new Thread(new Outbox(port), machine, dialects).receive);
}

/**
 * What is only for a trace goes along with the next message that somebody acts on, or when the turn is
 * over: each crossing takes longer than most steps.
 */
class Outbox {
  readonly #port: Port<readonly FromThread[], ToThread>;
  #kept: FromThread[] = [];
  #isTurn = false;

  constructor(port: Port<readonly FromThread[], ToThread>) {
    this.#port = port;
  }

  turn(isRunning: boolean): void {
    this.#isTurn = isRunning;
    if (!isRunning) this.#send();
  }

  trace(message: FromThread): void {
    this.#kept.push(message);
    if (!this.#isTurn) this.#send();
  }

  post(message: FromThread): void {
    this.#kept.push(message);
    this.#send();
  }

  #send(): void {
    if (this.#kept.length > 0) this.#port.post(this.#kept);
    this.#kept = [];
  }
}

class Thread {
  readonly #outbox: Outbox;
  readonly #machine: Machine;
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

  constructor(outbox: Outbox, machine: Machine, dialects: readonly Dialect[]) {
    this.#outbox = outbox;
    this.#machine = machine;
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
        this.#outbox.post({ kind: 'pong' });
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
    this.#outbox.post({ kind: 'ready' });
    for (const message of this.#early.splice(0)) this.receive(message);
  }

  #start(runtime: Runtime, session: number, start: SessionStart): void {
    const { hears, httpBase, ...request } = start;
    this.#httpBase = httpBase;
    let hasEnded = false;
    const observer = this.#observer(session, hears, () => (hasEnded = true));
    const running = runtime.start({ ...request, observer });
    // It may have run to its end meanwhile.
    if (!hasEnded) this.#running.set(session, running);
  }

  #observer(session: number, hears: Hears, onEnded: () => void): SessionObserver {
    const outbox = this.#outbox;
    return {
      request: (asked) => outbox.post({ kind: 'request', session, asked }),
      turn: (isRunning) => {
        if (this.#turn) Atomics.store(this.#turn, 0, isRunning ? session : 0);
        outbox.turn(isRunning);
      },
      ended: (end) => {
        onEnded();
        this.#running.delete(session);
        outbox.post({ kind: 'ended', session, end });
      },
      ...(hears.log && { log: (entry) => outbox.post({ kind: 'log', session, entry }) }),
      ...(hears.trouble && {
        trouble: (entry) => outbox.trace({ kind: 'trouble', session, entry }),
      }),
      ...(hears.step && { step: (entry) => outbox.trace({ kind: 'step', session, entry }) }),
    };
  }

  #host(): SessionHost {
    return {
      ...this.#machine,
      httpLocation: (id) => (this.#httpBase === null ? null : this.#httpBase + id),
      fetch: (wanted) =>
        new Promise((resolve) => {
          const request = ++this.#requests;
          this.#fetches.set(request, resolve);
          this.#outbox.post({ kind: 'fetch', request, wanted });
        }),
      post: (message) =>
        new Promise((resolve) => {
          const request = ++this.#requests;
          this.#posts.set(request, resolve);
          this.#outbox.post({ kind: 'post', request, message });
        }),
    };
  }
}

function settle<T>(waiting: Map<number, (outcome: T) => void>, request: number, outcome: T): void {
  waiting.get(request)?.(outcome);
  waiting.delete(request);
}
