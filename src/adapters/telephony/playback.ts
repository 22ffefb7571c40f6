/**
 * One playback on a parked channel: a list of files once, or over and over without a gap, until it
 * ends, is stopped or fails. Facts of FreeSWITCH 1.10.12 it rests on (switch_ivr_play_say.c,
 * switch_core_session.c):
 * - files joined by the delimiter follow each other without a pause only with `playback_sleep_val=0`
 *   (250 ms otherwise), at most 128 of them; a missing one is skipped without a word;
 * - `endless_playback` cannot be stopped; so a loop is one long list, issued again when it runs out;
 * - a `uuid_break` that arrives before the application starts is lost, one during it ends the whole
 *   list, and a stale one does no harm because every application clears the flag first.
 */
import type { Clock, Playback, PlayEnd } from '../../ports.js';
import type { Deadlines } from './deadlines.js';
import { describeError } from './errors.js';

/** What a playback needs of its channel. */
export interface PlayChannel {
  /** @returns FreeSWITCH's Application-Response at the end. @throws when the channel ends */
  play(list: string): Promise<string>;
  breakPlay(): Promise<unknown>;
  onFileStarted(handle: (file: string) => void): () => void;
}

/** switch_ivr_play_file splits into 128 at most; some room is left. */
const MAX_LIST_ENTRIES = 100;
/** FreeSWITCH repeats the argument in every event of the channel. */
const MAX_LIST_BYTES = 4096;
const BREAK_AGAIN_MS = 150;
/** A list that is over sooner has no sound in it, and looping it would spin. */
const SHORTEST_LIST_MS = 100;

/** Sets a list of files apart; the sanitiser refuses it inside a name. */
export const DELIMITER = '!';

/** @returns the files once, or as often as fits into one command. */
export function playList(files: readonly string[], loop: boolean): readonly string[] {
  if (!loop) return files;
  const roundBytes = files.reduce((sum, file) => sum + Buffer.byteLength(file) + 1, 0);
  const fits = Math.min(MAX_LIST_ENTRIES / files.length, MAX_LIST_BYTES / roundBytes);
  const rounds = Math.max(1, Math.floor(fits));
  return Array.from({ length: rounds }, () => files).flat();
}

export interface PlaybackOptions {
  /** Sanitised, at least one, at most 100. */
  readonly files: readonly string[];
  readonly loop: boolean;
  readonly clock: Clock;
  readonly deadlines: Pick<Deadlines, 'playStartMs' | 'stopMs'>;
  /** What has to be over first, such as the previous playback; must not reject. */
  readonly after: Promise<unknown>;
  /** Called when the first file is heard. */
  onSound(): void;
}

export class ChannelPlayback implements Playback {
  readonly done: Promise<PlayEnd>;
  #isOver = false;
  #isStopping = false;
  #failure: string | undefined;
  #startedCount = 0;
  #isPlaying = false;
  #giveUp!: () => void;
  readonly #givenUp: Promise<void>;
  #cancelBreak: () => void = () => undefined;

  constructor(
    private readonly channel: PlayChannel,
    private readonly options: PlaybackOptions,
  ) {
    this.#givenUp = new Promise((resolve) => (this.#giveUp = resolve));
    this.done = this.#run().then((end) => {
      this.#isOver = true;
      this.#cancelBreak();
      return end;
    });
  }

  async stop(): Promise<void> {
    if (!this.#isOver && !this.#isStopping) {
      this.#isStopping = true;
      if (this.#isPlaying) this.#breakUntilOver();
    }
    await this.done;
  }

  async #run(): Promise<PlayEnd> {
    const { clock, files, loop } = this.options;
    await this.options.after;
    const list = playList(files, loop);
    for (;;) {
      if (this.#isStopping) return { kind: 'stopped' };
      const startedAtMs = clock.nowMs();
      const end = await this.#playOnce(list);
      if (end) return end;
      if (clock.nowMs() - startedAtMs < SHORTEST_LIST_MS) {
        return { kind: 'failed', why: 'the files hold no sound' };
      }
    }
  }

  /** @returns undefined when a loop goes on. */
  async #playOnce(list: readonly string[]): Promise<PlayEnd | undefined> {
    const { clock, deadlines, loop } = this.options;
    this.#startedCount = 0;
    this.#isPlaying = true;
    const forget = this.channel.onFileStarted((file) => this.#fileStarted(file));
    const cancelStart = clock.after(deadlines.playStartMs, () => {
      if (this.#startedCount === 0) this.#fail(`no sound within ${deadlines.playStartMs} ms`);
    });
    try {
      const response = await Promise.race([
        this.channel.play(list.join(DELIMITER)),
        this.#givenUp.then(() => undefined),
      ]);
      if (this.#failure !== undefined) return { kind: 'failed', why: this.#failure };
      if (this.#isStopping) return { kind: 'stopped' };
      if (response !== 'FILE PLAYED') return { kind: 'failed', why: response ?? 'no answer' };
      if (this.#startedCount < list.length) return { kind: 'failed', why: this.#missing(list) };
      return loop ? undefined : { kind: 'ended' };
    } catch (thrown) {
      if (this.#isStopping) return { kind: 'stopped' };
      return { kind: 'failed', why: describeError(thrown) };
    } finally {
      this.#isPlaying = false;
      forget();
      cancelStart();
    }
  }

  #fileStarted(file: string): void {
    const { files, loop } = this.options;
    const expected = files[this.#startedCount % files.length];
    this.#startedCount += 1;
    this.options.onSound();
    // Once through, a missing file is told at the end; a loop has none, so it is told at once.
    if (loop && file !== expected) this.#fail(`could not open ${expected}`);
    else if (this.#isStopping) this.#breakUntilOver();
  }

  #fail(why: string): void {
    this.#failure ??= why;
    this.#breakUntilOver();
  }

  /** Breaks now and again until the playback is over, at most `stopMs`. */
  #breakUntilOver(): void {
    const { clock, deadlines } = this.options;
    this.#cancelBreak();
    let leftMs = deadlines.stopMs;
    const breakNow = (): void => {
      if (leftMs <= 0) return this.#giveUp();
      leftMs -= BREAK_AGAIN_MS;
      this.channel.breakPlay().catch(() => undefined);
      this.#cancelBreak = clock.after(BREAK_AGAIN_MS, breakNow);
    };
    breakNow();
  }

  #missing(list: readonly string[]): string {
    const count = list.length - this.#startedCount;
    return `${count} of ${list.length} files could not be opened`;
  }
}
