/**
 * What one leg hears: plays a treatment by name or URL, stops it, and hands the leg to a bridge, one
 * operation after the other. The media server nests two playbacks instead of replacing one, so the
 * order is kept here: the next sound starts only when the one before has really stopped.
 */
import type { MediaEndpoint, Playback, PlayEnd } from '../ports.js';
import {
  resolveMedia,
  type MediaFiles,
  type MediaPlaces,
  type ResolvedMedia,
} from './media-file.js';

export interface PlayRequest {
  readonly playId: string;
  readonly file: string;
  readonly loop: boolean;
  /** Heard instead of the file, one after the other: paths or generated sounds. */
  readonly sounds?: readonly string[] | undefined;
}

type Heard = ResolvedMedia | { readonly kind: 'list'; readonly sounds: readonly string[] };

export interface PlayListener {
  /** A sound is handed to the media server; it is heard some milliseconds later. */
  onStarted(file: string, loop: boolean): void;
  /** A sound that was started is over, however it ended. */
  onOver(file: string, end: PlayEnd): void;
  onEnded(playId: string, playedMs?: number): void;
  onFailed(playId: string, why: string): void;
}

export class TreatmentPlayer {
  #queue: Promise<unknown> = Promise.resolve();
  /** `isAside`: said in the middle of the sound of this id. */
  #playing: { playId: string; playback: Playback; isAside?: true } | undefined;
  /** The sound that is to be heard now. */
  #wanted: string | undefined;
  /** The sound that loops, or last did. */
  #looped: { readonly request: PlayRequest; readonly media: Heard } | undefined;
  #isClosed = false;
  #isHandingOver = false;

  constructor(
    private readonly places: MediaPlaces,
    private readonly files: MediaFiles,
    private readonly listener: PlayListener,
  ) {}

  /**
   * Plays a sound in place of the one before; its end or failure is told to the listener, a stop is
   * not. A file that has to be fetched holds up nothing else: the latest play asked for is the one heard.
   */
  play(endpoint: MediaEndpoint, request: PlayRequest): void {
    this.#wanted = request.playId;
    this.#find(request)
      .then((media) => this.#then(() => this.#start(endpoint, request, media)))
      .catch((error: unknown) => {
        if (this.#isWanted(request)) this.listener.onFailed(request.playId, describe(error));
      });
  }

  /**
   * Says something in the middle of a sound that loops; it begins anew afterwards. Where none loops, or
   * something is being said, nothing is said, and whatever ends the sound ends this as well.
   * @param files paths as the media server sees them
   */
  interject(endpoint: MediaEndpoint, files: readonly string[]): Promise<void> {
    return this.#then(async () => {
      const looped = this.#looped;
      if (!looped || !this.#isWanted(looped.request)) return;
      if (this.#playing === undefined || this.#playing.isAside) return;
      await this.#stopCurrent();
      if (!this.#isWanted(looped.request)) return;
      const playback = endpoint.play(files, { loop: false });
      this.#playing = { playId: looped.request.playId, playback, isAside: true };
      this.listener.onStarted(files.join(', '), false);
      void this.#endOf(playback, files.join(', ')).then((end) => {
        if (end.kind === 'stopped') return;
        void this.#then(() => this.#start(endpoint, looped.request, looped.media));
      });
    });
  }

  /** Stops this sound if it plays, or is about to; resolves when it is quiet. */
  stop(playId: string): Promise<void> {
    if (this.#wanted === playId) this.#wanted = undefined;
    return this.#then(async () => {
      if (this.#playing?.playId === playId && !this.#isHandingOver) await this.#stopCurrent();
    });
  }

  /** Runs after everything asked for so far. */
  after(operation: () => Promise<void>): Promise<void> {
    return this.#then(operation);
  }

  /**
   * Connects the leg with somebody: runs after everything asked for so far, but leaves the sound that
   * was to stop last to be ended by the connection, so that there is no silence in between.
   * @param connect resolves with whether it has connected; otherwise the sound is stopped after all
   */
  async handOver(connect: () => Promise<boolean>): Promise<void> {
    this.#isHandingOver = true;
    await this.#then(async () => {
      let isConnected = false;
      try {
        isConnected = await connect();
      } finally {
        this.#isHandingOver = false;
        if (!isConnected) await this.#stopCurrent();
      }
    });
  }

  /** The leg is gone. */
  close(): void {
    this.#isClosed = true;
  }

  #find({ file, sounds }: PlayRequest): Promise<Heard> {
    if (sounds) return Promise.resolve({ kind: 'list', sounds });
    return resolveMedia(file, this.places, this.files);
  }

  #isWanted({ playId }: PlayRequest): boolean {
    return !this.#isClosed && this.#wanted === playId;
  }

  async #start(endpoint: MediaEndpoint, request: PlayRequest, media: Heard): Promise<void> {
    if (!this.#isWanted(request)) return;
    if (media.kind === 'unplayable') {
      this.listener.onFailed(request.playId, `${media.code}: ${media.why}`);
      return;
    }
    await this.#stopCurrent();
    if (!this.#isWanted(request)) return;
    const sounds = media.kind === 'list' ? media.sounds : [media.path];
    const playback = endpoint.play(sounds, { loop: request.loop });
    this.#playing = { playId: request.playId, playback };
    this.#looped = request.loop ? { request, media } : undefined;
    this.listener.onStarted(nameOf(request), request.loop);
    void this.#watch(request, playback);
  }

  async #watch(request: PlayRequest, playback: Playback): Promise<void> {
    const end = await this.#endOf(playback, nameOf(request));
    if (!this.#isWanted(request) || end.kind === 'stopped') return;
    if (end.kind === 'ended') this.listener.onEnded(request.playId, end.playedMs);
    else this.listener.onFailed(request.playId, end.why);
  }

  async #endOf(playback: Playback, file: string): Promise<PlayEnd> {
    const end = await playback.done.catch((error: unknown): PlayEnd => ({
      kind: 'failed',
      why: describe(error),
    }));
    if (this.#playing?.playback === playback) this.#playing = undefined;
    this.listener.onOver(file, end);
    return end;
  }

  async #stopCurrent(): Promise<void> {
    const current = this.#playing;
    this.#playing = undefined;
    await current?.playback.stop();
  }

  /** One operation after the other; a failed one does not hold up the next. */
  #then(operation: () => Promise<void>): Promise<void> {
    const run = this.#queue.then(operation);
    this.#queue = run.catch(() => {});
    return run;
  }
}

function nameOf({ file, sounds }: PlayRequest): string {
  return sounds ? sounds.join(', ') : file;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
