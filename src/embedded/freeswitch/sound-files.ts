/**
 * Turns what `playback` is given into sound: WAV files by absolute or relative path, WAV files by
 * http(s), `file_string://a!b` lists, silence_stream, the subset of tone_stream, and local_stream (the
 * files of a directory as music that never ends). Decoded files
 * are kept for a while, so that a treatment played to many callers is read once.
 *
 * Like FreeSWITCH it tells its user only that there is no such sound; the reason goes to the log.
 */

import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { playSamples, playSilence, SAMPLE_RATE_HZ, type PcmSource } from '../rtp/pcm-source.js';
import { parseSilenceStream, parseToneStream } from '../rtp/tones.js';
import { readWavFile, type WavResult } from '../rtp/wav.js';
import type { LogFunction } from '../sip/stack.js';
import { fetchWav } from './fetch-wav.js';

/** Something to play, opened. */
export interface Sound {
  readonly source: PcmSource;
  /** Length of the whole sound in samples, Infinity for endless ones. */
  readonly samples: number;
  /** Where playing starts (`@@samples`). */
  readonly startSample: number;
  /** Playback-File-Path of its events: absolute, without the offset. */
  readonly path: string;
  /** Generated streams go on counting their offset over a list; files begin at 0. */
  readonly isGenerated: boolean;
}

/** Schemes understood, besides plain paths. */
export const FILE_FORMATS = [
  'file_string',
  'http',
  'https',
  'local_stream',
  'silence_stream',
  'tone_stream',
] as const;

const LIST_ENTRIES_MAX = 128; // as in mod_dptools.c
/** FreeSWITCH puts a quarter of a second before a list whose first file could be opened. */
const LIST_LEAD_SAMPLES = 2000;
const CACHE_SAMPLES_MAX = 32 * 1024 * 1024;
const URL_FRESH_MS = 60_000;

interface CacheEntry {
  readonly result: Promise<WavResult>;
  samples: number;
}

/** See the head of this file. */
export class SoundFiles {
  readonly #cache = new Map<string, CacheEntry>();
  #cachedSamples = 0;

  constructor(
    private readonly soundsDirectory: string,
    private readonly onLog: LogFunction,
  ) {}

  /** @returns undefined for whatever FreeSWITCH answers with FILE NOT FOUND */
  async open(spec: string): Promise<Sound | undefined> {
    const [, name = '', offset] = /^(.*?)(?:@@(\d{1,12}))?$/s.exec(spec) ?? [];
    const startSample = Number(offset ?? 0);
    const scheme = /^([a-z_]+):\/\/(.*)$/s.exec(name);
    if (scheme?.[1] === 'file_string') return this.#openList(scheme[2] ?? '', name, startSample);
    if (scheme?.[1] === 'silence_stream' || scheme?.[1] === 'tone_stream') {
      const parse = scheme[1] === 'silence_stream' ? parseSilenceStream : parseToneStream;
      const stream = parse(scheme[2] ?? '');
      return stream && { ...stream, startSample: 0, path: name, isGenerated: true };
    }
    if (scheme?.[1] === 'local_stream') return this.#openMusic(scheme[2] ?? '', name);
    const pcm = await this.#openPcm(name, scheme?.[1]);
    if (!pcm) return undefined;
    const start = Math.min(startSample, pcm.length);
    return {
      source: playSamples(pcm, start),
      samples: pcm.length,
      startSample: start,
      path: scheme ? name : this.#absolute(name),
      isGenerated: false,
    };
  }

  #absolute(name: string): string {
    return isAbsolute(name) ? name : resolve(this.soundsDirectory, name);
  }

  async #openPcm(name: string, scheme: string | undefined): Promise<Int16Array | undefined> {
    const isUrl = scheme === 'http' || scheme === 'https';
    if ((scheme !== undefined && !isUrl) || name === '' || name.includes('\0')) return undefined;
    const key = isUrl ? urlKey(name) : await fileKey(this.#absolute(name));
    const read = isUrl ? () => fetchWav(name) : () => readWavFile(this.#absolute(name));
    const result = await this.#cached(key, read);
    if (result.ok) return result.pcm;
    this.onLog('warn', 'sound not playable', {
      name: name.slice(0, 200),
      problem: result.problem,
      detail: result.detail,
    });
    return undefined;
  }

  /** All WAV files of a directory of the sounds, by name, for ever; it has played since we started. */
  async #openMusic(name: string, path: string): Promise<Sound | undefined> {
    if (!/^[\w-]{1,64}$/.test(name)) return undefined;
    const directory = this.#absolute(name);
    const files = await readdir(directory).catch(() => []);
    const wavs = files.filter((file) => file.endsWith('.wav')).sort();
    const all = await Promise.all(
      wavs
        .slice(0, LIST_ENTRIES_MAX)
        .map((file) => this.#openPcm(join(directory, file), undefined)),
    );
    const pieces = all.flatMap((pcm) => (pcm ? [pcm] : []));
    const once = pieces.reduce((sum, pcm) => sum + pcm.length, 0);
    if (once === 0) return undefined;
    const playedSamples = Math.floor((performance.now() * SAMPLE_RATE_HZ) / 1000);
    const source = repeatPieces(pieces, playedSamples % once);
    return { source, samples: Infinity, startSample: 0, path, isGenerated: true };
  }

  async #openList(list: string, path: string, startSample: number): Promise<Sound | undefined> {
    const names = list.split('!', LIST_ENTRIES_MAX);
    const sounds = await Promise.all(
      names.map(async (name) => (name.startsWith('file_string:') ? undefined : this.open(name))),
    );
    const sources = sounds.flatMap((sound) => (sound ? [sound.source] : []));
    if (sources.length === 0) return undefined;
    const lead = sounds[0] ? LIST_LEAD_SAMPLES : 0;
    const total = sounds.reduce((sum, s) => sum + (s ? s.samples - s.startSample : 0), lead);
    const source = joinSources([playSilence(lead), ...sources]);
    if (startSample > 0 && total !== Infinity) skip(source, Math.min(startSample, total));
    return {
      source,
      samples: total,
      startSample: total === Infinity ? 0 : Math.min(startSample, total),
      path,
      isGenerated: false,
    };
  }

  async #cached(key: string, read: () => Promise<WavResult>): Promise<WavResult> {
    const found = this.#cache.get(key);
    if (found) {
      this.#cache.delete(key); // to the young end
      this.#cache.set(key, found);
      return found.result;
    }
    const entry: CacheEntry = { result: read(), samples: 0 };
    this.#cache.set(key, entry);
    const result = await entry.result;
    if (!result.ok) this.#cache.delete(key);
    else if (this.#cache.get(key) === entry) this.#account(entry, result.pcm.length);
    return result;
  }

  #account(entry: CacheEntry, samples: number): void {
    entry.samples = samples;
    this.#cachedSamples += samples;
    for (const [key, oldest] of this.#cache) {
      if (this.#cachedSamples <= CACHE_SAMPLES_MAX) return;
      this.#cache.delete(key);
      this.#cachedSamples -= oldest.samples;
    }
  }
}

/** A file that was changed is another file. */
async function fileKey(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined);
  return `${path}|${info?.mtimeMs ?? 0}|${info?.size ?? 0}`;
}

function urlKey(url: string): string {
  return `${url}|${Math.floor(Date.now() / URL_FRESH_MS)}`;
}

/** Plays pieces one after the other without end, from a sample on. */
function repeatPieces(pieces: readonly Int16Array[], startSample: number): PcmSource {
  let index = 0;
  let position = startSample;
  return {
    read(into) {
      for (let piece = pieces[index]; piece; piece = pieces[index]) {
        if (position < piece.length) {
          const count = Math.min(into.length, piece.length - position);
          into.set(piece.subarray(position, position + count));
          position += count;
          return count;
        }
        position -= piece.length;
        index = (index + 1) % pieces.length;
      }
      return 0;
    },
  };
}

function joinSources(sources: PcmSource[]): PcmSource {
  return {
    read(into) {
      for (let first = sources[0]; first; first = sources[0]) {
        const count = first.read(into);
        if (count > 0) return count;
        sources.shift();
      }
      return 0;
    },
  };
}

function skip(source: PcmSource, samples: number): void {
  const scratch = new Int16Array(4096);
  for (let left = samples; left > 0;) {
    const count = source.read(left < scratch.length ? scratch.subarray(0, left) : scratch);
    if (count === 0) return;
    left -= count;
  }
}
