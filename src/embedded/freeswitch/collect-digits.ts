/**
 * play_and_get_digits: plays a prompt, collects keys, checks them against a pattern, plays another
 * file when they do not fit, and tries again. The keys end up in a channel variable.
 *
 * Patterns are limited to a sequence of characters and classes with at most three quantifiers, since
 * they come from outside and JavaScript's regular expressions have no time limit.
 * Source: mod_dptools.c and switch_ivr_play_say.c of FreeSWITCH 1.10.12.
 */

import type { PlayHandle } from '../rtp/session.js';
import type { Channel, Run } from './channel.js';
import { SoundPlayer } from './playback.js';

interface Request {
  readonly min: number;
  readonly max: number;
  readonly tries: number;
  /** Until the first key, after the prompt. */
  readonly timeoutMs: number;
  readonly terminators: string;
  readonly promptFile: string;
  readonly invalidFile: string;
  readonly variable: string;
  readonly pattern: RegExp;
  /** Between keys. */
  readonly digitTimeoutMs: number;
}

const DIGITS_MAX = 128;
const TRIES_MAX = 100;
const TIMEOUT_MS_MAX = 3600 * 1000;

/** The application; a request that cannot be understood finishes at once. */
export function collectDigits(run: Run, channel: Channel): void {
  const request = parseRequest(run.argument);
  if (!request) return run.finish();
  new DigitCollector(run, channel, request).start();
}

function parseRequest(argument: string): Request | undefined {
  const words = argument.split(' ');
  const [min, max, tries, timeout, terminators, file, invalid, variable, pattern, between] = words;
  const numbers = [min, max, tries, timeout].map((word) =>
    /^\d{1,8}$/.test(word ?? '') ? Number(word) : NaN,
  );
  const [minDigits = NaN, maxDigits = NaN, triesCount = NaN, timeoutMs = NaN] = numbers;
  if (numbers.some(Number.isNaN) || !file || !variable) return undefined;
  const regexp = toPattern(pattern ?? '');
  if (!regexp) return undefined;
  return {
    min: minDigits,
    max: Math.min(DIGITS_MAX, Math.max(1, maxDigits)),
    tries: Math.min(TRIES_MAX, Math.max(1, triesCount)),
    timeoutMs: Math.min(TIMEOUT_MS_MAX, timeoutMs),
    terminators: terminators === 'none' ? '' : (terminators ?? ''),
    promptFile: file,
    invalidFile: invalid ?? '',
    variable,
    pattern: regexp,
    digitTimeoutMs: /^\d{1,8}$/.test(between ?? '') ? Number(between) : timeoutMs,
  };
}

function toPattern(text: string): RegExp | undefined {
  if (text === '') return /^/;
  const atom = String.raw`(?:\\d|\[[\d*#^\-\\d]{1,20}\]|[\d.]|\\[*#.])`;
  const quantifier = String.raw`(?:[+*?]|\{\d{1,3}(?:,\d{0,3})?\})`;
  if (!new RegExp(`^\\^?(?:${atom}${quantifier}?){1,20}\\$?$`).test(text)) return undefined;
  if ((text.match(new RegExp(quantifier, 'g')) ?? []).length > 3) return undefined;
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

class DigitCollector {
  #digits = '';
  #triesLeft: number;
  #isComplete = false;
  #isListening = false;
  #player: SoundPlayer | undefined;
  #waiting: PlayHandle | undefined;

  constructor(
    private readonly run: Run,
    private readonly channel: Channel,
    private readonly request: Request,
  ) {
    this.#triesLeft = request.tries;
  }

  start(): void {
    const { run, channel, request } = this;
    channel.setVariable(request.variable, undefined);
    channel.setVariable(`${request.variable}_invalid`, undefined);
    run.onDigit = (digit) => this.#press(digit);
    run.onBreak = () => this.#player?.break();
    run.onLeave = () => {
      this.#isListening = false;
      this.#triesLeft = 0;
      this.#waiting?.stop();
      this.#player?.leave('PLAYBACK ERROR');
      run.finish();
    };
    this.#try();
  }

  #try(): void {
    this.#triesLeft--;
    this.#digits = '';
    this.#isComplete = false;
    this.#isListening = true;
    this.#play(this.request.promptFile, () => this.#wait(this.request.timeoutMs));
  }

  #play(file: string, then: () => void): void {
    const player = new SoundPlayer(this.channel, [file], () => {
      this.#player = undefined;
      if (!this.run.isFinished) then();
    });
    this.#player = player;
    player.start();
  }

  #press(digit: string): void {
    const { request } = this;
    if (!this.#isListening || this.#isComplete) return;
    if (request.terminators.includes(digit)) {
      this.channel.setVariable('read_terminator_used', digit);
      this.#isComplete = true;
    } else {
      this.#digits += digit;
      this.#isComplete = this.#digits.length >= request.max;
    }
    // A key ends the prompt; then, or while waiting, the time for the next key begins.
    if (this.#player) this.#player.break();
    else this.#wait(request.digitTimeoutMs);
  }

  #wait(ms: number): void {
    this.#waiting?.stop();
    if (this.#isComplete) return this.#judge();
    const limitMs = this.#digits === '' ? ms : this.request.digitTimeoutMs;
    const endAtMs = performance.now() + limitMs;
    let isStopped = false;
    const silence = {
      read(into: Int16Array): number {
        into.fill(0);
        return performance.now() >= endAtMs ? 0 : into.length;
      },
    };
    const handle = this.channel.rtp.play(silence, () => {
      if (!isStopped) this.#judge();
    });
    this.#waiting = {
      stop: () => {
        isStopped = true;
        handle.stop();
      },
    };
  }

  #judge(): void {
    const { request, channel, run } = this;
    this.#waiting = undefined;
    this.#isListening = false;
    const isLongEnough = this.#digits.length >= request.min;
    if (isLongEnough && (this.#digits === '' || request.pattern.test(this.#digits))) {
      channel.setVariable(request.variable, this.#digits);
      return run.finish();
    }
    if (this.#digits !== '') channel.setVariable(`${request.variable}_invalid`, this.#digits);
    this.#play(request.invalidFile, () => (this.#triesLeft > 0 ? this.#try() : run.finish()));
  }
}
