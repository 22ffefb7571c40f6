/**
 * Keys of the customer put together to an answer: up to so many, until a key that ends or gives up, or
 * until nothing comes for too long. The prompts before it stop at the first key (barge-in) unless they
 * must be heard; time is counted from the end of the prompts.
 */
import type { Clock } from '../ports.js';
import type { DigitPress, HeldCall, HeldRefusal, Prompt, PromptPlayback } from './held-call.js';

export interface CollectRequest {
  /** Heard first; may be empty. */
  readonly prompts: readonly Prompt[];
  /** Whether a key stops the prompts. Default true; otherwise keys pressed before their end are forgotten. */
  readonly isInterruptible?: boolean | undefined;
  /** 1 to 64. */
  readonly maxDigits: number;
  /** Keys that end the answer and are no part of it, e.g. `#`. */
  readonly endDigits?: string | undefined;
  /** Keys that give the answer up. */
  readonly abortDigits?: string | undefined;
  /** Until the first key, after the prompts. Default 10,000 ms. */
  readonly firstDigitMs?: number | undefined;
  /** Between two keys. Default 5,000 ms. */
  readonly betweenDigitsMs?: number | undefined;
  /** All of it, after the prompts. Default: no bound of its own. */
  readonly totalMs?: number | undefined;
}

export type CollectEnd =
  | {
      readonly kind: 'collected';
      /** May be empty after `timeout`, `end-digit` and `abort-digit`. */
      readonly digits: string;
      readonly endedBy: 'max-digits' | 'end-digit' | 'abort-digit' | 'timeout';
    }
  /** By the holder, by another sound before a key came, or the call was taken away. */
  | { readonly kind: 'stopped' }
  | HeldRefusal;

export interface Collection {
  /** Always settles, never rejects. */
  readonly done: Promise<CollectEnd>;
  /** May be called twice. */
  stop(): void;
}

const DIGITS_MAX = 64;
const FIRST_DIGIT_MS = 10_000;
const BETWEEN_DIGITS_MS = 5000;

/** A request out of its bounds ends as `HELD_BAD_ARGUMENT`. */
export function collectDigits(call: HeldCall, clock: Clock, request: CollectRequest): Collection {
  const { maxDigits } = request;
  if (Number.isInteger(maxDigits) && maxDigits >= 1 && maxDigits <= DIGITS_MAX)
    return new DigitCollection(call, clock, request);
  const why = `digits to collect are 1 to ${DIGITS_MAX}`;
  const refused = { kind: 'refused', code: 'HELD_BAD_ARGUMENT', why } as const;
  return { done: Promise.resolve(refused), stop: () => undefined };
}

class DigitCollection implements Collection {
  readonly done: Promise<CollectEnd>;
  readonly #call: HeldCall;
  readonly #clock: Clock;
  readonly #request: CollectRequest;
  #finish: (end: CollectEnd) => void = () => undefined;
  #hasEnded = false;
  #digits = '';
  #isPrompting = false;
  #playback: PromptPlayback | undefined;
  #stopTimer: () => void = () => undefined;
  #stopTotal: () => void = () => undefined;
  #stopWaiting: () => void = () => undefined;
  #stopListening: () => void = () => undefined;

  constructor(call: HeldCall, clock: Clock, request: CollectRequest) {
    this.#call = call;
    this.#clock = clock;
    this.#request = request;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    if (request.prompts.length > 0) this.#prompt();
    else this.#listen();
    call.onRevoked(() => this.stop());
  }

  stop(): void {
    this.#end({ kind: 'stopped' });
  }

  #prompt(): void {
    this.#isPrompting = true;
    const { prompts, isInterruptible = true } = this.#request;
    this.#playback = this.#call.play(prompts, { stopsAtKey: isInterruptible });
    if (isInterruptible) this.#hear();
    void this.#playback.done.then((end) => {
      if (this.#hasEnded) return;
      if (end.kind === 'refused') return this.#end(end);
      // By somebody else's sound: nobody knows what keys would answer.
      if (end.kind === 'stopped' && this.#digits === '') return this.stop();
      this.#isPrompting = false;
      if (isInterruptible) this.#startWaiting();
      else this.#listen();
    });
  }

  #listen(): void {
    if (this.#request.isInterruptible === false) this.#call.flushDigits();
    this.#startWaiting();
    this.#hear();
  }

  #hear(): void {
    this.#stopListening = this.#call.onDigit((press) => this.#onDigit(press));
    // Keys of before are told at once, and may have been enough.
    if (this.#hasEnded) this.#stopListening();
  }

  #startWaiting(): void {
    const { totalMs, firstDigitMs = FIRST_DIGIT_MS } = this.#request;
    if (totalMs !== undefined) this.#stopTotal = this.#clock.after(totalMs, () => this.#timeOut());
    this.#awaitDigit(this.#digits === '' ? firstDigitMs : this.#betweenDigitsMs);
  }

  get #betweenDigitsMs(): number {
    return this.#request.betweenDigitsMs ?? BETWEEN_DIGITS_MS;
  }

  #awaitDigit(forMs: number): void {
    this.#stopTimer();
    this.#stopWaiting();
    this.#stopTimer = this.#clock.after(forMs, () => this.#timeOut());
    this.#stopWaiting = this.#call.awaitCustomer(forMs);
  }

  #timeOut(): void {
    this.#end({ kind: 'collected', digits: this.#digits, endedBy: 'timeout' });
  }

  #onDigit({ digit }: DigitPress): void {
    if (this.#hasEnded) return;
    const { endDigits = '', abortDigits = '', maxDigits } = this.#request;
    if (abortDigits.includes(digit)) return this.#collected('abort-digit');
    if (endDigits.includes(digit)) return this.#collected('end-digit');
    this.#digits += digit;
    if (this.#digits.length >= maxDigits) return this.#collected('max-digits');
    if (this.#isPrompting) void this.#playback?.stop();
    else this.#awaitDigit(this.#betweenDigitsMs);
  }

  #collected(endedBy: 'max-digits' | 'end-digit' | 'abort-digit'): void {
    this.#end({ kind: 'collected', digits: this.#digits, endedBy });
  }

  #end(end: CollectEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopTimer();
    this.#stopTotal();
    this.#stopWaiting();
    this.#stopListening();
    void this.#playback?.stop();
    this.#finish(end);
  }
}
