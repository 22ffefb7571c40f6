/**
 * One recording of what the customer says, for a holder: until it is long enough, a key ends it, or it
 * is silent for long enough. The media server writes raw samples into a file of this host, which is read
 * as it grows; what is kept is a WAV file.
 */
import type { Clock, MediaEndpoint } from '../ports.js';
import type { DigitPress, RecordEnd, Recording, RecordRequest } from './held-call.js';
import { refusal } from './refusal.js';

/** Files of recordings on this host. */
export interface RecordingShelf {
  /** A new absolute path that the media server can write to. */
  newPath(): string;
  /** Reads 16 bit samples of 8 kHz as they come; the file loses its name at once. */
  follow(
    path: string,
    listener: { onAudio(bytes: Buffer): void; onFailed(why: string): void },
  ): { close(): void };
  /** Writes a WAV file that its owner alone may read. @returns its absolute path */
  keep(samples: Buffer): Promise<string>;
  forget(path: string): Promise<void>;
}

export interface RecordingContext {
  readonly clock: Clock;
  readonly shelf: RecordingShelf;
  readonly endpoint: MediaEndpoint;
  readonly onDigit: (handle: (press: DigitPress) => void) => () => void;
  /** Before it is told: a prompt may ask for it at once. */
  readonly kept: (recordingId: string, path: string) => void;
  readonly recordingId: string;
}

type EndedBy = Extract<RecordEnd, { kind: 'recorded' }>['endedBy'];

const BYTES_PER_MS = 16;
const FRAME_BYTES = 320;
const LONGEST_MS = 600_000;
/** About -40 dBFS: more than a line's noise, less than a low voice. */
const LOUD_RMS = 330;
/** A click is no voice. */
const LOUD_FRAMES = 3;
/** The reader is a frame or two behind the media server. */
const CATCH_UP_MS = 60;
/** The media server's clock is not ours. */
const OVERTIME_MS = 1000;

/** @returns why this cannot be recorded at all */
export function refuseRecording({ maxMs }: RecordRequest) {
  if (maxMs >= 100 && maxMs <= LONGEST_MS) return undefined;
  return refusal('HELD_BAD_ARGUMENT', `maxMs is 100 to ${LONGEST_MS}`);
}

export class CallRecording implements Recording {
  readonly done: Promise<RecordEnd>;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #loudFrames = 0;
  #hasSpoken = false;
  #quietMs = 0;
  #end: (by: EndedBy, digit?: string) => void = () => undefined;
  readonly #ended: Promise<{ readonly by: EndedBy; readonly digit?: string | undefined }>;

  constructor(
    private readonly context: RecordingContext,
    private readonly request: RecordRequest,
  ) {
    this.#ended = new Promise((resolve) => {
      this.#end = (by, digit) => resolve({ by, digit });
    });
    this.done = this.#run().catch((error: unknown) =>
      refusal('HELD_MEDIA_ERROR', error instanceof Error ? error.message : String(error)),
    );
  }

  async stop(): Promise<void> {
    this.#end('stopped');
    await this.done;
  }

  /** The call is being taken away. */
  takeAway(): void {
    this.#end('call-over');
  }

  async #run(): Promise<RecordEnd> {
    const { clock, shelf, endpoint, onDigit, kept, recordingId } = this.context;
    const { maxMs, endDigits = '' } = this.request;
    if (!endpoint.recordFarSide) {
      return refusal('HELD_UNSUPPORTED', 'this media server writes no file that we could read');
    }
    const path = shelf.newPath();
    let fault: string | undefined;
    const stopRecording = await endpoint.recordFarSide(path);
    const tail = shelf.follow(path, {
      onAudio: (bytes) => this.#hear(bytes),
      onFailed: (why) => {
        fault = why;
        this.#end('call-over');
      },
    });
    const cancel = clock.after(maxMs + OVERTIME_MS, () => this.#end('max-time'));
    const forget = onDigit(({ digit }) => {
      if (endDigits.includes(digit)) this.#end('digit', digit);
    });
    const { by, digit } = await this.#ended;
    cancel();
    forget();
    await stopRecording();
    await new Promise<void>((resolve) => clock.after(CATCH_UP_MS, resolve));
    tail.close();
    if (fault !== undefined && this.#bytes === 0) return refusal('HELD_MEDIA_ERROR', fault);
    const samples = Buffer.concat(this.#chunks).subarray(0, maxMs * BYTES_PER_MS);
    const wav = await shelf.keep(samples);
    kept(recordingId, wav);
    const durationMs = Math.round(samples.length / BYTES_PER_MS);
    return {
      kind: 'recorded',
      recordingId,
      path: wav,
      durationMs,
      endedBy: by,
      hasVoice: this.#hasSpoken,
      ...(digit === undefined ? {} : { digit }),
    };
  }

  #hear(bytes: Buffer): void {
    this.#chunks.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
      this.#weigh(bytes.subarray(at, at + FRAME_BYTES));
    }
    if (this.#bytes >= this.request.maxMs * BYTES_PER_MS) this.#end('max-time');
  }

  #weigh(frame: Buffer): void {
    if (rmsOf(frame) > LOUD_RMS) {
      this.#loudFrames += 1;
      if (this.#loudFrames < LOUD_FRAMES) return;
      this.#hasSpoken = true;
      this.#quietMs = 0;
      return;
    }
    this.#loudFrames = 0;
    this.#quietMs += frame.length / BYTES_PER_MS;
    const { silenceEndMs, silenceStartMs } = this.request;
    const limitMs = this.#hasSpoken ? silenceEndMs : silenceStartMs;
    if (limitMs !== undefined && this.#quietMs >= limitMs) this.#end('silence');
  }
}

function rmsOf(frame: Buffer): number {
  let sum = 0;
  const count = Math.floor(frame.length / 2);
  for (let index = 0; index < count; index += 1) sum += frame.readInt16LE(index * 2) ** 2;
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
