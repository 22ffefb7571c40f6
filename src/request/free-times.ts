/** What to offer instead of a time that cannot be had. */
import type { ServiceConfig } from '../config/config.js';
import type { CallbackStore } from '../schedule/callback-store.js';
import { bookableSlot, offeredSlots, type TimePlans } from '../schedule/dial-times.js';
import { RequestProblem, type RequestCode } from './problem.js';

const LOOKED_AT_MS = 7 * 24 * 3600 * 1000;
const TIMES_MAX = 10;
const ABOUT_TIME: readonly RequestCode[] = ['CBD_REQUEST_CLOSED', 'CBD_REQUEST_NO_CAPACITY'];

/**
 * Adds to a refusal that is about the desired time the next free times from `nearMs` on, a week at most.
 * Any other error is given back as it is.
 */
export async function withFreeTimes(
  error: unknown,
  service: ServiceConfig,
  plans: TimePlans,
  store: Pick<CallbackStore, 'booked'>,
  nearMs: number,
): Promise<unknown> {
  const isAboutTime = error instanceof RequestProblem && ABOUT_TIME.includes(error.code);
  if (!isAboutTime) return error;
  const { fromMs } = bookableSlot(service, plans, nearMs);
  const toMs = fromMs + LOOKED_AT_MS;
  const { slotMs } = service.time;
  const booked = await store.booked({ serviceName: service.name, fromMs, toMs, slotMs });
  const free = offeredSlots(service, plans, { fromMs: nearMs, toMs }, booked).filter(
    (slot) => slot.free > 0,
  );
  const availability = Object.fromEntries(
    free.slice(0, TIMES_MAX).map((slot) => [new Date(slot.fromMs).toISOString(), slot.free]),
  );
  return new RequestProblem(error.code, error.message, { ...error.details, availability });
}
