/**
 * A set of telephone numbers in E.164 that stays small with millions of them: their digits as numbers
 * (15 digits fit exactly) in open-addressing tables. It is cut into parts that grow on their own, so
 * that adding one never takes long.
 */

const PART_COUNT = 1024;
const FIRST_CAPACITY = 16;
/** Fuller than this a part is doubled. */
const LOAD_MAX = 0.7;
const E164 = /^\+[1-9][0-9]{2,14}$/;

interface Part {
  /** 0 = free; its length is a power of two. */
  slots: Float64Array;
  count: number;
}

export class NumberSet {
  readonly #parts: Part[] = Array.from({ length: PART_COUNT }, () => ({
    slots: new Float64Array(FIRST_CAPACITY),
    count: 0,
  }));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns false when it is no number in E.164 */
  add(e164: string): boolean {
    if (!E164.test(e164)) return false;
    const value = Number(e164);
    const hash = hashOf(value);
    const part = this.#partOf(hash);
    if (put(part.slots, value, hash)) {
      part.count += 1;
      this.#size += 1;
      if (part.count > part.slots.length * LOAD_MAX) grow(part);
    }
    return true;
  }

  has(e164: string): boolean {
    const value = Number(e164);
    if (!(value > 0)) return false;
    const hash = hashOf(value);
    const { slots } = this.#partOf(hash);
    return slots[slotOf(slots, value, hash)] === value;
  }

  #partOf(hash: number): Part {
    // There are as many parts as there are remainders.
    return this.#parts[hash % PART_COUNT] as Part;
  }
}

/** Where it is, or where it would go. */
function slotOf(slots: Float64Array, value: number, hash: number): number {
  const last = slots.length - 1;
  let at = Math.floor(hash / PART_COUNT) & last;
  while (slots[at] !== 0 && slots[at] !== value) at = (at + 1) & last;
  return at;
}

/** @returns whether it is new */
function put(slots: Float64Array, value: number, hash: number): boolean {
  const at = slotOf(slots, value, hash);
  if (slots[at] === value) return false;
  slots[at] = value;
  return true;
}

function grow(part: Part): void {
  const larger = new Float64Array(part.slots.length * 2);
  for (const value of part.slots) if (value !== 0) put(larger, value, hashOf(value));
  part.slots = larger;
}

/** Numbers of one customer base differ in a few digits: every digit has to stir every bit. */
function hashOf(value: number): number {
  const low = value % 0x1_0000_0000;
  const high = Math.floor(value / 0x1_0000_0000);
  let hash = Math.imul(low ^ Math.imul(high, 0x9e37_79b1), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
