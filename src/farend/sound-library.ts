/**
 * The voices of the called parties, read once each. Names are relative to the media directory and
 * may not leave it; a voice that is missing is an error at the start, not a silent call later.
 */
import { isAbsolute, join, relative } from 'node:path';
import { readWavFile } from '../embedded/rtp/wav.js';

export class SoundLibrary {
  readonly #directory: string;
  readonly #sounds = new Map<string, Promise<Int16Array>>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws Error naming the first file that cannot be used */
  async preload(files: Iterable<string>): Promise<void> {
    for (const file of new Set(files)) await this.get(file);
  }

  /**
   * @returns 8 kHz samples
   * @throws Error when the file is missing, no WAV file, or outside the media directory
   */
  get(file: string): Promise<Int16Array> {
    const known = this.#sounds.get(file);
    if (known) return known;
    const loading = this.#read(file);
    this.#sounds.set(file, loading);
    return loading;
  }

  async #read(file: string): Promise<Int16Array> {
    const path = join(this.#directory, file);
    const way = relative(this.#directory, path);
    if (way.startsWith('..') || isAbsolute(way)) throw new Error(`${file}: not a media file`);
    const read = await readWavFile(path);
    if (!read.ok) throw new Error(`${path}: ${read.problem} (${read.detail})`);
    return read.pcm;
  }
}
