/**
 * Sessions over HTTP: what the Orchestration Server's REST interface does, for the sessions of this
 * process. A session that is started here has no call and nobody who waits for its reply; the sessions
 * of callbacks can be looked at, sent events and terminated just the same.
 */
import type { ScxmlEvent } from '../scxml/session/event.js';
import type { SessionEnd } from '../scxml/session/host.js';
import {
  describeEnd,
  OrchestratedSession,
  type ResponseOutcome,
  type SessionEnvironment,
} from './orchestrated-session.js';

/** Sessions started over HTTP at a time, and how long one may go on. */
const STARTED_MAX = 100;
const LIFE_MS = 24 * 60 * 60 * 1000;

export type StartOutcome =
  | { readonly kind: 'started'; readonly sessionId: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'too-many' };

/** What `query` shows of a session. */
export interface SessionView {
  readonly sessionid: string;
  readonly src: string;
  /** Active states, in the order they were entered. */
  readonly states: readonly string[];
}

export class SessionService {
  readonly #environment: SessionEnvironment;
  readonly #started = new Set<OrchestratedSession>();

  constructor(environment: SessionEnvironment) {
    this.#environment = environment;
  }

  /** Sessions started over HTTP that go on. */
  get startedCount(): number {
    return this.#started.size;
  }

  /** All sessions of this process that go on, those of callbacks included. */
  get runningCount(): number {
    return this.#environment.directory.size;
  }

  /** Resolves when the page runs, or is refused. */
  start(url: string, parameters: Readonly<Record<string, unknown>>): Promise<StartOutcome> {
    if (this.#started.size >= STARTED_MAX) return Promise.resolve({ kind: 'too-many' });
    return new Promise((resolve) => {
      const session: OrchestratedSession = new OrchestratedSession(this.#environment, {
        url,
        parameters,
        trail: () => undefined,
        onStarted: () => resolve({ kind: 'started', sessionId: session.id }),
      });
      this.#started.add(session);
      const cancel = this.#environment.clock.after(LIFE_MS, () => session.terminate());
      void session.ended.then((end) => {
        cancel();
        this.#started.delete(session);
        resolve(refusal(end));
      });
    });
  }

  query(id: string): SessionView | undefined {
    const session = this.#environment.directory.get(id);
    return session && { sessionid: id, src: session.url, states: session.activeStates };
  }

  /** @returns false when there is no such session */
  raise(id: string, name: string, data: unknown): boolean {
    const session = this.#environment.directory.get(id);
    session?.raise(name, data);
    return session !== undefined;
  }

  /** An event as it came. @returns false when there is no such session */
  receive(id: string, event: ScxmlEvent): boolean {
    const session = this.#environment.directory.get(id);
    session?.receive(event);
    return session !== undefined;
  }

  request(id: string, name: string, data: unknown): Promise<ResponseOutcome> {
    const session = this.#environment.directory.get(id);
    return session?.request(name, data) ?? Promise.resolve({ kind: 'gone' });
  }

  /** @returns false when there is no such session */
  terminate(id: string): boolean {
    const session = this.#environment.directory.get(id);
    session?.terminate();
    return session !== undefined;
  }

  /** Ends what was started here. */
  async stop(): Promise<void> {
    const sessions = [...this.#started];
    for (const session of sessions) session.terminate();
    await Promise.all(sessions.map(({ ended }) => ended));
  }
}

function refusal(end: SessionEnd): StartOutcome {
  return { kind: 'refused', why: describeEnd(end) };
}
