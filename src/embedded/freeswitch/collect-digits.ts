/**
 * play_and_get_digits: plays a prompt, collects keys, checks them against a pattern, plays another
 * file when they do not fit, and tries again. The keys end up in a channel variable.
 *
 * Its oddities are FreeSWITCH's: too few keys are in the variable all the same, `read_result` says
 * why; a time-out with no key is a failed try even where none is needed; a terminator that breaks
 * the prompt where there is room for one key counts as nothing. Keys that come while a try is being
 * refused belong to the next one.
 *
 * Patterns are limited to a sequence of characters and classes with at most three quantifiers, since
 * they come from outside and JavaScript's regular expressions have no time limit.
 * Source: mod_dptools.c and switch_ivr_play_say.c of FreeSWITCH 1.10.12; recorded transcripts.
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
  /** `+` before one makes it part of the keys, `=` before all makes one necessary. */
  readonly terminators: string;
  readonly promptFile: string;
  readonly invalidFile: string;
  readonly variable: string;
  readonly pattern: RegExp | undefined;
  /** Between keys. */
  readonly digitTimeoutMs: number;
}

const DIGITS_MAX = 128;
const TRIES_MAX = 100;
const TIMEOUT_MS_MIN = 1000;
const TIMEOUT_MS_MAX = 3600 * 1000;
const NO_PROMPT = /^(?:silence)?$/i;

/** The application; a pattern that cannot be understood finishes it at once. */
export function collectDigits(run: Run, channel: Channel): void {
  const request = parseRequest(run.argument);
  if (request) return new DigitCollector(run, channel, request).start();
  channel.log('warn', 'pattern for keys refused', { argument: run.argument });
  run.finish();
}

/** What is no number counts as 0. */
const integer = (word: string | undefined): number => Number(/^\d{1,8}/.exec(word ?? '')?.[0] ?? 0);

function parseRequest(argument: string): Request | undefined {
  const words = argument.split(' ');
  const [min, max, tries, timeout, terminators, file, invalid, variable, pattern, between] = words;
  const regexp = pattern ? toPattern(pattern) : undefined;
  if (pattern && !regexp) return undefined;
  const timeoutMs = Math.min(TIMEOUT_MS_MAX, Math.max(TIMEOUT_MS_MIN, integer(timeout)));
  return {
    min: integer(min),
    max: Math.max(integer(min), integer(max)),
    tries: Math.min(TRIES_MAX, integer(tries)),
    timeoutMs,
    terminators: terminators || '#',
    promptFile: file ?? '',
    invalidFile: invalid ?? '',
    variable: variable ?? '',
    pattern: regexp,
    digitTimeoutMs: Math.min(TIMEOUT_MS_MAX, integer(between)) || timeoutMs,
  };
}

function toPattern(text: string): RegExp | undefined {
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

/** How a try has ended: FreeSWITCH's status, as far as it matters. */
type Outcome = 'success' | 'timeout' | 'too-small' | 'not-played';

interface Key {
  readonly digit: string;
  readonly tell: () => void;
}

class DigitCollector {
  #digits = '';
  #triesLeft: number;
  #phase: 'prompt' | 'collecting' | 'refusing' = 'refusing';
  /** Pressed, and not taken yet. */
  #queue: Key[] = [];
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
    const { run, request } = this;
    if (request.pattern) this.#set(`${request.variable}_invalid`, undefined);
    run.onDigit = (digit, tell) => {
      this.#queue.push({ digit, tell });
      this.#takeKeys();
    };
    run.onBreak = () => this.#player?.break();
    run.onLeave = () => {
      this.#triesLeft = 0;
      this.#waiting?.stop();
      this.#player?.leave('PLAYBACK ERROR');
      this.#finish();
    };
    if (this.#triesLeft === 0) this.#finish();
    else this.#try();
  }

  #try(): void {
    const { request } = this;
    this.#digits = '';
    this.#set('read_result', undefined);
    this.#set(request.variable, undefined);
    if (request.max > DIGITS_MAX) return this.#judge('not-played');
    if (NO_PROMPT.test(request.promptFile)) return this.#collect();
    this.#phase = 'prompt';
    this.#play(request.promptFile, (response) => {
      if (response === 'FILE NOT FOUND') this.#judge('not-played');
      else this.#collect();
    });
  }

  #play(file: string, then: (response: string) => void): void {
    const onEnd = (response: string): void => {
      this.#player = undefined;
      if (!this.run.isFinished) then(response);
    };
    const player = new SoundPlayer(this.channel, [file], onEnd, () => this.#takeKeys());
    this.#player = player;
    player.start();
  }

  /** One key ends the prompt; whatever follows it is taken afterwards. */
  #takeKeys(): void {
    if (this.#phase === 'prompt' && this.#digits === '' && this.#player?.isPlaying) {
      const key = this.#queue.shift();
      if (!key) return;
      key.tell();
      this.#digits = key.digit;
      this.#player.break();
    }
    while (this.#phase === 'collecting' && this.#queue.length > 0) this.#take(this.#queue.shift());
  }

  #take(key: Key | undefined): void {
    if (!key) return;
    key.tell();
    if (this.#isTerminator(key.digit)) return this.#end('success', key.digit);
    this.#digits += key.digit;
    if (this.#digits.length >= this.request.max) this.#end('success');
    else this.#wait(this.request.digitTimeoutMs);
  }

  #collect(): void {
    const { max, timeoutMs, digitTimeoutMs } = this.request;
    this.#phase = 'collecting';
    const [first] = this.#digits;
    if (this.#digits.length >= max) return this.#end('success');
    if (first !== undefined && this.#isTerminator(first)) {
      this.#digits = '';
      return this.#end('success', first);
    }
    this.#wait(first === undefined ? timeoutMs : digitTimeoutMs);
    this.#takeKeys();
  }

  /** Silence until the next key is due. */
  #wait(limitMs: number): void {
    this.#waiting?.stop();
    const endAtMs = performance.now() + limitMs;
    let isStopped = false;
    const silence = {
      read(into: Int16Array): number {
        into.fill(0);
        return performance.now() >= endAtMs ? 0 : into.length;
      },
    };
    const handle = this.channel.rtp.play(silence, () => {
      if (!isStopped) this.#end('timeout');
    });
    this.#waiting = {
      stop: () => {
        isStopped = true;
        handle.stop();
      },
    };
  }

  #isTerminator(digit: string): boolean {
    return this.request.terminators.includes(digit);
  }

  #end(outcome: 'success' | 'timeout', terminator?: string): void {
    const { min, terminators } = this.request;
    this.#waiting?.stop();
    this.#waiting = undefined;
    this.#phase = 'refusing';
    if (terminator !== undefined) {
      this.#set('read_terminator_used', terminator);
      if (terminators.includes(`+${terminator}`)) this.#digits += terminator;
    }
    const isRequired = terminators.startsWith('=') && terminator === undefined;
    const isShort = isRequired || this.#digits.length < min;
    this.#set('read_result', isShort ? 'failure' : outcome);
    this.#judge(isShort ? 'too-small' : outcome);
  }

  #judge(outcome: Outcome): void {
    const { min, max, terminators, variable, pattern, invalidFile } = this.request;
    this.#phase = 'refusing';
    if (max === 1 && this.#digits !== '' && terminators.includes(this.#digits)) this.#digits = '';
    if (this.#digits !== '') this.#set(variable, this.#digits);
    const isUsed = this.channel.variable('read_terminator_used') !== undefined;
    if (min === 0 && this.#digits === '' && isUsed) return this.#finish();
    const isLongEnough = outcome === 'success' || outcome === 'timeout';
    if (isLongEnough && this.#digits !== '') {
      if (!pattern || pattern.test(this.#digits)) return this.#finish();
      this.#set(variable, undefined);
      this.#set(`${variable}_invalid`, this.#digits);
    }
    this.#play(invalidFile, () => {
      this.#triesLeft--;
      if (this.#triesLeft > 0) this.#try();
      else this.#finish();
    });
  }

  #finish(): void {
    this.run.finish();
    for (const { tell } of this.#queue.splice(0)) tell();
  }

  #set(name: string, value: string | undefined): void {
    if (this.request.variable !== '' || name.startsWith('read_')) {
      this.channel.setVariable(name, value);
    }
  }
}
