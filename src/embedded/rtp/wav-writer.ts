/**
 * Writes samples to a WAV file (16 bit, 8 kHz) or a headerless one while they come, without ever
 * making the media thread wait: writes are queued, one at a time. The sizes in the header are right
 * once the file is closed, not before. A disk that cannot follow ends the recording.
 *
 * Source: Microsoft "Multimedia Programming Interface and Data Specifications 1.0", RIFF WAVE.
 */

import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SAMPLE_RATE_HZ } from './pcm-source.js';

/** How a file is written. */
export interface WavWriterOptions {
  readonly path: string;
  readonly channels: 1 | 2;
  /** False for samples alone. */
  readonly hasHeader: boolean;
  /** Collect 64 kB before writing; otherwise each call to `write` reaches the file. */
  readonly isBuffered: boolean;
  /** Called once when the file cannot be opened or written; nothing is written afterwards. */
  readonly onFailed: (why: string) => void;
}

const HEADER_BYTES = 44;
const BLOCK_BYTES = 64 * 1024;
const UNWRITTEN_BYTES_MAX = 2 * 1024 * 1024;
const DATA_BYTES_MAX = 2 ** 31;

/** See the head of this file. The directory is made when it is missing. */
export class WavWriter {
  #file: FileHandle | undefined;
  #work: Promise<void>;
  #collected: Buffer[] = [];
  #collectedBytes = 0;
  #unwrittenBytes = 0;
  #dataBytes = 0;
  #hasFailed = false;

  constructor(private readonly options: WavWriterOptions) {
    this.#work = this.#open().catch((error: unknown) => this.#fail(error));
  }

  /** Samples of all channels so far. */
  get samples(): number {
    return this.#dataBytes / 2;
  }

  /** @param pcm one frame, interleaved when there are two channels; copied */
  write(pcm: Int16Array): void {
    if (this.#hasFailed) return;
    const bytes = Buffer.alloc(pcm.length * 2);
    for (let i = 0; i < pcm.length; i++) bytes.writeInt16LE(pcm[i] ?? 0, 2 * i);
    this.#dataBytes += bytes.length;
    this.#collected.push(bytes);
    this.#collectedBytes += bytes.length;
    this.#unwrittenBytes += bytes.length;
    const isTooMuch = this.#unwrittenBytes > UNWRITTEN_BYTES_MAX;
    if (isTooMuch || this.#dataBytes > DATA_BYTES_MAX) {
      this.#fail(new Error(isTooMuch ? 'the disk is too slow' : 'the file is too long'));
    } else if (!this.options.isBuffered || this.#collectedBytes >= BLOCK_BYTES) this.#flush();
  }

  /** Writes what is left, corrects the header and closes. Resolves also when it has failed. */
  async close(): Promise<void> {
    this.#flush();
    if (this.options.hasHeader) this.#queue((file) => this.#writeHeader(file));
    await this.#work;
    const file = this.#file;
    this.#file = undefined;
    this.#hasFailed = true;
    await file?.close().catch(() => undefined);
  }

  async #open(): Promise<void> {
    const { path, hasHeader } = this.options;
    await mkdir(dirname(path), { recursive: true });
    this.#file = await open(path, 'w');
    if (hasHeader) await this.#writeHeader(this.#file);
  }

  #flush(): void {
    if (this.#collected.length === 0) return;
    const block = Buffer.concat(this.#collected);
    this.#collected = [];
    this.#collectedBytes = 0;
    const at = (this.options.hasHeader ? HEADER_BYTES : 0) + this.#dataBytes - block.length;
    this.#queue(async (file) => {
      await file.write(block, 0, block.length, at);
      this.#unwrittenBytes -= block.length;
    });
  }

  #queue(step: (file: FileHandle) => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#file && !this.#hasFailed ? step(this.#file) : undefined))
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#collected = [];
    const { code, message } = error as NodeJS.ErrnoException;
    this.options.onFailed(code ?? message);
  }

  async #writeHeader(file: FileHandle): Promise<void> {
    const { channels } = this.options;
    const header = Buffer.alloc(HEADER_BYTES);
    header.write('RIFF', 0, 'latin1');
    header.writeUInt32LE(HEADER_BYTES - 8 + this.#dataBytes, 4);
    header.write('WAVEfmt ', 8, 'latin1');
    header.writeUInt32LE(16, 16);
    header.writeUInt16LE(1, 20); // PCM
    header.writeUInt16LE(channels, 22);
    header.writeUInt32LE(SAMPLE_RATE_HZ, 24);
    header.writeUInt32LE(SAMPLE_RATE_HZ * channels * 2, 28);
    header.writeUInt16LE(channels * 2, 32);
    header.writeUInt16LE(16, 34);
    header.write('data', 36, 'latin1');
    header.writeUInt32LE(this.#dataBytes, 40);
    await file.write(header, 0, HEADER_BYTES, 0);
  }
}
