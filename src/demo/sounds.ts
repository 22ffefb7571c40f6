/**
 * The treatments of a configuration as samples, found the way the player finds them: names in the
 * media folders, URLs fetched. What cannot be played is known here as well, because the flow then goes
 * on as if that treatment were off.
 */
import { readWavFile } from '../embedded/rtp/wav.js';
import { resolveMedia, type MediaFiles, type MediaPlaces } from '../treatment/media-file.js';

const SAMPLES_PER_MS = 8;
/** Softer than this on average, no ear can tell whether it was played. */
const AUDIBLE_RMS = 30;

export class SoundShelf {
  readonly #sounds = new Map<string, Promise<Int16Array | undefined>>();

  constructor(
    private readonly places: MediaPlaces,
    private readonly files: MediaFiles,
  ) {}

  /** @returns 8 kHz mono samples; undefined when the file cannot be played */
  samples(file: string): Promise<Int16Array | undefined> {
    const known = this.#sounds.get(file);
    if (known) return known;
    const read = this.#read(file);
    this.#sounds.set(file, read);
    return read;
  }

  async durationMs(file: string): Promise<number> {
    return ((await this.samples(file))?.length ?? 0) / SAMPLES_PER_MS;
  }

  async isAudible(file: string): Promise<boolean> {
    const pcm = await this.samples(file);
    if (!pcm || pcm.length === 0) return false;
    let energy = 0;
    for (const sample of pcm) energy += sample * sample;
    return Math.sqrt(energy / pcm.length) >= AUDIBLE_RMS;
  }

  async #read(file: string): Promise<Int16Array | undefined> {
    const media = await resolveMedia(file, this.places, this.files);
    if (media.kind === 'unplayable') return undefined;
    const wav = await readWavFile(media.path);
    return wav.ok && wav.pcm.length > 0 ? wav.pcm : undefined;
  }
}
