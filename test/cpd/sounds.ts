/** Sounds for the tests of call progress detection: generated tones and the product's own WAVs. */
import { readFileSync } from 'node:fs';

export const RATE_HZ = 8000;
const FULL_SCALE = 32767;

/** Tones of equal level that sound together. @param level RMS of the sum, 0..1 of full scale */
export function tone(
  frequenciesHz: readonly number[],
  ms: number,
  level = 0.1,
  rateHz = RATE_HZ,
): Int16Array {
  const amplitude = (level * Math.SQRT2 * FULL_SCALE) / Math.sqrt(frequenciesHz.length);
  return Int16Array.from({ length: (rateHz * ms) / 1000 }, (_, i) =>
    Math.round(
      amplitude *
        frequenciesHz.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * i) / rateHz), 0),
    ),
  );
}

export const silence = (ms: number, rateHz = RATE_HZ): Int16Array =>
  new Int16Array((rateHz * ms) / 1000);

/** White noise from a fixed seed. @param level RMS, 0..1 of full scale */
export function noise(ms: number, level: number, seed = 1): Int16Array {
  let state = seed;
  return Int16Array.from({ length: (RATE_HZ * ms) / 1000 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.round((state / 2 ** 31 - 1) * Math.sqrt(3) * level * FULL_SCALE);
  });
}

export function join(...parts: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Adds two sounds sample by sample; as long as the first. */
export const mix = (a: Int16Array, b: Int16Array): Int16Array => a.map((x, i) => x + (b[i] ?? 0));

export const gain = (sound: Int16Array, factor: number): Int16Array =>
  sound.map((x) => Math.max(-32768, Math.min(32767, Math.round(x * factor))));

export function repeat(times: number, ...parts: readonly Int16Array[]): Int16Array {
  return join(...Array.from({ length: times }, () => join(...parts)));
}

/** One of the WAVs under media/, without its 44-byte header. */
export function media(name: string): Int16Array {
  const bytes = readFileSync(new URL(`../../media/${name}`, import.meta.url));
  return new Int16Array(new Uint8Array(bytes.subarray(44)).buffer);
}
