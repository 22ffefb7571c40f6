/**
 * One playback on a parked channel: files once, or over and over without a gap, until it ends, is
 * stopped or fails. Facts of FreeSWITCH 1.10.12 it rests on (switch_ivr_play_say.c, mod_dptools.c,
 * switch_core_session.c):
 * - `endless_playback` cannot be stopped, and files joined by `playback_delimiter` need one break each
 *   and lose missing ones without a word; so files once are one command each;
 * - `file_string://a!b` is one sound to the player: no gap between its files, one break ends it. A loop
 *   is such a list, issued again when it runs out. It begins with 250 ms of silence, which a caller
 *   hears as a breath before the music, once every hundred rounds;
 * - with `playback_terminators=any` a key ends the sound in the media server itself: it need not wait for
 *   the event to reach us (its event socket looks for events to send every 20 ms) and for our break;
 * - a `uuid_break` that arrives before the application starts is lost, and a stale one does no harm
 *   because every application clears the flag first.
 */
import type { Clock, Playback, PlayEnd } from '../../ports.js';
import type { ExecuteResult } from './channel.js';
import type { Deadlines } from './deadlines.js';
import { describeError } from './errors.js';
import { SPOKEN } from './spoken.js';

/** What a playback needs of its channel. */
export interface PlayChannel {
  /** Plays to the end. @throws when the channel ends */
  play(name: string): Promise<ExecuteResult>;
  breakPlay(): Promise<unknown>;
  onFileStarted(handle: () => void): () => void;
  /** What plays goes on when the channel is bridged. */
  outlastsBridge?(): boolean;
}

const SAMPLES_PER_MS = 8;
/** file_string splits into 128 at most; some room is left. */
export const MAX_LIST_ENTRIES = 100;
/** FreeSWITCH repeats the argument in every event of the channel. */
const MAX_LIST_BYTES = 8192;
/** Of a loop, which has to begin soon on a media server that is full, too: see covering-sound.ts. */
export const MAX_LOOP_BYTES = 4096;
const BREAK_AGAIN_MS = 150;
export const LIST_SCHEME = 'file_string://';
/** mod_dptools puts so much silence before the files of a list. */
const LIST_LEAD_MS = 250;
/** A list that is over sooner has no sound in it, and looping it would spin. */
const SHORTEST_LIST_MS = 100;

/**
 * We have looked at the file before: one that FreeSWITCH does not find is one that it cannot see.
 */
function failure(response: string, name: string): string {
  const file = name.slice(0, 200);
  if (response === 'FILE NOT FOUND') {
    return `PLAY_NOT_FOUND: FreeSWITCH cannot open ${file}; does it see the folder (mediaPath)?`;
  }
  return `PLAY_ERROR: ${response || 'no answer'} (${file})`;
}

/** @returns one name for the files played as often as fits into one command. */
export function loopName(files: readonly string[]): string {
  const roundBytes = files.reduce((sum, file) => sum + Buffer.byteLength(file) + 1, 0);
  const fits = Math.min(MAX_LIST_ENTRIES / files.length, MAX_LOOP_BYTES / roundBytes);
  const rounds = Math.max(1, Math.floor(fits));
  const [only] = files;
  if (rounds * files.length === 1 && only !== undefined) return only;
  // The sanitiser refuses the separator inside a name.
  return `${LIST_SCHEME}${Array.from({ length: rounds }, () => files)
    .flat()
    .join('!')}`;
}

/** @returns the files in order, in as few names as can be: each is played without a gap inside. */
export function listNames(files: readonly string[]): string[] {
  const lists: string[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    bytes += Buffer.byteLength(file) + 1;
    const isAlone = [file, lists.at(-1)?.[0]].some((one) => one?.startsWith(SPOKEN));
    if (bytes > MAX_LIST_BYTES || isAlone) {
      lists.push([]);
      bytes = Buffer.byteLength(file) + 1;
    }
    lists.at(-1)?.push(file);
  }
  return lists.map((list) =>
    list.length > 1 ? `${LIST_SCHEME}${list.join('!')}` : (list[0] ?? ''),
  );
}

export interface PlaybackOptions {
  /** Sanitised; 1 to 100 of them. */
  readonly files: readonly string[];
  readonly loop: boolean;
  /** As one list, as far as it fits. */
  readonly isGapless?: boolean;
  readonly clock: Clock;
  readonly deadlines: Pick<Deadlines, 'playStartMs' | 'stopMs'>;
  /** What has to be over first, such as the previous playback; must not reject. */
  readonly after: Promise<unknown>;
  /** Called when the first file is heard. */
  onSound(): void;
}

const NOTHING_HEARD: ExecuteResult = {
  response: '',
  lastPositionSamples: undefined,
  isEndedByKey: false,
};

export class ChannelPlayback implements Playback {
  readonly done: Promise<PlayEnd>;
  #isOver = false;
  #isStopping = false;
  #isBreaking = false;
  #failure: string | undefined;
  #hasStarted = false;
  /** When the first sound was heard; -1 before. */
  #soundAtMs = -1;
  #playedMs = 0;
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
    if (!this.#isOver && !this.#isBreaking) {
      this.#isStopping = true;
      this.#isBreaking = true;
      if (this.#isPlaying) this.#breakUntilOver();
    }
    await this.done;
  }

  /**
   * Something is about to take the channel that ends the sound by itself: waiting for that to happen
   * first would be a silence. A sound that is not heard yet is stopped.
   */
  async giveWay(): Promise<void> {
    if (!this.#hasStarted || this.channel.outlastsBridge?.()) return this.stop();
    this.#isStopping = true;
  }

  async #run(): Promise<PlayEnd> {
    const { loop, isGapless } = this.options;
    const files = isGapless ? listNames(this.options.files) : this.options.files;
    await this.options.after;
    // Several files in a loop are first played one by one: only so a missing one is noticed.
    if (!loop || (files.length > 1 && !isGapless)) {
      for (const file of files) {
        const end = await this.#playOne(file);
        if (end.kind !== 'ended') return end;
      }
    }
    return loop ? this.#playOverAndOver(loopName(this.options.files)) : this.#end('ended');
  }

  async #playOverAndOver(list: string): Promise<PlayEnd> {
    const { clock } = this.options;
    for (;;) {
      const startedAtMs = clock.nowMs();
      const end = await this.#playOne(list);
      if (end.kind !== 'ended') return end;
      if (clock.nowMs() - startedAtMs < SHORTEST_LIST_MS) {
        return { kind: 'failed', why: 'PLAY_NO_SOUND: the files hold none' };
      }
    }
  }

  async #playOne(name: string): Promise<PlayEnd> {
    if (this.#isStopping) return this.#end('stopped');
    const { clock, deadlines } = this.options;
    this.#hasStarted = false;
    this.#isPlaying = true;
    const isSpoken = name.startsWith(SPOKEN);
    const forget = this.channel.onFileStarted(() => this.#started());
    // There is no file that begins, and no position in it.
    if (isSpoken) this.#started();
    const spokenAtMs = clock.nowMs();
    const cancelStart = clock.after(deadlines.playStartMs, () => {
      if (!this.#hasStarted) this.#fail(`PLAY_NO_SOUND: none within ${deadlines.playStartMs} ms`);
    });
    try {
      const silence = this.#givenUp.then(() => NOTHING_HEARD);
      const result = await Promise.race([this.channel.play(name), silence]);
      if (isSpoken) this.#playedMs += clock.nowMs() - spokenAtMs;
      else this.#count(result, name);
      if (this.#failure !== undefined) return { kind: 'failed', why: this.#failure };
      if (this.#isStopping || result.isEndedByKey) return this.#end('stopped');
      if (result.response === 'FILE PLAYED') return this.#end('ended');
      return { kind: 'failed', why: failure(result.response, name) };
    } catch (thrown) {
      if (this.#isStopping) return this.#end('stopped');
      return { kind: 'failed', why: `ENDPOINT_ENDED: ${describeError(thrown)}` };
    } finally {
      this.#isPlaying = false;
      forget();
      cancelStart();
    }
  }

  /** A list is counted as one file, its lead included; a loop of lists is timed. */
  #count({ lastPositionSamples }: ExecuteResult, name: string): void {
    const { clock, loop } = this.options;
    if (!this.#hasStarted) return;
    const positionMs = Math.round((lastPositionSamples ?? 0) / SAMPLES_PER_MS);
    const leadMs = name.startsWith(LIST_SCHEME) ? LIST_LEAD_MS : 0;
    if (loop) this.#playedMs = clock.nowMs() - this.#soundAtMs;
    else this.#playedMs += Math.max(0, positionMs - leadMs);
  }

  #end(kind: 'ended' | 'stopped'): PlayEnd {
    return { kind, playedMs: this.#playedMs };
  }

  #started(): void {
    this.#hasStarted = true;
    if (this.#soundAtMs < 0) this.#soundAtMs = this.options.clock.nowMs();
    this.options.onSound();
    if (this.#isBreaking) this.#breakUntilOver();
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
}
