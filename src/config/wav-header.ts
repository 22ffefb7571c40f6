/**
 * Is this file a WAV that can be played on a telephone line? Reads the chunk headers only, never the
 * sound, and changes nothing.
 * Source: Microsoft "Multimedia Programming Interface and Data Specifications 1.0", RIFF WAVE.
 */
import { open, type FileHandle } from 'node:fs/promises';

const MAX_CHUNKS = 100;
/** What a player takes into memory (see `media-files.ts`). */
const MAX_BYTES = 20 * 1024 * 1024;
const CODINGS: Readonly<Record<number, string>> = { 1: 'pcm', 6: 'a-law', 7: 'mu-law' };
const LINE_RATE_HZ = 8000;
/** WAVE_FORMAT_EXTENSIBLE: the coding is the first two bytes of the sub-format. */
const EXTENSIBLE = 0xfffe;

export type WavHeader =
  | {
      readonly kind: 'wav';
      readonly coding: string;
      readonly bits: number;
      readonly channels: number;
      readonly rateHz: number;
      readonly dataBytes: number;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unplayable'; readonly why: string };

/** @param path absolute */
export async function readWavHeader(path: string): Promise<WavHeader> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing' };
    return { kind: 'unplayable', why: 'it cannot be read' };
  }
  try {
    return await readChunks(file);
  } catch {
    return { kind: 'unplayable', why: 'it cannot be read' };
  } finally {
    await file.close();
  }
}

/** @returns how long a WAV file is, in milliseconds; undefined for anything else. @param path absolute */
export async function wavLengthMs(path: string): Promise<number | undefined> {
  const header = await readWavHeader(path);
  if (header.kind !== 'wav') return undefined;
  const frames = (header.dataBytes * 8) / (header.bits * header.channels);
  return Math.round((frames * 1000) / header.rateHz);
}

async function readChunks(file: FileHandle): Promise<WavHeader> {
  const unplayable = (why: string): WavHeader => ({ kind: 'unplayable', why });
  const info = await file.stat();
  const { size } = info;
  if (!info.isFile()) return unplayable('it is not a file');
  if (size > MAX_BYTES) return unplayable(`it is larger than ${MAX_BYTES} bytes`);
  const riff = await bytesAt(file, 0, 12);
  if (riff?.toString('latin1', 0, 4) !== 'RIFF' || riff.toString('latin1', 8, 12) !== 'WAVE') {
    return unplayable('it is not a WAV file');
  }
  let format: Buffer | undefined;
  let offset = 12;
  for (let count = 0; count < MAX_CHUNKS; count += 1) {
    const head = await bytesAt(file, offset, 8);
    if (!head) return unplayable('it has no sound in it');
    const length = head.readUInt32LE(4);
    const name = head.toString('latin1', 0, 4);
    if (name === 'fmt ') format = await bytesAt(file, offset + 8, Math.min(length, 40));
    if (name === 'data') return describe(format, Math.min(length, size - offset - 8));
    offset += 8 + length + (length % 2);
  }
  return unplayable('it has no sound in it');
}

function describe(format: Buffer | undefined, dataBytes: number): WavHeader {
  const unplayable = (why: string): WavHeader => ({ kind: 'unplayable', why });
  if (!format || format.length < 16) return unplayable('it does not say how it is coded');
  if (dataBytes <= 0) return unplayable('it is empty');
  const tag = format.readUInt16LE(0);
  const isExtensible = tag === EXTENSIBLE && format.length >= 26;
  const code = isExtensible ? format.readUInt16LE(24) : tag;
  const coding = CODINGS[code];
  if (coding === undefined)
    return unplayable(`its coding (${code}) is none a telephone line knows`);
  const channels = format.readUInt16LE(2);
  const rateHz = format.readUInt32LE(4);
  const bits = format.readUInt16LE(14);
  if (coding !== 'pcm' && bits !== 8) return unplayable(`${coding} has 8 bits, and this ${bits}`);
  if (channels < 1 || channels > 2) return unplayable(`it has ${channels} channels`);
  if (rateHz < 4000 || rateHz > 192_000) return unplayable(`its sampling rate is ${rateHz} Hz`);
  // On the line it has to last for one sample of 8 kHz at least.
  const frames = bits === 0 ? 0 : Math.floor((dataBytes * 8) / (bits * channels));
  if (frames * LINE_RATE_HZ < rateHz) return unplayable('it is empty');
  return { kind: 'wav', coding, bits, channels, rateHz, dataBytes };
}

async function bytesAt(file: FileHandle, at: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  return bytesRead === length ? buffer : undefined;
}
