/**
 * Keeps the first seconds of what one far end sent, and what was made of it, as a WAV and a JSON file
 * for the operator who turned that on. These are recordings of people: the files are readable by the
 * owner alone, carry no telephone number, and are purged after the days that were asked for.
 */
import { mkdir, readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const RATE_HZ = 8000;
const SAMPLES_PER_MS = RATE_HZ / 1000;
const WAV_HEADER_BYTES = 44;
/** Memory is taken as the call goes on, a second at a time. */
const CHUNK_SAMPLES = RATE_HZ;
const OWNER_ONLY = 0o600;
const FOLDER_OWNER_ONLY = 0o700;
const MS_PER_DAY = 86_400_000;
/** The names this module gives its files; a purge touches no others. */
const OWN_NAME = /^cpd-\d{8}T\d{6}Z-[A-Za-z0-9_.-]{1,64}\.(?:wav|json)$/;

/** Samples of a call, as the detector gets them. */
export interface AudioSink {
  push(samples: Int16Array): void;
  gap(durationMs: number): void;
  answered(): void;
}

export class CallRecorder implements AudioSink {
  readonly #most: number;
  readonly #chunks: Int16Array[] = [];
  #count = 0;
  #passed = 0;
  #answeredAtMs: number | null = null;

  /** @param seconds audio beyond is not kept. 1..3600 */
  constructor(seconds: number) {
    this.#most = seconds * RATE_HZ;
  }

  /** ms from the first sample; null: not answered */
  get answeredAtMs(): number | null {
    return this.#answeredAtMs;
  }

  get recordedMs(): number {
    return this.#count / SAMPLES_PER_MS;
  }

  push(samples: Int16Array): void {
    this.#passed += samples.length;
    this.#keep(samples.length, samples);
  }

  gap(durationMs: number): void {
    const count = Math.max(0, Math.round(durationMs * SAMPLES_PER_MS)) || 0;
    this.#passed += count;
    this.#keep(count, null);
  }

  answered(): void {
    this.#answeredAtMs ??= this.#passed / SAMPLES_PER_MS;
  }

  /** PCM, 16 bit, 8 kHz, mono. */
  toWav(): Buffer {
    const bytes = Buffer.alloc(WAV_HEADER_BYTES + 2 * this.#count);
    bytes.write('RIFF', 0, 'latin1');
    bytes.writeUInt32LE(bytes.length - 8, 4);
    bytes.write('WAVEfmt ', 8, 'latin1');
    bytes.writeUInt32LE(16, 16);
    bytes.writeUInt16LE(1, 20);
    bytes.writeUInt16LE(1, 22);
    bytes.writeUInt32LE(RATE_HZ, 24);
    bytes.writeUInt32LE(2 * RATE_HZ, 28);
    bytes.writeUInt16LE(2, 32);
    bytes.writeUInt16LE(16, 34);
    bytes.write('data', 36, 'latin1');
    bytes.writeUInt32LE(2 * this.#count, 40);
    for (let i = 0; i < this.#count; i++) {
      const sample = this.#chunks[Math.floor(i / CHUNK_SAMPLES)]![i % CHUNK_SAMPLES]!;
      bytes.writeInt16LE(sample, WAV_HEADER_BYTES + 2 * i);
    }
    return bytes;
  }

  /** Appends samples, or zeros, as far as there is room. */
  #keep(count: number, samples: Int16Array | null): void {
    const kept = Math.min(count, this.#most - this.#count);
    for (let done = 0; done < kept;) {
      const index = this.#count % CHUNK_SAMPLES;
      if (index === 0) this.#chunks.push(new Int16Array(CHUNK_SAMPLES));
      const part = Math.min(kept - done, CHUNK_SAMPLES - index);
      if (samples) this.#chunks.at(-1)!.set(samples.subarray(done, done + part), index);
      done += part;
      this.#count += part;
    }
  }
}

/** Name of a call's files, without extension: when it began, and its id as far as a file name may say it. */
export function recordingName(startedAt: Date, id: string): string {
  const time = startedAt.toISOString().replace(/[-:]|\.\d+/g, '');
  const safe = id.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 64);
  return `cpd-${time}-${safe || 'call'}`;
}

/** @throws Error of the file system */
export async function writeRecording(
  directory: string,
  name: string,
  recorder: CallRecorder,
  story: object,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: FOLDER_OWNER_ONLY });
  const base = join(directory, name);
  // `wx`: a file that is there already is somebody else's.
  const once = { mode: OWNER_ONLY, flag: 'wx' };
  await writeFile(`${base}.wav`, recorder.toWav(), once);
  await writeFile(`${base}.json`, `${JSON.stringify(story, null, 2)}\n`, once);
}

/**
 * Removes recordings older than so many days, and nothing else.
 * @returns how many files were removed
 */
export async function purgeRecordings(
  directory: string,
  retentionDays: number,
  nowMs: number,
): Promise<number> {
  let removed = 0;
  for (const name of await namesIn(directory)) {
    if (!OWN_NAME.test(name)) continue;
    const path = join(directory, name);
    try {
      const { mtimeMs } = await stat(path);
      if (nowMs - mtimeMs <= retentionDays * MS_PER_DAY) continue;
      await unlink(path);
      removed++;
    } catch {
      // Gone, or not ours to remove: the next purge sees it again.
    }
  }
  return removed;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}
