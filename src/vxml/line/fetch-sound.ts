/** What is heard while a fetch takes long, and then for a while, so that nobody hears a scrap of it (2.0, 6.1.1). */
import type { Clock } from '../../ports.js';
import type { FetchAudio } from '../platform.js';
import type { Line, LinePlayback } from './line.js';

/** A sound that is over sooner was none, and is not begun again and again. */
const SHORTEST_MS = 250;

export class FetchSound {
  readonly #line: Pick<Line, 'play'>;
  readonly #clock: Clock;
  readonly #audio: FetchAudio;
  #cancel: () => void;
  #playing: LinePlayback | undefined;
  /** Undefined: nothing is heard. */
  #sinceMs: number | undefined;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(line: Pick<Line, 'play'>, clock: Clock, audio: FetchAudio) {
    this.#line = line;
    this.#clock = clock;
    this.#audio = audio;
    this.#cancel = clock.after(audio.delayMs, () => this.#play());
  }

  /** The fetch is over. Resolves when nothing is heard any more. */
  async end(): Promise<void> {
    this.#cancel();
    if (this.#sinceMs !== undefined) {
      const leftMs = this.#sinceMs + this.#audio.minimumMs - this.#clock.nowMs();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#cancel = this.#clock.after(Math.max(0, leftMs), resolve);
      });
    }
    this.stop();
    await this.#playing?.done;
  }

  /** Now, however long it was heard. */
  stop(): void {
    this.#cancel();
    this.#isOver = true;
    this.#sinceMs = undefined;
    this.#playing?.stop();
    this.#wake();
  }

  /** From its beginning again, until the fetch is over. */
  #play(): void {
    const beganAtMs = this.#clock.nowMs();
    this.#sinceMs ??= beganAtMs;
    const parts = [{ kind: 'audio', url: this.#audio.url, fallback: [] }] as const;
    this.#playing = this.#line.play(parts, { onMark: () => undefined, stopsAtKey: false });
    void this.#playing.done.then(({ kind }) => {
      if (this.#isOver) return;
      if (kind === 'ended' && this.#clock.nowMs() - beganAtMs >= SHORTEST_MS) this.#play();
      else this.stop();
    });
  }
}
