/**
 * The tones a called party's network or machine sends, as samples. Independent of the media
 * server's own tone generator on purpose: what the product plays and what it must detect should
 * not share a fault.
 *
 * Sources: ITU-T E.180 supplement 2 (busy, congestion), ITU-T T.30 (CED), Telcordia GR-1162 and
 * ITU-T E.180 (special information tones).
 */

const RATE_HZ = 8000;
/** ITU-T G.711: a sine at full scale is 3.14 dBm0. */
const FULL_SCALE_DBM0 = 3.14;
const EDGE_MS = 2;

export interface ToneSegment {
  readonly ms: number;
  /** Frequencies sounding together; none for a pause. */
  readonly hz: readonly number[];
}

export interface Tone {
  readonly segments: readonly ToneSegment[];
  /** Level of each frequency. */
  readonly levelDbm0: number;
}

const LOW_1 = 913.8;
const HIGH_1 = 985.2;
const LOW_2 = 1370.6;
const HIGH_2 = 1428.5;
const SHORT_MS = 274;
const LONG_MS = 380;
const THIRD = [1776.7, LONG_MS] as const;

export const BEEP: Tone = { levelDbm0: -10, segments: [{ ms: 400, hz: [1000] }] };

/** North American busy: 480 and 620 Hz, half a second on, half a second off. */
export const BUSY: Tone = { levelDbm0: -21, segments: onOff([480, 620], 500, 500) };

/** The same tones twice as fast: reorder, or congestion. */
export const REORDER: Tone = { levelDbm0: -21, segments: onOff([480, 620], 250, 250) };

/** A fax machine's answer tone, 2.6 to 4 s by T.30. */
export const CED: Tone = { levelDbm0: -12, segments: [{ ms: 2800, hz: [2100] }] };

/** Special information tones: three segments, then the pause before a repetition. */
export const SIT = {
  /** ITU-T E.180's own, which says nothing about the reason. */
  generic: sit([950, 330], [1400, 330], [1800, 330]),
  intercept: sit([LOW_1, SHORT_MS], [LOW_2, SHORT_MS], THIRD),
  vacant: sit([HIGH_1, LONG_MS], [LOW_2, SHORT_MS], THIRD),
  reorder: sit([LOW_1, SHORT_MS], [HIGH_2, LONG_MS], THIRD),
  noCircuit: sit([HIGH_1, LONG_MS], [HIGH_2, LONG_MS], THIRD),
} as const satisfies Record<string, Tone>;

/** @returns 8 kHz samples of one pass, with soft edges so that no segment clicks */
export function synthesise(tone: Tone): Int16Array {
  const amplitude = 32767 * 10 ** ((tone.levelDbm0 - FULL_SCALE_DBM0) / 20);
  const lengths = tone.segments.map((segment) => Math.round((segment.ms * RATE_HZ) / 1000));
  const pcm = new Int16Array(lengths.reduce((sum, length) => sum + length, 0));
  const edge = (EDGE_MS * RATE_HZ) / 1000;
  let at = 0;
  tone.segments.forEach(({ hz }, n) => {
    const length = lengths[n] ?? 0;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (const f of hz) sum += Math.sin((2 * Math.PI * f * i) / RATE_HZ);
      const fade = Math.min(1, i / edge, (length - i) / edge);
      pcm[at + i] = Math.max(-32768, Math.min(32767, Math.round(sum * fade * amplitude)));
    }
    at += length;
  });
  return pcm;
}

function onOff(hz: readonly number[], onMs: number, offMs: number): readonly ToneSegment[] {
  return [
    { ms: onMs, hz },
    { ms: offMs, hz: [] },
  ];
}

function sit(...pulses: readonly (readonly [hz: number, ms: number])[]): Tone {
  const segments: ToneSegment[] = pulses.map(([hz, ms]) => ({ ms, hz: [hz] }));
  return { levelDbm0: -14, segments: [...segments, { ms: 1000, hz: [] }] };
}
