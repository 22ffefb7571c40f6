/**
 * Limits that all processes together have reached, as the store said when it refused a dial: nobody here
 * asks it again before a moment has passed, or a call of ours has ended.
 */
import type { Clock } from '../ports.js';
import type { CallLimit, CallLimitRefusal } from '../schedule/call-limits.js';
import type { Hindrance, HoldCode } from './dial-line.js';

/** When the store is asked again whether a call has ended elsewhere. */
const LOOK_AGAIN_MS = 500;
/** No limit is full for longer than a second without being looked at. */
const LOOK_AGAIN_MAX_MS = 1000;

const CODES: Readonly<Record<CallLimit['of'], readonly [HoldCode, HoldCode]>> = {
  all: ['all-calls', 'all-rate'],
  service: ['service-calls', 'service-rate'],
  trunk: ['trunk', 'trunk'],
};

export class FullElsewhere {
  readonly #full = new Map<string, { readonly untilMs: number; readonly isRate: boolean }>();

  constructor(private readonly clock: Clock) {}

  note({ of, name, waitMs }: CallLimitRefusal): void {
    const untilMs = this.clock.nowMs() + Math.min(waitMs ?? LOOK_AGAIN_MS, LOOK_AGAIN_MAX_MS);
    this.#full.set(`${of} ${name}`, { untilMs, isRate: waitMs !== undefined });
  }

  /** A call of ours is over: there may be room for another one. */
  forgetCalls(): void {
    for (const [key, { isRate }] of this.#full) if (!isRate) this.#full.delete(key);
  }

  /** @returns undefined when nothing is known against one more call */
  hindrance(
    of: CallLimit['of'],
    name = '',
  ): (Hindrance & { readonly isRate: boolean }) | undefined {
    const { untilMs = 0, isRate = false } = this.#full.get(`${of} ${name}`) ?? {};
    const waitMs = untilMs - this.clock.nowMs();
    // A clock that was set back must not close anything for hours.
    if (waitMs <= 0 || waitMs > LOOK_AGAIN_MAX_MS) return undefined;
    const whose = of === 'all' ? 'dialling' : `${of} ${name}`;
    const limit = isRate ? 'maxCallsPerSecond' : 'maxConcurrentCalls';
    const why = `all processes together have reached ${limit} of ${whose}`;
    return { code: CODES[of][isRate ? 1 : 0], why, waitMs, isRate };
  }
}
