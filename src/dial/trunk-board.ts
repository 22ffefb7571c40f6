/**
 * Which trunk a call leaves by: those that may dial the country, that are up and have room, lowest
 * `priority` first, by `weight` among equals. A place is taken here before an INVITE is even planned, for
 * first attempts, retries and failover alike.
 *
 * It counts no calls itself: it is told how many are in the air, so that no missed release can close a
 * trunk for good.
 */
import type { Clock, Random } from '../ports.js';
import type { FullElsewhere } from './full-elsewhere.js';
import { CallsPerSecond } from './calls-per-second.js';
import type { Trunk } from './trunk.js';

export interface TrunkWish {
  /** ISO 3166 alpha-2 of the number, where it is known. */
  readonly country?: string | undefined;
  /** Trunks that this attempt has tried. */
  readonly tried?: readonly string[];
  /**
   * How long the pace of a trunk is waited for while a dearer one has a place at once; without end
   * when left out.
   */
  readonly patienceMs?: number;
}

export type TrunkPlace =
  | { readonly kind: 'taken'; readonly trunk: Trunk }
  /** Later; `waitMs` says when unless it depends on a call's end, or on a trunk that comes back. */
  | { readonly kind: 'wait'; readonly why: string; readonly waitMs?: number }
  /** Never as the configuration stands. */
  | { readonly kind: 'none'; readonly why: string };

/** What is known of a trunk now; for `/v1/trunks` and the metrics. */
export interface TrunkState {
  readonly name: string;
  readonly isUp: boolean;
  /** Why it is not up. */
  readonly why?: string;
  readonly calls: number;
  readonly maxConcurrentCalls: number;
  readonly callsInSecond: number;
  readonly maxCallsPerSecond: number;
}

export interface TrunkBoardDeps {
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  trunks(): readonly Trunk[];
  /** Customers' legs of each trunk, ringing or up, or about to be made. */
  callsByTrunk(): ReadonlyMap<string, number>;
  /** Trunks that the calls of all processes have filled. */
  readonly full?: Pick<FullElsewhere, 'hindrance'>;
}

/** A carrier that asks for longer is asked again: a slip of theirs must not close a trunk for a day. */
const REST_MAX_MS = 300_000;
const REST_MIN_MS = 1000;

type Wait = Extract<TrunkPlace, { kind: 'wait' }>;

export class TrunkBoard {
  readonly #paces = new Map<string, CallsPerSecond>();
  /** Trunks that get no calls, and why; the latest word of whoever watches them. */
  readonly #down = new Map<string, string>();
  /** Until when a trunk wants no calls (Retry-After), milliseconds since the epoch. */
  readonly #restsUntilMs = new Map<string, number>();

  constructor(private readonly deps: TrunkBoardDeps) {}

  /** Takes a place for one INVITE, or says what is in the way. */
  take(wish: TrunkWish): TrunkPlace {
    const trunks = this.deps.trunks();
    const allowed = trunks.filter((trunk) => mayDial(trunk, wish.country));
    const left = allowed.filter(({ name }) => !wish.tried?.includes(name));
    if (left.length === 0) return { kind: 'none', why: whyNone(trunks, allowed, wish) };
    const up = left.filter(({ name }) => this.#downBecause(name) === undefined);
    if (up.length === 0) {
      const why = left.map(({ name }) => `trunk ${name}: ${this.#downBecause(name) ?? ''}`);
      const rests = left.filter(({ name }) => !this.#down.has(name));
      const waitMs = Math.min(...rests.map(({ name }) => this.#restMs(name)));
      return { kind: 'wait', why: why.join('; '), ...(rests.length > 0 && { waitMs }) };
    }
    return this.#takeOf(up, wish);
  }

  /** @param why undefined: it is up */
  setDown(name: string, why: string | undefined): void {
    if (why === undefined) this.#down.delete(name);
    else this.#down.set(name, why);
  }

  /**
   * A trunk has said when it wants calls again (RFC 3261 21.5.4). Until then it gets none,
   * also where it is the only one: 300 s at most. An answer to OPTIONS changes nothing about it.
   */
  rest(name: string, forMs: number): void {
    const restMs = Math.min(Math.max(forMs, REST_MIN_MS), REST_MAX_MS);
    this.#restsUntilMs.set(name, this.deps.clock.nowMs() + restMs);
  }

  /** How long it still wants none; 0: it takes calls. */
  #restMs(name: string): number {
    const leftMs = (this.#restsUntilMs.get(name) ?? 0) - this.deps.clock.nowMs();
    // A clock that was set back must not close it for hours.
    return leftMs > 0 && leftMs <= REST_MAX_MS ? leftMs : 0;
  }

  #downBecause(name: string): string | undefined {
    const restMs = this.#restMs(name);
    if (this.#down.has(name) || restMs === 0) return this.#down.get(name);
    return `it wants no calls for ${Math.ceil(restMs / 1000)} s (Retry-After)`;
  }

  states(): TrunkState[] {
    const calls = this.deps.callsByTrunk();
    const nowMs = this.deps.clock.nowMs();
    return this.deps.trunks().map((trunk) => {
      const why = this.#downBecause(trunk.name);
      return {
        name: trunk.name,
        isUp: why === undefined,
        ...(why === undefined ? {} : { why }),
        calls: calls.get(trunk.name) ?? 0,
        maxConcurrentCalls: trunk.maxConcurrentCalls,
        callsInSecond: this.#paceOf(trunk).count(nowMs),
        maxCallsPerSecond: trunk.maxCallsPerSecond,
      };
    });
  }

  /** A full trunk gives way to the next priority; one that has to be dialled evenly is waited for. */
  #takeOf(trunks: readonly Trunk[], { patienceMs = Infinity }: TrunkWish): TrunkPlace {
    const calls = this.deps.callsByTrunk();
    const nowMs = this.deps.clock.nowMs();
    let shortest: Wait | undefined;
    let fullForMs = Infinity;
    for (const group of byPriority(trunks)) {
      const roomy = group.filter((one) => {
        const elsewhere = this.#fullElsewhere(one);
        if (elsewhere?.isRate === false) fullForMs = Math.min(fullForMs, elsewhere.waitMs ?? 0);
        const isFull = (calls.get(one.name) ?? 0) >= one.maxConcurrentCalls;
        return !isFull && elsewhere?.isRate !== false;
      });
      for (const trunk of this.#shuffled(roomy)) {
        const pace = this.#paceOf(trunk);
        const elsewhereMs = this.#fullElsewhere(trunk)?.waitMs ?? 0;
        const waitMs = Math.max(pace.waitMs(trunk.maxCallsPerSecond, nowMs), elsewhereMs);
        if (waitMs <= 0) {
          pace.take(nowMs);
          return { kind: 'taken', trunk };
        }
        if (shortest?.waitMs !== undefined && shortest.waitMs <= waitMs) continue;
        const why = `maxCallsPerSecond of trunk ${trunk.name} is ${trunk.maxCallsPerSecond}`;
        shortest = { kind: 'wait', why, waitMs };
      }
      if (shortest && (shortest.waitMs ?? Infinity) <= patienceMs) return shortest;
    }
    const wait = fullForMs === Infinity ? {} : { waitMs: fullForMs };
    return shortest ?? { kind: 'wait', why: trunks.map(fullness).join('; '), ...wait };
  }

  #fullElsewhere({ name }: Trunk) {
    return this.deps.full?.hindrance('trunk', name);
  }

  /** By weight, without returning any: the first is the choice, the others stand in for it. */
  #shuffled(trunks: readonly Trunk[]): Trunk[] {
    const left = [...trunks];
    const order: Trunk[] = [];
    while (left.length > 0) {
      let at = this.deps.random.fraction() * left.reduce((sum, one) => sum + weightOf(one), 0);
      const index = left.findIndex((one) => (at -= weightOf(one)) < 0);
      order.push(...left.splice(Math.max(index, 0), 1));
    }
    return order;
  }

  #paceOf({ name }: Trunk): CallsPerSecond {
    const pace = this.#paces.get(name) ?? new CallsPerSecond();
    this.#paces.set(name, pace);
    return pace;
  }
}

/** A country that cannot be known is dialled by trunks without a list alone. */
function mayDial({ allowedCountries = [] }: Trunk, country: string | undefined): boolean {
  return (
    allowedCountries.length === 0 || (country !== undefined && allowedCountries.includes(country))
  );
}

function whyNone(
  trunks: readonly Trunk[],
  allowed: readonly Trunk[],
  { country }: TrunkWish,
): string {
  if (trunks.length === 0) return 'no trunk is configured';
  if (allowed.length > 0) return 'no other trunk is left';
  return `no trunk may dial ${country ?? 'a number of an unknown country'}`;
}

function byPriority(trunks: readonly Trunk[]): Trunk[][] {
  const groups = new Map<number, Trunk[]>();
  for (const trunk of trunks) {
    groups.set(trunk.priority, [...(groups.get(trunk.priority) ?? []), trunk]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

const weightOf = ({ weight = 1 }: Trunk): number => weight;

const fullness = ({ name, maxConcurrentCalls }: Trunk): string =>
  `maxConcurrentCalls of trunk ${name} is ${maxConcurrentCalls}`;
