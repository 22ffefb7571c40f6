/**
 * What turns take of the processor beyond what is counted in interrupts: there are statements that QuickJS
 * carries out in one go, such as a character class of many ranges or the product of huge numbers, and
 * a page could keep its thread busy with them within all other limits.
 */
import type { SessionHost } from './host.js';

/** Asking the system takes longer than most turns, so it is not asked after each. */
const READING_AGE_MS = 200;

/** `T`: whose turns they are. */
export class TurnMeter<T> {
  readonly #host: Pick<SessionHost, 'clock' | 'processorMs'>;
  /** By the clock, since the system was asked. */
  readonly #tookMs = new Map<T, number>();
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

  /**
   * @returns a few times a second, what each has used since the last time, in ms of processor time: as much
   * as its turns took by the clock, or its share where others had the processor meanwhile
   */
  end(who: T): readonly (readonly [T, number])[] {
    const nowMs = this.#host.clock.nowMs();
    const tookMs = nowMs - this.#beganAtMs;
    if (tookMs > 0) this.#tookMs.set(who, (this.#tookMs.get(who) ?? 0) + tookMs);
    return nowMs - this.#readAtMs < READING_AGE_MS ? [] : this.#read(nowMs);
  }

  #read(nowMs: number): readonly (readonly [T, number])[] {
    const beforeMs = this.#usedMs;
    this.#readAtMs = nowMs;
    this.#usedMs = this.#host.processorMs?.();
    const turns = [...this.#tookMs];
    this.#tookMs.clear();
    if (beforeMs === undefined || this.#usedMs === undefined) return [];
    const sumMs = turns.reduce((sum, [, tookMs]) => sum + tookMs, 0);
    const share = Math.min(1, (this.#usedMs - beforeMs) / sumMs);
    return turns.map(([who, tookMs]) => [who, tookMs * share]);
  }
}
