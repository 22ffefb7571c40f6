/**
 * The line of customers who are to be dialled: one lane for each service, served in turn by their
 * shares; in a lane first come, first served, but who cannot go because every way of theirs is full
 * holds up nobody who has another. Remembers what is in the way of each, for whoever asks why.
 */
import { FairShare } from '../schedule/fair-share.js';

/** Why nobody may dial just now, for metrics and documents. */
export type HoldCode =
  | 'not-due'
  | 'paused'
  | 'not-ready'
  | 'store'
  | 'number-busy'
  | 'retry-pause'
  | 'in-line'
  | 'media-servers'
  | 'trunk'
  | 'all-calls'
  | 'all-rate'
  | 'service-calls'
  | 'service-rate'
  | 'no-agent'
  | 'warm-start';

/** Why nobody may dial just now, and after how long that may be different; else it is poked. */
export interface Hindrance {
  readonly code: HoldCode;
  readonly why: string;
  readonly waitMs?: number;
}

export interface DialWish {
  /** Asked when it would be this one's turn; a place that it takes is used. */
  readonly hindrance: () => Hindrance | undefined;
  /** Those of a service with the same are hindered alike: who has another may go first then. */
  readonly way?: string | undefined;
  readonly service?: string | undefined;
  /** Weight of the service. */
  readonly share?: number | undefined;
}

interface Lane<T> {
  readonly name: string;
  readonly waiting: T[];
  /** By way, as it was when they were asked last. */
  readonly blocked: Map<string, Hindrance>;
}

const IN_LINE: Hindrance = { code: 'in-line', why: 'others are dialled first' };

export class DialLine<T extends { readonly wish: DialWish }> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #shares = new FairShare();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(one: T): void {
    const name = one.wish.service ?? '';
    const lane: Lane<T> = this.#lanes.get(name) ?? { name, waiting: [], blocked: new Map() };
    this.#lanes.set(name, lane);
    lane.waiting.push(one);
    this.#length += 1;
  }

  remove(one: T): void {
    const lane = this.#lanes.get(one.wish.service ?? '');
    const index = lane?.waiting.indexOf(one) ?? -1;
    if (lane && index >= 0) this.#take(lane, index);
  }

  /** The next who can go, or what is in the way of everybody: the hindrance that is over soonest. */
  takeNext(): T | Hindrance {
    let soonest: Hindrance | undefined;
    for (const lane of this.#shares.inOrder([...this.#lanes.values()])) {
      lane.blocked.clear();
      for (const [index, one] of lane.waiting.entries()) {
        const { way = '', hindrance, share = 1 } = one.wish;
        if (lane.blocked.has(way)) continue;
        const found = hindrance();
        if (!found) {
          this.#take(lane, index);
          this.#shares.got(lane.name, share);
          return one;
        }
        lane.blocked.set(way, found);
        if ((found.waitMs ?? Infinity) <= (soonest?.waitMs ?? Infinity)) soonest = found;
      }
    }
    return soonest ?? IN_LINE;
  }

  /** What keeps somebody in the line. */
  heldBecause({ wish: { service = '', way = '' } }: T): Hindrance {
    return this.#lanes.get(service)?.blocked.get(way) ?? IN_LINE;
  }

  /** How many wait for what. */
  heldCounts(): ReadonlyMap<HoldCode, number> {
    const counts = new Map<HoldCode, number>();
    for (const { waiting } of this.#lanes.values()) {
      for (const one of waiting) {
        const { code } = this.heldBecause(one);
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
    }
    return counts;
  }

  #take(lane: Lane<T>, index: number): void {
    lane.waiting.splice(index, 1);
    this.#length -= 1;
    if (lane.waiting.length === 0) this.#lanes.delete(lane.name);
  }
}
