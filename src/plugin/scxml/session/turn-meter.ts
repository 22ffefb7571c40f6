/**
 * What a turn takes of the processor beyond what is counted in interrupts: there are statements that QuickJS
 * carries out in one go, such as a character class of many ranges or the product of huge numbers, and
 * a page could keep its thread busy with them within all other limits.
 */
import type { SessionHost } from './host.js';

/** Shorter turns are not looked at. */
const LONG_TURN_MS = 100;
/** Asking the system takes longer than most turns, so it is not asked before each. */
const READING_AGE_MAX_MS = 200;

export class TurnMeter {
  readonly #host: Pick<SessionHost, 'clock' | 'processorMs'>;
  #beganAtMs = 0;
  #readAtMs: number;
  #usedMs: number | undefined;

  constructor(host: Pick<SessionHost, 'clock' | 'processorMs'>) {
    this.#host = host;
    this.#readAtMs = host.clock.nowMs();
    this.#usedMs = host.processorMs?.();
  }

  begin(): void {
    this.#beganAtMs = this.#host.clock.nowMs();
  }

  /** @returns ms of processor time, up to 200 ms too many; 0 for a turn of usual length or where nobody knows */
  end(): number {
    const nowMs = this.#host.clock.nowMs();
    const tookMs = nowMs - this.#beganAtMs;
    const isLong = tookMs >= LONG_TURN_MS;
    if (!isLong && nowMs - this.#readAtMs < READING_AGE_MAX_MS) return 0;
    const beforeMs = this.#usedMs;
    this.#readAtMs = nowMs;
    this.#usedMs = this.#host.processorMs?.();
    if (!isLong || beforeMs === undefined || this.#usedMs === undefined) return 0;
    return Math.min(tookMs, this.#usedMs - beforeMs);
  }
}
