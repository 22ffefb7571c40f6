/**
 * A call that is none: it keeps the rules of `HeldCall` in whatever time its clock has, and tells what
 * it was asked to do. Plugins and pages are tried out on it, at the terminal and in tests.
 */
import type { Clock } from '../ports.js';
import type { AttachedValues } from './attached-values.js';
import type {
  DigitPress,
  HeldCall,
  HeldCallCapabilities,
  HeldCallFacts,
  HeldRefusal,
  HeldTransfer,
  PlayOptions,
  Prompt,
  PromptPlayback,
  PromptsEnd,
  RecordEnd,
  Recording,
  RecordRequest,
  RevokeCause,
  TransferRequest,
  WaitingSound,
} from './held-call.js';

/** How long a prompt is heard, or why it cannot be. */
export type PromptLength = number | { readonly why: string };

export interface SimulatedCallOptions {
  readonly clock: Clock;
  readonly facts: HeldCallFacts;
  readonly capabilities?: HeldCallCapabilities;
  /** Default: what silence says of itself, a second for anything else. */
  readonly lengthOf?: (prompt: Prompt) => PromptLength;
  /** What comes of a transfer; absent: it is not supported. */
  readonly transfer?: (request: TransferRequest) => HeldTransfer;
  /** Everything that was done with the call, in words: `play`, `digits`, `hang-up` ... */
  readonly onAction?: (what: string, detail: string) => void;
  /** Lent from the start. Default true. */
  readonly isAttached?: boolean;
}

const KEY_MS = 100;
const DIGITS_KEPT = 64;
const DONE = { kind: 'done' } as const;

export class SimulatedCall implements HeldCall {
  readonly facts: HeldCallFacts;
  readonly capabilities: HeldCallCapabilities;
  readonly #options: SimulatedCallOptions;
  readonly #onRevoked: ((cause: RevokeCause) => void)[] = [];
  #isAttached: boolean;
  #revokedBy: RevokeCause | undefined;
  #playing: Playing | undefined;
  #recording: (() => void) | undefined;
  #listener: ((press: DigitPress) => void) | undefined;
  #kept: DigitPress[] = [];

  constructor(options: SimulatedCallOptions) {
    this.#options = options;
    this.facts = options.facts;
    this.capabilities = options.capabilities ?? { canSpeak: true, canRecord: true };
    this.#isAttached = options.isAttached ?? true;
  }

  // --- what the far side and the flow do ------------------------------------------------------

  /** The customer presses keys, one after the other. */
  press(digits: string): void {
    for (const digit of digits) {
      const endedAtMs = this.#options.clock.nowMs();
      const press = { digit, beganAtMs: endedAtMs - KEY_MS, endedAtMs };
      if (this.#listener) this.#listener(press);
      else if (this.#kept.length < DIGITS_KEPT) this.#kept.push(press);
    }
  }

  /** The call is taken back for good. */
  revoke(cause: RevokeCause): void {
    if (this.#revokedBy !== undefined) return;
    this.#revokedBy = cause;
    this.#isAttached = false;
    this.#quiet();
    for (const handle of this.#onRevoked.splice(0)) handle(cause);
  }

  // --- HeldCall -------------------------------------------------------------------------------

  get isAttached(): boolean {
    return this.#isAttached;
  }

  get revokedBy(): RevokeCause | undefined {
    return this.#revokedBy;
  }

  onRevoked(handle: (cause: RevokeCause) => void): void {
    if (this.#revokedBy === undefined) this.#onRevoked.push(handle);
    else handle(this.#revokedBy);
  }

  play(prompts: readonly Prompt[], { loop = false }: PlayOptions = {}): PromptPlayback {
    const refusal = this.#refusal() ?? this.#unplayable(prompts);
    if (refusal) return { done: Promise.resolve(refusal), stop: () => Promise.resolve() };
    this.#playing?.stop();
    this.#note(
      'play',
      `${prompts.map(describePrompt).join(', ')}${loop ? ', again and again' : ''}`,
    );
    const lengths = prompts.map((prompt) => this.#lengthOf(prompt) as number);
    const playing: Playing = new Playing(this.#options.clock, lengths, loop);
    this.#playing = playing;
    return {
      done: playing.done,
      stop: () => {
        playing.stop();
        return Promise.resolve();
      },
    };
  }

  onDigit(handle: (press: DigitPress) => void): () => void {
    this.#listener = handle;
    for (const press of this.#kept.splice(0)) if (this.#listener === handle) handle(press);
    return () => {
      if (this.#listener === handle) this.#listener = undefined;
    };
  }

  flushDigits(): void {
    this.#kept = [];
  }

  awaitCustomer(): () => void {
    return () => undefined;
  }

  record({ maxMs }: RecordRequest): Recording {
    const refusal = this.#refusal();
    if (refusal) return { done: Promise.resolve(refusal), stop: () => Promise.resolve() };
    this.#note('record', `at most ${maxMs} ms`);
    const { clock } = this.#options;
    const startedAtMs = clock.nowMs();
    let finish: (end: RecordEnd) => void = () => undefined;
    const done = new Promise<RecordEnd>((resolve) => (finish = resolve));
    const end = (endedBy: 'max-time' | 'stopped' | 'call-over'): void => {
      cancel();
      this.#recording = undefined;
      const durationMs = clock.nowMs() - startedAtMs;
      finish({ kind: 'recorded', recordingId: 'simulated', path: '', durationMs, endedBy });
    };
    const cancel = clock.after(maxMs, () => end('max-time'));
    this.#recording = () => end('call-over');
    return {
      done,
      stop: () => {
        end('stopped');
        return Promise.resolve();
      },
    };
  }

  transfer(request: TransferRequest): HeldTransfer {
    const refusal = this.#refusal();
    if (!refusal) this.#note('transfer', request.destination);
    if (!refusal && this.#options.transfer) return this.#options.transfer(request);
    const why = 'this call is transferred to nobody';
    const refused = refusal ?? ({ kind: 'refused', code: 'HELD_UNSUPPORTED', why } as const);
    return { done: Promise.resolve(refused), stop: () => undefined };
  }

  waitWith(sounds: readonly WaitingSound[]): Promise<HeldRefusal | typeof DONE> {
    const heard = sounds.map(({ prompt }) => prompt);
    const refusal = this.#refusal() ?? this.#unplayable(heard);
    if (refusal) return Promise.resolve(refusal);
    this.#note('wait-with', heard.map(describePrompt).join(', '));
    return Promise.resolve(DONE);
  }

  attachData(values: AttachedValues): void {
    if (this.#revokedBy === undefined) this.#note('data', JSON.stringify(values));
  }

  hangUp(why: string): Promise<HeldRefusal | typeof DONE> {
    return this.#do('hang-up', why, () => this.revoke('hung-up'));
  }

  detach(): Promise<HeldRefusal | typeof DONE> {
    return this.#do('detach', '', () => {
      this.#isAttached = false;
      this.#quiet();
    });
  }

  attach(): Promise<HeldRefusal | typeof DONE> {
    if (this.#revokedBy !== undefined) return Promise.resolve(revoked(this.#revokedBy));
    this.#note('attach', '');
    this.#isAttached = true;
    return Promise.resolve(DONE);
  }

  #do(what: string, detail: string, run: () => void): Promise<HeldRefusal | typeof DONE> {
    const refusal = this.#refusal();
    if (refusal) return Promise.resolve(refusal);
    this.#note(what, detail);
    run();
    return Promise.resolve(DONE);
  }

  #quiet(): void {
    this.#playing?.stop();
    this.#recording?.();
    this.#listener = undefined;
  }

  #refusal(): HeldRefusal | undefined {
    if (this.#revokedBy !== undefined) return revoked(this.#revokedBy);
    if (this.#isAttached) return undefined;
    return { kind: 'refused', code: 'HELD_NOT_ATTACHED', why: 'the call is detached' };
  }

  #unplayable(prompts: readonly Prompt[]): HeldRefusal | undefined {
    for (const prompt of prompts) {
      if (prompt.kind === 'speech' && !this.capabilities.canSpeak)
        return { kind: 'refused', code: 'HELD_UNSUPPORTED', why: 'it cannot speak' };
      const length = this.#lengthOf(prompt);
      if (typeof length !== 'number')
        return { kind: 'refused', code: 'HELD_UNPLAYABLE', why: length.why };
    }
    if (prompts.length > 0) return undefined;
    return { kind: 'refused', code: 'HELD_BAD_ARGUMENT', why: 'nothing to play' };
  }

  #lengthOf(prompt: Prompt): PromptLength {
    if (prompt.kind === 'silence') return prompt.durationMs;
    return this.#options.lengthOf?.(prompt) ?? 1000;
  }

  #note(what: string, detail: string): void {
    this.#options.onAction?.(what, detail);
  }
}

/** A sound that is going on. */
class Playing {
  readonly done: Promise<PromptsEnd>;
  readonly #clock: Clock;
  readonly #lengths: readonly number[];
  readonly #startedAtMs: number;
  #finish: (end: PromptsEnd) => void = () => undefined;
  readonly #cancel: () => void;

  constructor(clock: Clock, lengths: readonly number[], loop: boolean) {
    this.#clock = clock;
    this.#lengths = lengths;
    this.#startedAtMs = clock.nowMs();
    this.done = new Promise((resolve) => (this.#finish = resolve));
    const playedMs = lengths.reduce((sum, length) => sum + length, 0);
    this.#cancel = loop
      ? () => undefined
      : clock.after(playedMs, () => this.#finish({ kind: 'ended', playedMs }));
  }

  /** After its end it does nothing. */
  stop(): void {
    this.#cancel();
    const playedMs = this.#clock.nowMs() - this.#startedAtMs;
    let promptPlayedMs = playedMs;
    let promptIndex = 0;
    for (const [index, length] of this.#lengths.entries()) {
      promptIndex = index;
      if (promptPlayedMs < length) break;
      if (index < this.#lengths.length - 1) promptPlayedMs -= length;
    }
    this.#finish({ kind: 'stopped', playedMs, promptIndex, promptPlayedMs });
  }
}

function revoked(by: RevokeCause): HeldRefusal {
  return { kind: 'refused', code: 'HELD_REVOKED', why: `the call was taken back: ${by}` };
}

function describePrompt(prompt: Prompt): string {
  switch (prompt.kind) {
    case 'file':
      return prompt.file;
    case 'silence':
      return `${prompt.durationMs} ms of silence`;
    case 'speech':
      return `"${prompt.text}"`;
    case 'recording':
      return `recording ${prompt.recordingId}`;
  }
}
