/**
 * So many calls in any second, whenever it begins: a carrier that counts does not care where ours does.
 * Pure; the caller says what time it is.
 */
const SECOND_MS = 1000;

export class CallsPerSecond {
  /** When the latest ones were made, oldest first; as many as the limit at most. */
  #madeAtMs: number[] = [];

  /** @returns how long the next one has to wait; 0: it may be made now */
  waitMs(limit: number, nowMs: number): number {
    this.#forget(nowMs);
    const first = this.#madeAtMs[this.#madeAtMs.length - limit];
    return first === undefined ? 0 : first + SECOND_MS - nowMs;
  }

  /** One is made now. */
  take(nowMs: number): void {
    this.#madeAtMs.push(nowMs);
  }

  /** Made in the last second. */
  count(nowMs: number): number {
    this.#forget(nowMs);
    return this.#madeAtMs.length;
  }

  /** A clock that was set back begins anew, too. */
  #forget(nowMs: number): void {
    const isRecent = (atMs: number): boolean => atMs > nowMs - SECOND_MS && atMs <= nowMs;
    if (this.#madeAtMs.every(isRecent)) return;
    this.#madeAtMs = this.#madeAtMs.filter(isRecent);
  }
}
