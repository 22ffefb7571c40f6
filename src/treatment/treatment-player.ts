/**
 * What one leg hears: plays a treatment by name or URL, stops it, and hands the leg to a bridge, one
 * operation after the other. The media server nests two playbacks instead of replacing one, so the
 * order is kept here: the next sound starts only when the one before has really stopped.
 */
import type { MediaEndpoint, Playback } from '../ports.js';
import { resolveMedia, type MediaFiles, type MediaPlaces } from './media-file.js';

export interface PlayRequest {
  readonly playId: string;
  readonly file: string;
  readonly loop: boolean;
}

export interface PlayListener {
  onEnded(playId: string): void;
  onFailed(playId: string, why: string): void;
}

export class TreatmentPlayer {
  #queue: Promise<unknown> = Promise.resolve();
  #playing: { playId: string; playback: Playback } | undefined;
  /** Asked to stop before it began. */
  readonly #stopped = new Set<string>();
  #isClosed = false;

  constructor(
    private readonly places: MediaPlaces,
    private readonly files: MediaFiles,
    private readonly listener: PlayListener,
  ) {}

  /** Queues a sound; its end or failure is told to the listener, a stop is not. */
  play(endpoint: MediaEndpoint, request: PlayRequest): void {
    void this.#then(async () => {
      const media = await resolveMedia(request.file, this.places, this.files);
      if (this.#isClosed || this.#stopped.delete(request.playId)) return;
      if (media.kind === 'unplayable') {
        this.listener.onFailed(request.playId, media.why);
        return;
      }
      await this.#stopCurrent();
      const playback = endpoint.play([media.path], { loop: request.loop });
      this.#playing = { playId: request.playId, playback };
      void this.#watch(request.playId, playback);
    });
  }

  /** Stops this sound if it still plays; resolves when it is quiet. */
  stop(playId: string): Promise<void> {
    if (this.#playing?.playId !== playId) this.#stopped.add(playId);
    return this.#then(async () => {
      this.#stopped.delete(playId);
      if (this.#playing?.playId === playId) await this.#stopCurrent();
    });
  }

  /** Runs after everything asked for so far: bridges wait for the sound to stop. */
  after(operation: () => Promise<void>): Promise<void> {
    return this.#then(operation);
  }

  /** The leg is gone. */
  close(): void {
    this.#isClosed = true;
  }

  async #watch(playId: string, playback: Playback): Promise<void> {
    const end = await playback.done;
    if (this.#playing?.playback === playback) this.#playing = undefined;
    if (this.#isClosed || end.kind === 'stopped') return;
    if (end.kind === 'ended') this.listener.onEnded(playId);
    else this.listener.onFailed(playId, end.why);
  }

  async #stopCurrent(): Promise<void> {
    const current = this.#playing;
    this.#playing = undefined;
    await current?.playback.stop();
  }

  #then(operation: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(operation);
    this.#queue = run.catch(() => {});
    return run;
  }
}
