/**
 * A binary heap that finds its items again: the first one in O(1); adding, removing and moving any of
 * them in O(log n). Neither the line of waiting customers nor the agents who are free are ever scanned.
 */
import { PassingMap } from './passing-map.js';

export class IndexedHeap<T> {
  readonly #items: T[] = [];
  readonly #places = new PassingMap<T, number>();

  /** @param isBefore a strict order that stays as it is while the items are in here */
  constructor(private readonly isBefore: (a: T, b: T) => boolean) {}

  get size(): number {
    return this.#items.length;
  }

  first(): T | undefined {
    return this.#items[0];
  }

  has(item: T): boolean {
    return this.#places.has(item);
  }

  /** An item that is in already stays where it is. */
  add(item: T): void {
    if (this.#places.has(item)) return;
    this.#put(item, this.#items.length);
    this.#rise(this.#items.length - 1);
  }

  /** @returns whether it was in */
  remove(item: T): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const last = this.#items.pop();
    if (last === undefined || last === item) return true;
    this.#put(last, place);
    this.#rise(place);
    this.#sink(this.#places.get(last) ?? place);
    return true;
  }

  /** The first `count` in their order, in O(count²) whatever the size. */
  top(count: number): T[] {
    const found: T[] = [];
    const open = [0];
    while (found.length < count) {
      const index = this.#leastOf(open);
      const place = open[index] ?? this.#items.length;
      const item = this.#items[place];
      if (item === undefined) break;
      found.push(item);
      open[index] = 2 * place + 1;
      open.push(2 * place + 2);
    }
    return found;
  }

  /** In no order. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items[Symbol.iterator]();
  }

  /** Which of these places holds the item that comes first; 0 when all are empty. */
  #leastOf(places: readonly number[]): number {
    let best = 0;
    let least = this.#items[places[0] ?? 0];
    for (let index = 1; index < places.length; index += 1) {
      const item = this.#items[places[index] ?? 0];
      if (item === undefined || (least !== undefined && !this.isBefore(item, least))) continue;
      best = index;
      least = item;
    }
    return best;
  }

  #rise(from: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#swapIfBefore(place, parent)) return;
      place = parent;
    }
  }

  #sink(from: number): void {
    let place = from;
    for (;;) {
      const [left, right] = [this.#items[2 * place + 1], this.#items[2 * place + 2]];
      if (left === undefined) return;
      const isRight = right !== undefined && this.isBefore(right, left);
      const child = 2 * place + (isRight ? 2 : 1);
      if (!this.#swapIfBefore(child, place)) return;
      place = child;
    }
  }

  /** @returns whether they were swapped */
  #swapIfBefore(place: number, parent: number): boolean {
    const [item, above] = [this.#items[place], this.#items[parent]];
    if (item === undefined || above === undefined || !this.isBefore(item, above)) return false;
    this.#put(above, place);
    this.#put(item, parent);
    return true;
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }
}
