/**
 * The order in which customers wait: the most urgent first, at equal urgency whoever came first.
 *
 * Urgency is a customer's priority, grown by an increment for each interval of waiting; it grows evenly
 * in between. Two customers whose urgency grows alike never overtake each other, so each rate of growth
 * has a heap of its own and only the heads are compared at the time somebody asks.
 */
import { IndexedHeap } from './indexed-heap.js';

export interface Waiter {
  /** Order of arrival in this process; no two are alike. */
  readonly seq: number;
  /** When the wait began, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** `_urs_vq_priority`. */
  readonly priority: number;
  /** `_urs_vq_priority_increment` for each `_urs_vq_priority_increment_interval`; 0 = no growth. */
  readonly priorityIncrement: number;
  readonly priorityIncrementIntervalMs: number;
}

/** How urgent a customer is at a time. */
export function urgencyAt(waiter: Waiter, atMs: number): number {
  return waiter.priority + growthOf(waiter) * (atMs - waiter.sinceMs);
}

/** The priority that travels with the call: it grows by whole increments. */
export function priorityAt(waiter: Waiter, atMs: number): number {
  const { priority, priorityIncrement, priorityIncrementIntervalMs, sinceMs } = waiter;
  if (priorityIncrementIntervalMs <= 0) return priority;
  const intervals = Math.floor(Math.max(0, atMs - sinceMs) / priorityIncrementIntervalMs);
  return priority + priorityIncrement * intervals;
}

/** Does `a` go before `b`? A strict order at any time. */
export function goesBefore(a: Waiter, b: Waiter, atMs: number): boolean {
  const lead = urgencyAt(a, atMs) - urgencyAt(b, atMs);
  if (lead !== 0) return lead > 0;
  return a.sinceMs === b.sinceMs ? a.seq < b.seq : a.sinceMs < b.sinceMs;
}

export class WaitingLine<T extends Waiter> {
  readonly #byGrowth = new Map<number, IndexedHeap<T>>();

  get size(): number {
    let size = 0;
    for (const heap of this.#byGrowth.values()) size += heap.size;
    return size;
  }

  /** Somebody may overtake somebody with time alone. */
  get isAgeing(): boolean {
    return this.#byGrowth.size > 1;
  }

  has(waiter: T): boolean {
    return this.#byGrowth.get(growthOf(waiter))?.has(waiter) ?? false;
  }

  add(waiter: T): void {
    const growth = growthOf(waiter);
    let heap = this.#byGrowth.get(growth);
    if (heap === undefined) {
      // Alike in growth, they compare at any time as they do at the start of the epoch.
      heap = new IndexedHeap<T>((a, b) => isBeforeAlike(a, b, growth));
      this.#byGrowth.set(growth, heap);
    }
    heap.add(waiter);
  }

  remove(waiter: T): boolean {
    const growth = growthOf(waiter);
    const heap = this.#byGrowth.get(growth);
    const wasIn = heap?.remove(waiter) ?? false;
    if (heap?.size === 0) this.#byGrowth.delete(growth);
    return wasIn;
  }

  first(atMs: number): T | undefined {
    let best: T | undefined;
    for (const heap of this.#byGrowth.values()) {
      const head = heap.first();
      if (head !== undefined && (best === undefined || goesBefore(head, best, atMs))) best = head;
    }
    return best;
  }

  /** The first `count` in their order. */
  top(count: number, atMs: number): T[] {
    let top: T[] | undefined;
    for (const heap of this.#byGrowth.values()) {
      const heads = heap.top(count);
      top = top ? merged(top, heads, count, atMs) : heads;
    }
    return top ?? [];
  }

  /** From 1; 0 for one who is not in line. Looks at everybody, so it is for those who ask only. */
  positionOf(waiter: T, atMs: number): number {
    if (!this.has(waiter)) return 0;
    let position = 1;
    for (const heap of this.#byGrowth.values()) {
      for (const other of heap) {
        if (other !== waiter && goesBefore(other, waiter, atMs)) position += 1;
      }
    }
    return position;
  }
}

/** The first `count` of two lists that are in order; asked for with each event, and so without a sort. */
function merged<T extends Waiter>(
  a: readonly T[],
  b: readonly T[],
  count: number,
  atMs: number,
): T[] {
  const first: T[] = [];
  let [ofA, ofB] = [0, 0];
  while (first.length < count) {
    const [one, other] = [a[ofA], b[ofB]];
    const isOne = one && (!other || goesBefore(one, other, atMs));
    const next = isOne ? one : other;
    if (!next) break;
    first.push(next);
    if (isOne) ofA += 1;
    else ofB += 1;
  }
  return first;
}

/** A millisecond's growth. */
function growthOf({ priorityIncrement, priorityIncrementIntervalMs }: Waiter): number {
  return priorityIncrementIntervalMs > 0 ? priorityIncrement / priorityIncrementIntervalMs : 0;
}

/** Differences only: products with times since the epoch would lose the last digits. */
function isBeforeAlike(a: Waiter, b: Waiter, growth: number): boolean {
  const lead = a.priority - b.priority + growth * (b.sinceMs - a.sinceMs);
  if (lead !== 0) return lead > 0;
  return a.sinceMs === b.sinceMs ? a.seq < b.seq : a.sinceMs < b.sinceMs;
}
