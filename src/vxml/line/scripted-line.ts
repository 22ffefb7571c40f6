/**
 * A line with a caller who does what a list says: for `dialback vxml run --digits` and for tests. Under a
 * virtual clock a page runs on it the same way every time.
 */
import type { Clock } from '../../ports.js';
import type { PageFetch, PageFetched, PromptPart } from '../platform.js';
import type {
  Line,
  LinePlayback,
  LinePlayOptions,
  LinePlayEnd,
  LineRecordEnd,
  LineRecording,
  LineRecordOrder,
  LineTransfer,
  LineTransferEnd,
  LineTransferOrder,
} from './line.js';

/** One thing the caller does, when the page waits for it. */
export type CallerAction =
  | { readonly kind: 'digits'; readonly digits: string; readonly isDuringPrompt: boolean }
  /** Lets the page wait in vain. */
  | { readonly kind: 'silence' }
  /** `keys`: pressed when half of it is said. */
  | { readonly kind: 'speak'; readonly durationMs: number; readonly keys: string }
  | { readonly kind: 'hang-up'; readonly isDuringPrompt: boolean };

/** What happened on the line, in order. */
export interface LineEvent {
  readonly atMs: number;
  /** prompt, digits, hang-up, record, transfer, log, or a step of the interpreter. */
  readonly what: string;
  readonly detail: string;
}

export interface ScriptedLineOptions {
  readonly clock: Clock;
  /** Taken from the front, so that the next line of the same caller goes on where this one ends. */
  readonly actions: CallerAction[];
  readonly fetch: (request: PageFetch) => Promise<PageFetched>;
  readonly onEvent: (event: LineEvent) => void;
  /** Sounds that cannot be played; default: all can. */
  readonly isPlayable?: (url: string) => boolean;
  /** Default, and where it returns undefined: such transfers are not supported. */
  readonly transfer?: (order: LineTransferOrder) => LineTransferEnd | undefined;
}

const BETWEEN_KEYS_MS = 100;
const TEXT_MS_PER_CHAR = 50;
const AUDIO_MS = 1000;
const ACTION = /^(~?)(?:(-)|(hangup)|speak:(\d{1,6})(?::([0-9*#A-D]+))?|([0-9*#A-D]+))$/;

/**
 * `1, 22#, -, speak:3000, speak:3000:5, ~1, hangup`: keys, silence, three seconds of speech, the same with a
 * key in the middle, a key while a prompt plays, the end of the call. @throws RangeError for anything else
 */
export function callerActions(text: string): CallerAction[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  return words.map((word): CallerAction => {
    const found = ACTION.exec(word);
    if (!found) throw new RangeError(`"${word}" is neither keys nor -, speak:MS or hangup`);
    const [, during, silence, hangUp, speak, keys = '', digits = ''] = found;
    const isDuringPrompt = during === '~';
    if (silence !== undefined) return { kind: 'silence' };
    if (hangUp !== undefined) return { kind: 'hang-up', isDuringPrompt };
    if (speak !== undefined) return { kind: 'speak', durationMs: Number(speak), keys };
    return { kind: 'digits', digits, isDuringPrompt };
  });
}

export class ScriptedLine implements Line {
  readonly #options: ScriptedLineOptions;
  readonly #actions: CallerAction[];
  #onDigit: (digit: string) => void = () => undefined;
  #onHangUp: () => void = () => undefined;
  #isHungUp = false;
  #stopPlaying: (() => void) | undefined;
  #stopTransfer: (() => void) | undefined;
  #recordings = 0;

  constructor(options: ScriptedLineOptions) {
    this.#options = options;
    this.#actions = options.actions;
  }

  onDigit(handle: (digit: string) => void): void {
    this.#onDigit = handle;
  }

  onHangUp(handle: () => void): void {
    this.#onHangUp = handle;
    if (this.#isHungUp) handle();
  }

  play(parts: readonly PromptPart[], { onMark }: LinePlayOptions): LinePlayback {
    this.#stopPlaying?.();
    let resolve: (end: LinePlayEnd) => void = () => undefined;
    const done = new Promise<LinePlayEnd>((settle) => (resolve = settle));
    let stopTimer = (): void => undefined;
    const end = (how: LinePlayEnd): void => {
      stopTimer();
      this.#stopPlaying = undefined;
      resolve(how);
    };
    const queue = [...parts];
    const next = (): void => {
      const part = queue.shift();
      if (!part) return end({ kind: 'ended' });
      if (part.kind === 'mark') {
        onMark(part.name);
        return next();
      }
      const heard = this.#heard(part);
      if (heard.instead) {
        queue.unshift(...heard.instead);
        return next();
      }
      if (heard.text !== '') this.#tell('prompt', heard.text);
      stopTimer = this.#options.clock.after(heard.durationMs, next);
    };
    this.#stopPlaying = () => end({ kind: 'stopped' });
    next();
    this.#actDuringPrompt();
    return { done, stop: () => end({ kind: 'stopped' }) };
  }

  awaitCaller(): () => void {
    const action = this.#actions.shift();
    if (action?.kind === 'digits') this.press(action.digits);
    else if (action?.kind === 'hang-up')
      this.#options.clock.after(BETWEEN_KEYS_MS, () => this.end());
    return () => undefined;
  }

  record(order: LineRecordOrder): LineRecording {
    this.#tell('record', `up to ${order.maxTimeMs} ms`);
    const { clock } = this.#options;
    const action = this.#actions.shift();
    const startedAtMs = clock.nowMs();
    let settle: (end: LineRecordEnd) => void = () => undefined;
    const done = new Promise<LineRecordEnd>((resolve) => (settle = resolve));
    const recorded = (termChar?: string, isMaxTime = false): void => {
      const durationMs = clock.nowMs() - startedAtMs;
      const id = `recording-${++this.#recordings}`;
      settle({ kind: 'recorded', id, durationMs, sizeBytes: durationMs * 16, termChar, isMaxTime });
    };
    if (action === undefined || action.kind === 'silence') {
      clock.after(order.timeoutMs, () => settle({ kind: 'noinput' }));
    } else if (action.kind === 'speak') {
      const { durationMs, keys } = action;
      const isTooLong = durationMs > order.maxTimeMs;
      clock.after(Math.min(durationMs, order.maxTimeMs), () => recorded(undefined, isTooLong));
      [...keys].forEach((key, index) => {
        clock.after(durationMs / 2 + index * BETWEEN_KEYS_MS, () => {
          if (order.endDigits.includes(key)) recorded(key);
          this.#onDigit(key);
        });
      });
    } else if (action.kind === 'digits') {
      const [key = ''] = action.digits;
      recorded(order.endDigits.includes(key) ? key : undefined);
    } else {
      recorded();
      this.end();
    }
    return { done, stop: () => recorded() };
  }

  /** A conversation lasts for as long as it says, unless a key of the caller's next action ends it. */
  transfer(order: LineTransferOrder): LineTransfer {
    this.#tell('transfer', `${order.kind} ${order.destination}`);
    const end: LineTransferEnd = this.#options.transfer?.(order) ?? {
      kind: 'failed',
      event: `error.unsupported.transfer.${order.kind}`,
      why: 'this line transfers no calls',
    };
    if (end.kind !== 'ended') return { done: Promise.resolve(end), stop: () => undefined };
    const startedAtMs = this.#options.clock.nowMs();
    let settle: (end: LineTransferEnd) => void = () => undefined;
    const done = new Promise<LineTransferEnd>((resolve) => (settle = resolve));
    const cancel = this.#options.clock.after(end.durationMs, () => settle(end));
    this.#actDuringPrompt();
    const stop = (): void => {
      cancel();
      const durationMs = this.#options.clock.nowMs() - startedAtMs;
      settle({ kind: 'ended', result: 'near_end_disconnect', durationMs });
    };
    this.#stopTransfer = stop;
    return { done, stop };
  }

  hangUp(): Promise<void> {
    this.#isHungUp = true;
    this.#tell('hang-up', 'by the page');
    return Promise.resolve();
  }

  fetch(request: PageFetch): Promise<PageFetched> {
    return this.#options.fetch(request);
  }

  log(label: string | undefined, text: string): void {
    this.#tell('log', label === undefined ? text : `${label}: ${text}`);
  }

  trace(what: string, detail: string): void {
    this.#tell(what, detail);
  }

  #heard(part: Exclude<PromptPart, { kind: 'mark' }>): {
    readonly text: string;
    readonly durationMs: number;
    readonly instead?: readonly PromptPart[];
  } {
    switch (part.kind) {
      case 'text':
        return { text: part.text, durationMs: part.text.length * TEXT_MS_PER_CHAR };
      case 'say-as':
        return {
          text: `${part.as === '' ? '' : `[${part.as}] `}${part.text}`,
          durationMs: part.text.length * TEXT_MS_PER_CHAR,
        };
      case 'break':
        return { text: '', durationMs: part.durationMs };
      case 'recording':
        return { text: `[recording ${part.id}]`, durationMs: AUDIO_MS };
      case 'audio': {
        const isPlayable = this.#options.isPlayable?.(part.url) ?? true;
        if (isPlayable) return { text: `[${part.url}]`, durationMs: AUDIO_MS };
        if (part.fallback.length > 0) return { text: '', durationMs: 0, instead: part.fallback };
        this.#tell('sound-missing', `${part.url} cannot be played`);
        return { text: '', durationMs: 0 };
      }
    }
  }

  #actDuringPrompt(): void {
    const [action] = this.#actions;
    if (action?.kind === 'digits' && action.isDuringPrompt) {
      this.#actions.shift();
      this.press(action.digits);
    } else if (action?.kind === 'hang-up' && action.isDuringPrompt) {
      this.#actions.shift();
      this.#options.clock.after(BETWEEN_KEYS_MS, () => this.end());
    }
  }

  /** The caller presses keys now. */
  press(digits: string): void {
    this.#tell('digits', digits);
    [...digits].forEach((digit, index) => {
      this.#options.clock.after((index + 1) * BETWEEN_KEYS_MS, () => this.#onDigit(digit));
    });
  }

  /** The caller hangs up now. */
  end(): void {
    if (this.#isHungUp) return;
    this.#isHungUp = true;
    this.#tell('hang-up', 'by the caller');
    this.#stopPlaying?.();
    this.#stopTransfer?.();
    this.#onHangUp();
  }

  #tell(what: string, detail: string): void {
    this.#options.onEvent({ atMs: this.#options.clock.nowMs(), what, detail });
  }
}
