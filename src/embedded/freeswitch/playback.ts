/**
 * Plays a list of sounds on a channel the way FreeSWITCH's `playback` does: one pair of events per
 * sound, sounds that do not exist are left out without a word, a break ends only the sound that is
 * heard, and the variables tell how far it came. The next sound is opened while one plays, so that
 * there is no gap between them.
 *
 * Source: switch_ivr_play_say.c of FreeSWITCH 1.10.12 and test/conformance/goldens.
 */

import type { PlayHandle } from '../rtp/session.js';
import type { Channel } from './channel.js';
import type { Sound } from './sound-files.js';

/** Application-Response of `playback`. */
export type PlaybackResponse = 'FILE PLAYED' | 'FILE NOT FOUND' | 'PLAYBACK ERROR';

/** Samples FreeSWITCH reads ahead at a time; playback_ms counts what was read, not what was heard. */
const READ_AHEAD_SAMPLES = 16384;
const SAMPLES_PER_MS = 8;

/** A sound of the list that is being opened, or was. */
interface OpenedSound {
  readonly index: number;
  sound: Sound | undefined;
  isOpened: boolean;
}

/** See the head of this file. `onEnd` is called once. */
export class SoundPlayer {
  #index = -1;
  #isOver = false;
  #isBreakPending = false;
  #response: PlaybackResponse = 'FILE PLAYED';
  #handle: PlayHandle | undefined;
  #status: 'done' | 'break' = 'done';
  #generatedSamples = 0;
  #next: OpenedSound | undefined;

  constructor(
    private readonly channel: Channel,
    private readonly specs: readonly string[],
    private readonly onEnd: (response: PlaybackResponse) => void,
    /** A sound is heard from now on. */
    private readonly onBegin: () => void = () => undefined,
  ) {}

  /** A sound is heard, which `break` would end. */
  get isPlaying(): boolean {
    return this.#handle !== undefined;
  }

  /** Begins with the first sound. */
  start(): void {
    this.#advance();
  }

  /** Ends the sound that is heard, or the one that is being opened; the list goes on. */
  break(): void {
    if (!this.#handle) {
      this.#isBreakPending = true;
      return;
    }
    this.#status = 'break';
    this.#handle.stop();
  }

  /** Ends everything now: the channel goes elsewhere. */
  leave(response: PlaybackResponse): void {
    if (this.#isOver) return;
    this.#index = this.specs.length;
    this.#response = response;
    if (this.#handle) this.#handle.stop();
    else this.#finish();
  }

  #advance(): void {
    this.#index++;
    if (this.#index >= this.specs.length) return this.#finish();
    const next = this.#next;
    if (next?.index === this.#index && next.isOpened) return this.#begin(next.sound);
    const wanted = this.#index;
    this.#open(wanted);
    this.#awaitOpened(wanted);
  }

  #open(index: number): void {
    if (this.#next?.index === index) return;
    const slot: OpenedSound = { index, sound: undefined, isOpened: false };
    this.#next = slot;
    void this.channel.files.open(this.specs[index] ?? '').then((sound) => {
      slot.sound = sound;
      slot.isOpened = true;
      this.#awaitOpened(index);
    });
  }

  #awaitOpened(index: number): void {
    const slot = this.#next;
    const isDue = !this.#isOver && !this.#handle && this.#index === index;
    if (isDue && slot?.index === index && slot.isOpened) this.#begin(slot.sound);
  }

  #begin(sound: Sound | undefined): void {
    this.#next = undefined;
    if (!sound) {
      this.#response = 'FILE NOT FOUND';
      return this.#advance();
    }
    this.#response = 'FILE PLAYED';
    this.channel.fire('PLAYBACK_START', { 'Playback-File-Path': sound.path });
    this.#status = 'done';
    this.#handle = this.channel.rtp.play(sound.source, (position) => this.#ended(sound, position));
    if (this.#index + 1 < this.specs.length) this.#open(this.#index + 1);
    this.onBegin();
    if (!this.#isBreakPending) return;
    this.#isBreakPending = false;
    this.break();
  }

  #ended(sound: Sound, position: number): void {
    this.#handle = undefined;
    const chunks = Math.ceil(position / READ_AHEAD_SAMPLES);
    const readSamples = Math.min(sound.samples - sound.startSample, chunks * READ_AHEAD_SAMPLES);
    const playedMs = Math.floor(readSamples / SAMPLES_PER_MS);
    const offset = sound.isGenerated ? this.#generatedSamples + position : position;
    if (sound.isGenerated) this.#generatedSamples += position;
    this.channel.setVariable('playback_seconds', String(Math.floor(playedMs / 1000)));
    this.channel.setVariable('playback_ms', String(playedMs));
    this.channel.setVariable('playback_last_offset_pos', String(sound.startSample + offset));
    this.channel.fire('PLAYBACK_STOP', {
      'Playback-File-Path': sound.path,
      'Playback-Status': this.#status,
    });
    this.#advance();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onEnd(this.#response);
  }
}
