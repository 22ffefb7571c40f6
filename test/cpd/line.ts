/** What a telephone line does to a sound: noise, companding, lost packets. The same for the same seed. */
import { A_LAW, decodeG711, encodeG711, MU_LAW } from '../../src/embedded/rtp/g711.js';
import { mix, noise, RATE_HZ } from './sounds.js';

export interface Line {
  readonly law: 'mu' | 'a';
  /** Level of the noise. dB relative to full scale */
  readonly noiseDb: number;
  /** Share of the packets that never come and are replaced with silence, 0..1. */
  readonly lostShare: number;
  readonly seed: number;
}

const PACKET_SAMPLES = RATE_HZ / 50;

export function throughLine(sound: Int16Array, line: Line): Int16Array {
  const ms = (1000 * sound.length) / RATE_HZ;
  const noisy = mix(sound, noise(ms, 10 ** (line.noiseDb / 20), line.seed));
  const law = line.law === 'mu' ? MU_LAW : A_LAW;
  const codes = new Uint8Array(noisy.length);
  encodeG711(law, noisy, codes);
  const heard = new Int16Array(noisy.length);
  decodeG711(law, codes, heard);
  let state = line.seed + 1;
  for (let at = 0; at < heard.length; at += PACKET_SAMPLES) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    if (state / 2 ** 32 < line.lostShare) heard.fill(0, at, at + PACKET_SAMPLES);
  }
  return heard;
}
