/**
 * The INVITEs of one attempt after its first: where the result table says that it was the trunk, the
 * next trunk with a place; after a 3xx, where it points, if calls may go there; after a 422, the session
 * timer that is asked for. Each has a Call-ID of its own, which is on disk before it leaves; the former
 * has its final answer by then, so that one leg at most is alive.
 */
import type { BrokenOffBecause } from '../callflow/vocabulary.js';
import type { Clock, InviteFailure, Random, Realms } from '../ports.js';
import type { TrunkTry } from '../schedule/callback-store.js';
import type { DialPlan } from './dial-plan.js';
import type { ResultVerdict } from './sip-result.js';
import type { TrunkPlace, TrunkWish } from './trunk-board.js';
import type { Trunk } from './trunk.js';

export type PlannedDial = Extract<DialPlan, { kind: 'dial' }>;

/** What goes on the wire next. */
export interface NextTry {
  readonly plan: PlannedDial;
  readonly callId: string;
  /** Instead of the plan's request-URI: where a 3xx pointed. */
  readonly uri?: string;
  /** Those that the trunk has asked for credentials in, before it pointed elsewhere. */
  readonly realms?: Realms | undefined;
  /** Instead of the trunk's session timer. */
  readonly sessionExpiresMs?: number;
}

/**
 * `full`: the calls of all processes together have filled the trunk; `too-fast`: they have had its calls of
 * this second. `not-written`: the store cannot write. `refused`: the callback is not ours any more.
 */
export type TryWritten = 'written' | 'paused' | 'full' | 'too-fast' | 'not-written' | 'refused';

/** There would be more to try, and not now: the customer has said nothing, and the attempt is made anew. */
export interface BrokenOff {
  readonly brokenOff: BrokenOffBecause;
}

export interface TrunkTriesDeps {
  readonly clock: Clock;
  readonly random: Pick<Random, 'uuid'>;
  /** Takes a place on a trunk. */
  takeTrunk(wish: TrunkWish): TrunkPlace;
  /** The trunk wants no calls for so long. */
  restTrunk(name: string, forMs: number): void;
  planFor(trunk: Trunk): DialPlan;
  /** Whether calls may be redirected to this URI. */
  mayRedirectTo(uri: string, trunk: Trunk): boolean;
  /** Puts the tries on disk, the last of them as the leg that begins. */
  record(tries: readonly TrunkTry[], trunk: string): Promise<TryWritten>;
  /** One line for the story. */
  note(what: string, detail: string): void;
}

/** RFC 3261 8.1.3.4 leaves the number to us; more is a loop or a search for an open door. */
const REDIRECTS_MAX = 2;
/** For a place on another trunk: the call holds an endpoint meanwhile. */
const PLACE_WAIT_MAX_MS = 2000;
/** Of it, for the pace of a trunk when a dearer one has a place at once: whoever is called waits already. */
const PATIENCE_MS = 150;

/**
 * Its Retry-After is the trunk's (RFC 3261 21.5.4). That of a 500 is not: a proxy says so where only the server
 * behind it is full (16.7), so that one customer's PBX would close the trunk to everybody.
 */
const UNAVAILABLE = 503;

/** For a place on another trunk, after one failure. */
interface Search {
  /** Filled by all processes together. */
  readonly full: string[];
  /** Had no call to give in their second: asked once more after it, which the board knows by then. */
  readonly tooFast: Set<string>;
  waitedMs: number;
}

export class TrunkTries {
  #tries: readonly TrunkTry[];
  readonly #tried = new Set<string>();
  #redirects = 0;
  /** On this trunk. */
  #hasLengthened = false;
  #latest: NextTry;

  constructor(
    private readonly deps: TrunkTriesDeps,
    plan: PlannedDial,
    callId: string,
  ) {
    this.#latest = { plan, callId };
    const startedAtMs = deps.clock.nowMs();
    this.#tries = [{ trunk: plan.trunk.name, callId, startedAtMs }];
  }

  /** @returns undefined when nothing is left to try */
  async next(
    failure: InviteFailure,
    verdict: ResultVerdict,
  ): Promise<NextTry | BrokenOff | undefined> {
    const within = this.#lengthened(failure) ?? this.#redirected(failure);
    if (!within) return this.#elsewhere(failure, verdict);
    const sent = await this.#record(within, failure, verdict);
    return sent === 'full' || sent === 'too-fast' ? undefined : sent;
  }

  /** @returns `full` or `too-fast` when another trunk may be taken */
  async #record(
    next: NextTry,
    failure: InviteFailure,
    { why }: ResultVerdict,
  ): Promise<NextTry | BrokenOff | 'full' | 'too-fast' | undefined> {
    const { trunk } = next.plan;
    const startedAtMs = this.deps.clock.nowMs();
    const tries = [
      ...this.#tries.slice(0, -1),
      ...this.#tries.slice(-1).map((last) => refusedTry(last, failure, why)),
      { trunk: trunk.name, callId: next.callId, startedAtMs },
    ];
    const written = await this.deps.record(tries, trunk.name);
    if (written === 'refused') return undefined;
    if (written !== 'written') this.deps.note('not-sent', `${trunk.name}: ${written}`);
    if (written === 'full' || written === 'too-fast') return written;
    if (written !== 'written') return { brokenOff: written };
    this.#latest = next;
    this.#tries = tries;
    return next;
  }

  /** RFC 4028 7.3: the interval that the far side asks for, once. */
  #lengthened({ status, minSessionMs }: InviteFailure): NextTry | undefined {
    const { sessionExpiresMs = 0 } = this.#latest.plan.trunk;
    if (status !== 422 || minSessionMs === undefined || this.#hasLengthened) return undefined;
    if (minSessionMs <= sessionExpiresMs) return undefined;
    this.#hasLengthened = true;
    this.deps.note('session-timer', `the trunk asks for ${minSessionMs / 1000} s`);
    return { ...this.#latest, callId: this.deps.random.uuid(), sessionExpiresMs: minSessionMs };
  }

  #redirected({ status, contacts = [], realms }: InviteFailure): NextTry | undefined {
    if (status < 300 || status > 399) return undefined;
    const uri = contacts.find((contact) =>
      this.deps.mayRedirectTo(contact, this.#latest.plan.trunk),
    );
    if (uri === undefined || this.#redirects >= REDIRECTS_MAX) {
      const why =
        uri === undefined ? 'calls may not go there' : `followed ${REDIRECTS_MAX} already`;
      this.deps.note('redirect-refused', `${status} to ${contacts[0] ?? 'nowhere'}: ${why}`);
      return undefined;
    }
    this.#redirects += 1;
    this.deps.note('redirected', `${status} to ${uri}`);
    return { ...this.#latest, callId: this.deps.random.uuid(), uri, realms };
  }

  async #elsewhere(
    failure: InviteFailure,
    verdict: ResultVerdict,
  ): Promise<NextTry | BrokenOff | undefined> {
    if (verdict.then !== 'next-trunk') return undefined;
    const { trunk, country } = this.#latest.plan;
    this.#tried.add(trunk.name);
    const { status, retryAfterMs } = failure;
    // Where a 3xx pointed somebody else may have said it.
    const isOfTrunk = this.#latest.uri === undefined && status === UNAVAILABLE;
    if (retryAfterMs !== undefined && isOfTrunk) {
      this.deps.restTrunk(trunk.name, retryAfterMs);
    }
    const search: Search = { full: [], tooFast: new Set(), waitedMs: 0 };
    const { full, tooFast } = search;
    for (;;) {
      const place = await this.#place(country, search);
      if (place.kind !== 'taken') {
        this.deps.note('no-other-trunk', `${verdict.why}; ${place.why}`);
        const isThere = place.kind === 'wait' || full.length > 0;
        return isThere ? { brokenOff: 'no-trunk' } : undefined;
      }
      const plan = this.deps.planFor(place.trunk);
      if (plan.kind === 'refused') {
        this.deps.note('not-sent', `${place.trunk.name}: ${plan.why}`);
        this.#tried.add(place.trunk.name);
        continue;
      }
      this.deps.note('next-trunk', `${trunk.name} to ${place.trunk.name}: ${verdict.why}`);
      const next = { plan, callId: this.deps.random.uuid() };
      const sent = await this.#record(next, failure, verdict);
      if (sent !== 'full' && sent !== 'too-fast') {
        this.#hasLengthened = false;
        return sent;
      }
      const isSecondTime = tooFast.has(place.trunk.name);
      if (sent === 'full' || isSecondTime) full.push(place.trunk.name);
      else tooFast.add(place.trunk.name);
    }
  }

  async #place(country: string | undefined, search: Search): Promise<TrunkPlace> {
    for (;;) {
      const patienceMs = Math.max(0, PATIENCE_MS - search.waitedMs);
      const tried = [...this.#tried, ...search.full];
      const place = this.deps.takeTrunk({ country, tried, patienceMs });
      if (place.kind !== 'wait' || place.waitMs === undefined) return place;
      const { waitMs } = place;
      if (search.waitedMs + waitMs > PLACE_WAIT_MAX_MS) return place;
      search.waitedMs += waitMs;
      await new Promise<void>((resolve) => this.deps.clock.after(waitMs, resolve));
    }
  }
}

function refusedTry(
  last: TrunkTry,
  { status: sipStatus, q850Cause }: InviteFailure,
  why: string,
): TrunkTry {
  return { ...last, sipStatus, ...(q850Cause !== undefined && { q850Cause }), why };
}
