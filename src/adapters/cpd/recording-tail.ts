/**
 * Reads a recording while the media server of the same host writes it: headerless L16 8 kHz, 320 bytes
 * every 20 ms. The file loses its name the moment it is open, so that no customer's voice stays on
 * the disk, whatever happens to either process.
 */
import { open, unlink, type FileHandle } from 'node:fs/promises';

const POLL_MS = 20;
/** The media server makes the file a frame or two after it has said that it records. */
const OPEN_WITHIN_MS = 2000;
const FRAME_BYTES = 320;
/** Read at once after a stall; the rest waits for the next turn. */
const READ_MAX_BYTES = 50 * FRAME_BYTES;

export interface TailListener {
  onOpen(): void;
  /** Whole samples, at most a second of them. */
  onAudio(bytes: Buffer): void;
  onFailed(why: string): void;
}

export class RecordingTail {
  #file: FileHandle | undefined;
  #isClosed = false;
  #readBytes = 0;
  readonly #buffer = Buffer.alloc(READ_MAX_BYTES);

  constructor(
    private readonly path: string,
    private readonly listener: TailListener,
  ) {
    void this.#follow().catch((error: unknown) => {
      if (!this.#isClosed) listener.onFailed(String(error));
    });
  }

  /** Nothing is read any more. A file that is still to come loses its name as well. */
  close(): void {
    this.#isClosed = true;
    void this.#file?.close().catch(() => undefined);
  }

  async #follow(): Promise<void> {
    this.#file = await this.#open();
    await unlink(this.path);
    if (this.#isClosed) return this.#file.close();
    this.listener.onOpen();
    while (!this.#isClosed) {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, READ_MAX_BYTES, this.#readBytes);
      const whole = bytesRead - (bytesRead % FRAME_BYTES);
      this.#readBytes += whole;
      for (let at = 0; at < whole && !this.#isClosed; at += FRAME_BYTES) {
        this.listener.onAudio(this.#buffer.subarray(at, at + FRAME_BYTES));
      }
      if (whole < READ_MAX_BYTES) await this.#pause();
    }
  }

  async #open(): Promise<FileHandle> {
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      try {
        return await open(this.path, 'r');
      } catch (error) {
        if (waitedMs >= OPEN_WITHIN_MS) throw error;
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, POLL_MS).unref());
  }
}
