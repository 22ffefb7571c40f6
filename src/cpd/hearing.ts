/**
 * Measures a recording once for any number of detectors. Spectrum, pitch and voice model are most of what
 * listening costs and do not depend on the options; trying hundreds of timing rules need not repeat them.
 */
import { Spectrum, type Measurements } from './spectrum.js';
import { VoiceEars, type Ears, type Impression } from './voice-ears.js';

/** Where a detector gets its measurements from. */
export interface Hearing {
  readonly spectrum: Pick<Spectrum, 'now' | 'analyse'>;
  readonly ears: Ears;
}

/** For a call: everything is measured as it comes. */
export const liveHearing = (): Hearing => ({ spectrum: new Spectrum(), ears: new VoiceEars() });

interface Moment {
  readonly measured: Measurements;
  readonly impression: Impression | null;
}

/** Keeps 3.5 kB for each 16 ms of a recording. */
export class HeardOnce {
  readonly #source = liveHearing();
  readonly #moments: Moment[] = [];

  /** @returns a hearing from the start. Every detector has to be given the same samples, and silence after them. */
  again(): Hearing {
    const spectrum = new Spectrum();
    let count = 0;
    const ears = new RememberedEars();
    const analyse = (hop: Float64Array, endMs: number): void => {
      if (count === this.#moments.length) this.#measure(hop, endMs);
      const { measured, impression } = this.#moments[count++]!;
      copy(measured, spectrum.now);
      ears.impression = impression;
    };
    return { spectrum: { now: spectrum.now, analyse }, ears };
  }

  #measure(hop: Float64Array, endMs: number): void {
    const { spectrum, ears } = this.#source;
    spectrum.analyse(hop, endMs);
    const measured = new Spectrum().now;
    copy(spectrum.now, measured);
    const isHeard = ears.listen(measured);
    const { speech, music, persistence, flux } = ears;
    this.#moments.push({
      measured,
      impression: isHeard ? { speech, music, persistence, flux } : null,
    });
  }
}

class RememberedEars implements Ears {
  speech = 0;
  music = 0;
  persistence = 0;
  flux = 0;
  /** Of the newest hop; null: there was nothing to look at. */
  impression: Impression | null = null;

  listen(): boolean {
    if (!this.impression) return false;
    Object.assign(this, this.impression);
    return true;
  }
}

function copy(from: Measurements, to: Measurements): void {
  const { power, samples, pitch, ...rest } = from;
  Object.assign(to, rest);
  Object.assign(to.pitch, pitch);
  to.power.set(power);
  to.samples.set(samples);
}
