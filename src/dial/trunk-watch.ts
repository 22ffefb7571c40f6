/**
 * Watches the trunks that are to be watched: registers where one registers, asks with OPTIONS where that
 * is configured, and tells the board which get no calls. A reload starts and ends watching by trunk.
 */
import type { Clock, Log, Random, SipAgent } from '../ports.js';
import { OptionsWatch } from './options-watch.js';
import { Registration } from './registration.js';
import type { TrunkBoard, TrunkState } from './trunk-board.js';
import type { Trunk } from './trunk.js';

export interface TrunkWatchDeps {
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  readonly log: Log;
  readonly sip: Pick<SipAgent, 'request' | 'isConnected'>;
  readonly board: Pick<TrunkBoard, 'setDown' | 'states'>;
  /** A trunk went up or down. */
  onChange(): void;
}

/** For `/v1/trunks` and the metrics. */
export interface TrunkView extends TrunkState {
  /** Absent for a trunk that does not register. */
  readonly isRegistered?: boolean;
}

interface Watched {
  readonly trunk: Trunk;
  readonly registration: Registration | undefined;
  readonly options: OptionsWatch | undefined;
  /** Why it is down, by who says so. */
  readonly faults: { registration?: string | undefined; options?: string | undefined };
}

export class TrunkWatch {
  readonly #watched = new Map<string, Watched>();

  constructor(private readonly deps: TrunkWatchDeps) {}

  /** Takes over what is configured now; trunks that are as before go on. */
  configure(trunks: readonly Trunk[]): void {
    const wanted = new Map(trunks.map((trunk) => [trunk.name, trunk]));
    const stopped = new Map<string, Promise<void>>();
    for (const [name, { trunk }] of this.#watched) {
      const now = wanted.get(name);
      if (now && isWatchedAlike(now, trunk)) wanted.delete(name);
      else stopped.set(name, this.#stop(name));
    }
    for (const trunk of wanted.values()) this.#watch(trunk, stopped.get(trunk.name));
  }

  /** The signalling server is there again. */
  poke(): void {
    for (const { registration } of this.#watched.values()) registration?.poke();
  }

  /** How every trunk stands. */
  states(): TrunkView[] {
    return this.deps.board.states().map((state) => {
      const isRegistered = this.#watched.get(state.name)?.registration?.isRegistered;
      return isRegistered === undefined ? state : { ...state, isRegistered };
    });
  }

  /** Takes registrations back. */
  async close(): Promise<void> {
    await Promise.all([...this.#watched.keys()].map((name) => this.#stop(name)));
  }

  /** @param before the former registration's end: a registrar mixes up what crosses on the wire */
  #watch(trunk: Trunk, before?: Promise<void>): void {
    const { registerExpiresMs, optionsIntervalMs } = trunk;
    if (registerExpiresMs === undefined && optionsIntervalMs === undefined) return;
    const faults: Watched['faults'] = {};
    const told = (by: keyof Watched['faults']) => (why: string | undefined) => {
      faults[by] = why;
      this.#tell(trunk.name, faults);
    };
    const { deps } = this;
    this.#watched.set(trunk.name, {
      trunk,
      faults,
      registration:
        registerExpiresMs === undefined
          ? undefined
          : new Registration(trunk, { ...deps, onChange: told('registration') }, before),
      options:
        optionsIntervalMs === undefined
          ? undefined
          : new OptionsWatch(trunk, { ...deps, onChange: told('options') }),
    });
  }

  #tell(trunk: string, { registration, options }: Watched['faults']): void {
    const why = registration ?? options;
    this.deps.board.setDown(trunk, why);
    if (why === undefined) this.deps.log.info({ trunk }, 'trunk is up');
    else this.deps.log.warn({ trunk, why }, 'trunk gets no calls');
    this.deps.onChange();
  }

  async #stop(name: string): Promise<void> {
    const watched = this.#watched.get(name);
    this.#watched.delete(name);
    this.deps.board.setDown(name, undefined);
    watched?.options?.stop();
    await watched?.registration?.stop();
  }
}

/** Whether nothing differs that a REGISTER or OPTIONS of ours depends on. */
function isWatchedAlike(one: Trunk, other: Trunk): boolean {
  const parts = ({
    uri,
    proxyUri,
    username,
    password,
    callerId,
    registerExpiresMs,
    optionsIntervalMs,
  }: Trunk) =>
    JSON.stringify([
      uri,
      proxyUri,
      username,
      password,
      callerId,
      registerExpiresMs,
      optionsIntervalMs,
    ]);
  return parts(one) === parts(other);
}
