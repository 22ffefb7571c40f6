/**
 * Sessions in this thread and in the time of any clock, in place of the pool: for trying plugins out
 * at the terminal and in tests, where the same plugin has to run the same way every time.
 */
import type { SessionEnd } from '../scxml/session/host.js';
import type { Runtime } from '../scxml/session/runtime.js';
import type { PoolStart } from '../scxml/worker/pool.js';
import type { PooledSession } from '../scxml/worker/running-session.js';
import type { ScxmlSessions } from './orchestrated-session.js';

export class LocalSessions implements ScxmlSessions {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  start(start: PoolStart): PooledSession {
    let settle: (end: SessionEnd) => void = () => undefined;
    const ended = new Promise<SessionEnd>((resolve) => (settle = resolve));
    const session = this.#runtime.start({
      ...start,
      observer: { ...start.observer, ended: settle },
    });
    return {
      id: session.id,
      ended,
      send: (event) => session.send(event),
      terminate: () => session.terminate(),
    };
  }
}
