/**
 * The two generated "files" of the media server: `silence_stream://<ms>` and the part of
 * `tone_stream://` that call progress needs: `[v=<dB>;]%(<onMs>,<offMs>,<Hz>[,<Hz>...])` segments
 * with `loops=<n>`.
 *
 * Everything else of the tone language (L=, d=, >=, musical notes) is refused, not approximated.
 * Source: FreeSWITCH wiki, "TGML" and mod_tone_stream.
 */

import { playSilence, SAMPLE_RATE_HZ, type PcmSource } from './pcm-source.js';

/** A stream ready to be played. */
export interface GeneratedStream {
  readonly source: PcmSource;
  /** Length in samples; Infinity for endless ones. */
  readonly samples: number;
}

interface ToneSegment {
  readonly amplitude: number;
  readonly onSamples: number;
  readonly offSamples: number;
  readonly frequenciesHz: readonly number[];
}

const DEFAULT_LEVEL_DB = -7; // libteletone's default
const FULL_SCALE_DBM0 = 3.14; // ITU-T G.711: the peak of the mu-law scale
const STREAM_MS_MAX = 24 * 3600 * 1000;
const SPEC_CHARACTERS_MAX = 1024;
const LOOPS_MAX = 10_000;

/**
 * Parses the part after `silence_stream://`.
 * @param spec milliseconds, optionally `,<noise divisor>` (the noise is left out); -1 is endless
 */
export function parseSilenceStream(spec: string): GeneratedStream | undefined {
  const match = /^(-1|\d{1,9})(?:,\d{1,6})?$/.exec(spec);
  if (!match) return undefined;
  const ms = Number(match[1]);
  if (ms > STREAM_MS_MAX) return undefined;
  const samples = ms < 0 ? Infinity : (ms * SAMPLE_RATE_HZ) / 1000;
  return { source: playSilence(samples), samples };
}

/** Parses the part after `tone_stream://`; undefined for anything outside the subset. */
export function parseToneStream(spec: string): GeneratedStream | undefined {
  if (spec.length > SPEC_CHARACTERS_MAX) return undefined;
  const segments: ToneSegment[] = [];
  let amplitude = amplitudeOf(DEFAULT_LEVEL_DB);
  let loops = 1;
  for (const part of spec.split(';')) {
    const level = /^v=(-?\d{1,2}(?:\.\d{1,2})?)$/.exec(part);
    const loop = /^loops=(-1|\d{1,5})$/.exec(part);
    if (level) amplitude = amplitudeOf(Number(level[1]));
    else if (loop) loops = Number(loop[1]) < 0 ? Infinity : Math.min(LOOPS_MAX, Number(loop[1]));
    else {
      const parsed = parseSegments(part, amplitude);
      if (!parsed) return undefined;
      segments.push(...parsed);
    }
  }
  const once = segments.reduce((sum, s) => sum + s.onSamples + s.offSamples, 0);
  if (once === 0 || loops === 0) return undefined;
  return { source: new ToneSource(segments, once, once * loops), samples: once * loops };
}

function amplitudeOf(levelDb: number): number {
  return 32767 * 10 ** ((Math.min(0, levelDb) - FULL_SCALE_DBM0) / 20);
}

function parseSegments(part: string, amplitude: number): ToneSegment[] | undefined {
  const segments: ToneSegment[] = [];
  const pattern = /%\((\d{1,5}),(\d{1,5})((?:,\d{1,4}(?:\.\d{1,2})?){1,4})\)/y;
  while (pattern.lastIndex < part.length) {
    const match = pattern.exec(part);
    if (!match) return undefined;
    segments.push({
      amplitude,
      onSamples: (Number(match[1]) * SAMPLE_RATE_HZ) / 1000,
      offSamples: (Number(match[2]) * SAMPLE_RATE_HZ) / 1000,
      frequenciesHz: (match[3] ?? '').slice(1).split(',').map(Number),
    });
    if (segments.length > 64) return undefined;
  }
  return segments.length > 0 ? segments : undefined;
}

/** Computes each sample from its position, so that no loop drifts. */
class ToneSource implements PcmSource {
  readonly #segments: readonly ToneSegment[];
  readonly #onceSamples: number;
  readonly #totalSamples: number;
  #position = 0;

  constructor(segments: readonly ToneSegment[], onceSamples: number, totalSamples: number) {
    this.#segments = segments;
    this.#onceSamples = onceSamples;
    this.#totalSamples = totalSamples;
  }

  read(into: Int16Array): number {
    const count = Math.min(into.length, this.#totalSamples - this.#position);
    for (let i = 0; i < count; i++) into[i] = this.#sampleAt(this.#position++ % this.#onceSamples);
    return count;
  }

  #sampleAt(offset: number): number {
    let left = offset;
    for (const segment of this.#segments) {
      if (left < segment.onSamples) {
        let sum = 0;
        for (const hz of segment.frequenciesHz) {
          sum += Math.sin((2 * Math.PI * hz * left) / SAMPLE_RATE_HZ);
        }
        return Math.round((sum / segment.frequenciesHz.length) * segment.amplitude);
      }
      left -= segment.onSamples + segment.offSamples;
      if (left < 0) return 0;
    }
    return 0;
  }
}
