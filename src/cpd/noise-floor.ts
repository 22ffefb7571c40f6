/** The level of the line when nobody speaks: minimum statistics over two seconds. */
import type { Measurements } from './spectrum.js';

/** The floor is the quietest moment of the last two seconds, kept in blocks. */
const BLOCK_FRAMES = 16;
const BLOCK_COUNT = 8;
/** Until that much has been heard the floor is not believed to be above this. dB */
const EARLY_FLOOR_DB = -48;

export class NoiseFloor {
  /** dB relative to full scale */
  db = EARLY_FLOOR_DB;

  readonly #blocks = new Float64Array(BLOCK_COUNT).fill(0);
  #blockIndex = 0;
  #blockFrames = 0;
  #blockMinDb = 0;

  /** Holes of lost packets say nothing about the line. */
  follow(m: Measurements): void {
    if (m.isHoled) return;
    this.#blockMinDb = Math.min(this.#blockMinDb, m.levelDb);
    if (++this.#blockFrames < BLOCK_FRAMES) {
      if (this.#blockMinDb < this.db) this.db = this.#blockMinDb;
      return;
    }
    this.#blocks[this.#blockIndex++ % BLOCK_COUNT] = this.#blockMinDb;
    this.#blockFrames = 0;
    this.#blockMinDb = 0;
    let floor = 0;
    const known = Math.min(this.#blockIndex, BLOCK_COUNT);
    for (let i = 0; i < known; i++) floor = Math.min(floor, this.#blocks[i]!);
    this.db = known < BLOCK_COUNT ? Math.min(floor, EARLY_FLOOR_DB) : floor;
  }
}
