/**
 * Reads WAV files into 8 kHz mono samples: PCM of 8 or 16 bit, A-law and mu-law, mono or stereo
 * (mixed), any sampling rate from 4 to 192 kHz. Problems are typed results, never exceptions: the
 * caller answers FILE NOT FOUND and logs the reason.
 *
 * It does not decode mp3, opus or anything that needs a codec, and it never holds the thread for
 * long: resampling runs in slices (resample.ts), because RTP is paced by the same thread.
 * Source: Microsoft "Multimedia Programming Interface and Data Specifications 1.0", RIFF WAVE.
 */

import { open } from 'node:fs/promises';
import { A_LAW, MU_LAW } from './g711.js';
import { SAMPLE_RATE_HZ } from './pcm-source.js';
import { resample } from './resample.js';

/** Why a file cannot be played. */
export type WavProblem =
  'not-found' | 'not-a-wav-file' | 'unsupported-coding' | 'empty' | 'too-large' | 'unreadable';

/** Samples at 8 kHz, or the reason why there are none. */
export type WavResult =
  | { readonly ok: true; readonly pcm: Int16Array; readonly sourceRateHz: number }
  | { readonly ok: false; readonly problem: WavProblem; readonly detail: string };

type WavFailure = Extract<WavResult, { ok: false }>;

/** The `fmt ` and `data` chunks of a WAV file, checked. */
interface WavFormat {
  readonly coding: 'pcm8' | 'pcm16' | 'a-law' | 'mu-law';
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly data: Uint8Array;
}

/** Largest file read, in bytes: an hour of 8 kHz mono, ten minutes of 48 kHz stereo. */
export const WAV_BYTES_MAX = 128 * 1024 * 1024;

const CHUNKS_MAX = 1000;
const SLICE_SAMPLES = 65536;

/** Lets timers and sockets run between two slices of work. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function fail(problem: WavProblem, detail: string): WavFailure {
  return { ok: false, problem, detail };
}

/**
 * Reads and converts a file.
 * @param path absolute path
 * @param bytesMax refused with `too-large` beyond
 */
export async function readWavFile(path: string, bytesMax = WAV_BYTES_MAX): Promise<WavResult> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return fail(isMissing ? 'not-found' : 'unreadable', code);
  }
  try {
    const info = await file.stat();
    if (!info.isFile()) return fail('unreadable', 'not a regular file');
    if (info.size > bytesMax) return fail('too-large', `${info.size} bytes`);
    return await convertWav(await file.readFile());
  } catch (error) {
    return fail('unreadable', (error as NodeJS.ErrnoException).code ?? 'unknown');
  } finally {
    await file.close();
  }
}

/** Converts the bytes of a WAV file to 8 kHz mono. A truncated data chunk is played as far as it goes. */
export async function convertWav(bytes: Uint8Array): Promise<WavResult> {
  const format = parseWav(bytes);
  if ('problem' in format) return format;
  const mono = await mixToMono(format);
  const pcm = await resample(mono, format.sampleRateHz, SAMPLE_RATE_HZ, breathe);
  if (pcm.length === 0) return fail('empty', 'no samples');
  return { ok: true, pcm, sourceRateHz: format.sampleRateHz };
}

function parseWav(bytes: Uint8Array): WavFormat | WavFailure {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWave = view.length >= 12 && view.toString('latin1', 8, 12) === 'WAVE';
  if (!isWave || view.toString('latin1', 0, 4) !== 'RIFF') return fail('not-a-wav-file', 'no RIFF');
  let fmt: Buffer | undefined;
  let data: Buffer | undefined;
  for (let offset = 12, n = 0; offset + 8 <= view.length && n < CHUNKS_MAX; n++) {
    const id = view.toString('latin1', offset, offset + 4);
    const length = view.readUInt32LE(offset + 4);
    const body = view.subarray(offset + 8, Math.min(view.length, offset + 8 + length));
    if (id === 'fmt ') fmt ??= body;
    if (id === 'data') data ??= body;
    offset += 8 + length + (length & 1); // chunks are padded to even length
  }
  if (!fmt || fmt.length < 16) return fail('not-a-wav-file', 'no fmt chunk');
  if (!data) return fail('not-a-wav-file', 'no data chunk');
  return checkFormat(fmt, data);
}

function checkFormat(fmt: Buffer, data: Buffer): WavFormat | WavFailure {
  // WAVE_FORMAT_EXTENSIBLE keeps the true coding in the first two bytes of its sub-format GUID.
  const tag = fmt.readUInt16LE(0);
  const code = tag === 0xfffe && fmt.length >= 26 ? fmt.readUInt16LE(24) : tag;
  const channels = fmt.readUInt16LE(2);
  const sampleRateHz = fmt.readUInt32LE(4);
  const bits = fmt.readUInt16LE(14);
  const coding = nameCoding(code, bits);
  if (!coding) return fail('unsupported-coding', `format ${code}, ${bits} bit`);
  if (channels < 1 || channels > 2) return fail('unsupported-coding', `${channels} channels`);
  if (sampleRateHz < 4000 || sampleRateHz > 192_000) {
    return fail('unsupported-coding', `${sampleRateHz} Hz`);
  }
  return { coding, channels, sampleRateHz, data };
}

function nameCoding(code: number, bits: number): WavFormat['coding'] | undefined {
  if (code === 1 && bits === 8) return 'pcm8';
  if (code === 1 && bits === 16) return 'pcm16';
  if (code === 6 && bits === 8) return 'a-law';
  return code === 7 && bits === 8 ? 'mu-law' : undefined;
}

async function mixToMono(format: WavFormat): Promise<Int16Array> {
  const { channels, data } = format;
  const bytesPerSample = format.coding === 'pcm16' ? 2 : 1;
  const frames = Math.floor(data.length / (bytesPerSample * channels));
  const mono = new Int16Array(frames);
  const sampleAt = sampleReader(format);
  for (let start = 0; start < frames; start += SLICE_SAMPLES) {
    if (start > 0) await breathe();
    const end = Math.min(frames, start + SLICE_SAMPLES);
    for (let i = start; i < end; i++) {
      mono[i] = channels === 1 ? sampleAt(i) : (sampleAt(2 * i) + sampleAt(2 * i + 1)) >> 1;
    }
  }
  return mono;
}

function sampleReader({ coding, data }: WavFormat): (index: number) => number {
  switch (coding) {
    case 'pcm16':
      return (i) => (((data[2 * i + 1] ?? 0) << 24) | ((data[2 * i] ?? 0) << 16)) >> 16;
    case 'pcm8': // unsigned, 128 is zero
      return (i) => ((data[i] ?? 128) - 128) << 8;
    case 'a-law':
      return (i) => A_LAW.decodeTable[data[i] ?? A_LAW.silenceCode] ?? 0;
    case 'mu-law':
      return (i) => MU_LAW.decodeTable[data[i] ?? MU_LAW.silenceCode] ?? 0;
  }
}
