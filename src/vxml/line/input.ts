/**
 * One input: keys through the grammars, with the timers of VoiceXML 2.0, appendix D. It has no clock: it
 * says which timer to run, and is told when that is over.
 */
import type { GrammarMatch, Matcher } from '../dtmf/matcher.js';
import type { InputTimes } from '../platform.js';

export type InputStep =
  /** Waits for a key; `timeoutMs` undefined = no timer runs. */
  | { readonly kind: 'wait'; readonly timeoutMs: number | undefined }
  | { readonly kind: 'match'; readonly match: GrammarMatch; readonly unusedDigit?: string }
  | { readonly kind: 'nomatch'; readonly digits: string };

export class DigitInput {
  readonly #matcher: Matcher;
  readonly #times: InputTimes;
  readonly #digitsMax: number;
  /** No more key can follow, but a terminating one may. */
  #isFull = false;

  constructor(matcher: Matcher, times: InputTimes, digitsMax: number) {
    this.#matcher = matcher;
    this.#times = times;
    this.#digitsMax = digitsMax;
  }

  get hasDigits(): boolean {
    return this.#matcher.digits !== '';
  }

  /** Whether a grammar has a use for the key now. */
  canTake(digit: string): boolean {
    return this.#matcher.canTake(digit);
  }

  press(digit: string): InputStep {
    const matcher = this.#matcher;
    const isTerminator = digit === this.#times.termChar && !matcher.canTake(digit);
    if (isTerminator) return this.#finish();
    // Too late for this input: it is the first of the next one.
    if (this.#isFull) return { ...this.#finish(), ...{ unusedDigit: digit } };
    const { isMatch, canGoOn } = matcher.press(digit);
    const wait = this.#times.interdigitTimeoutMs;
    if (canGoOn) return { kind: 'wait', timeoutMs: wait };
    if (!isMatch) {
      // Wrong already. What else is on its way belongs to it, as long as it could have been right.
      const isLong = matcher.digits.length >= Math.min(matcher.longest, this.#digitsMax);
      return isLong ? this.#finish() : { kind: 'wait', timeoutMs: wait };
    }
    const { termChar, termTimeoutMs } = this.#times;
    if (termChar === '' || termTimeoutMs === 0) return this.#finish();
    this.#isFull = true;
    return { kind: 'wait', timeoutMs: termTimeoutMs };
  }

  /** The timer of the last step ran out. */
  timeout(): InputStep {
    return this.#finish();
  }

  /** Hotword: what cannot match is forgotten, and the prompt goes on. */
  get isHopeless(): boolean {
    const { isMatch, canGoOn } = this.#matcher.state;
    return !isMatch && !canGoOn;
  }

  reset(): void {
    this.#matcher.reset();
  }

  #finish(): InputStep {
    const match = this.#matcher.match();
    return match ? { kind: 'match', match } : { kind: 'nomatch', digits: this.#matcher.digits };
  }
}
