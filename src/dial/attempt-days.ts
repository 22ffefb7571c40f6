/**
 * Daily caps on dials, of a service and of all services together: a thief who has found a way to order
 * calls is stopped by them. Counted in the store with each attempt, so that a restart and other nodes
 * change nothing; what is known here is only that a day is full, so that nobody asks again before the
 * next.
 */
import type { Closed } from '../callflow/vocabulary.js';
import type { DiallingConfig, ServiceConfig } from '../config/config.js';
import type { Clock } from '../ports.js';
import type { CounterLimit, CounterRefusal } from '../schedule/admission-limits.js';
import { DAY_MAX_MS, dayEndMs } from '../schedule/day-end.js';

export class AttemptDays {
  /** By the counter's key: until when it is full, and with which limit. */
  readonly #full = new Map<string, { readonly untilMs: number; readonly max: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly dialling: () => DiallingConfig,
  ) {}

  /** What one more dial of this service uses up. */
  limitsOf(service: ServiceConfig): readonly CounterLimit[] {
    const { maxAttemptsPerDay: ofAll, dayZone } = this.dialling();
    const { maxAttemptsPerDay: ofService } = service.limits;
    if (ofAll === undefined && ofService === undefined) return [];
    // Around midnight the clocks of several processes, or one that is set back, would begin the day again and again.
    const day = { endsAtMs: dayEndMs(this.clock.nowMs(), dayZone), mayEndLaterMs: DAY_MAX_MS };
    return [
      ...(ofService === undefined ? [] : [{ key: keyOf(service), max: ofService, ...day }]),
      ...(ofAll === undefined ? [] : [{ key: ALL_KEY, max: ofAll, ...day }]),
    ];
  }

  noteFull(service: ServiceConfig, { key, endsAtMs }: CounterRefusal): void {
    const limit = this.limitsOf(service).find((one) => one.key === key);
    if (limit) this.#full.set(key, { untilMs: endsAtMs, max: limit.max });
  }

  /** A limit that was raised in the meantime is tried again. */
  closed(service: ServiceConfig): Closed | undefined {
    const nowMs = this.clock.nowMs();
    for (const { key, max } of this.limitsOf(service)) {
      const full = this.#full.get(key);
      if (!full || full.untilMs <= nowMs || full.max < max) continue;
      const option = key === ALL_KEY ? 'dialling.maxAttemptsPerDay' : 'maxAttemptsPerDay';
      return { forMs: full.untilMs - nowMs, why: `${option} is ${max}` };
    }
    return undefined;
  }
}

const ALL_KEY = 'attempts of all';

function keyOf({ name }: ServiceConfig): string {
  return `attempts of service ${name}`;
}
