/** Recordings between the tools and the scenes: 8 kHz, 16 bits, no header. */
import { readFileSync } from 'node:fs';
import { fromPcm } from './signal.mjs';

/** What sox is told to make such a file. */
export const RAW = ['-t', 'raw', '-r', '8000', '-c', '1', '-e', 'signed', '-b', '16'];

/** @returns {Float32Array} full scale 1 */
export function readRaw(file) {
  const bytes = readFileSync(file);
  return fromPcm(new Int16Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 1));
}
