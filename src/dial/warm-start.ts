/**
 * After a start or an outage those who had to wait are not all dialled at once: for some time the rate
 * at which they are dialled rises, from one a second to the full rate. Who wants to be called now is
 * none of them.
 */
const SECOND_MS = 1000;
const FIRST_PER_SECOND = 1;

export interface WarmStartPlan {
  /** How long it takes; 0 = nothing is held back. */
  readonly warmStartMs: number;
  /** A shorter outage is none. */
  readonly warmStartAfterMs: number;
  /** Dials a second when it is over. */
  readonly fullPerSecond: number;
}

export class WarmStart {
  /** Closed until something is said. */
  #closedSinceMs: number | undefined = -Infinity;
  #warmingSinceMs: number | undefined;
  #lastDialAtMs = -Infinity;

  /** Dials are possible, or not. To be said again and again. */
  note(isOpen: boolean, nowMs: number, { warmStartAfterMs }: WarmStartPlan): void {
    if (!isOpen) this.#closedSinceMs ??= nowMs;
    else if (this.#closedSinceMs !== undefined) {
      if (nowMs - this.#closedSinceMs >= warmStartAfterMs) this.#warmingSinceMs = nowMs;
      this.#closedSinceMs = undefined;
    }
  }

  /** @param sinceMs since when somebody waits; @returns for how much longer, 0 = no more */
  waitMs(sinceMs: number, nowMs: number, plan: WarmStartPlan): number {
    const sinceStartMs = nowMs - (this.#warmingSinceMs ?? -Infinity);
    const isWarm = sinceStartMs >= plan.warmStartMs || sinceStartMs < 0;
    if (isWarm || sinceMs >= nowMs - sinceStartMs) return 0;
    const share = sinceStartMs / plan.warmStartMs;
    const perSecond = Math.max(FIRST_PER_SECOND, share * plan.fullPerSecond);
    return Math.max(0, Math.ceil(this.#lastDialAtMs + SECOND_MS / perSecond - nowMs));
  }

  /** Somebody is dialled who waits since then. */
  dialled(sinceMs: number, nowMs: number): void {
    if (sinceMs < (this.#warmingSinceMs ?? -Infinity)) this.#lastDialAtMs = nowMs;
  }
}
