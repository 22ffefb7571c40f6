/** What pages ask for, done on a line: prompts with bargein, type-ahead, timers (2.0, 4.1.5, 6.3.3). */
import type { Clock } from '../../ports.js';
import type { GrammarMatch } from '../dtmf/matcher.js';
import type {
  FetchAudio,
  InputOutcome,
  InputRequest,
  MarkReached,
  OperationFailed,
  PageFetch,
  PageFetched,
  Platform,
  PlayOutcome,
  QueuedPrompt,
  RecordOrder,
  RecordOutcome,
  TransferOrder,
  TransferOutcome,
} from '../platform.js';
import { FetchSound } from './fetch-sound.js';
import { DigitInput, type InputStep } from './input.js';
import type { Line, LinePlayback, LineRecordEnd, LineRecordOrder } from './line.js';

/** Keys pressed before anybody asked for them. */
const TYPE_AHEAD_MAX = 64;
/** How long a transfer may wait for the first key before its timer is set anew. */
const LATEST_KEY_MS = 3_600_000;

export class LinePlatform implements Platform {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #digitsMax: number;
  #typeAhead: string[] = [];
  #isHungUp = false;
  /** Who hears keys and the hang-up now. */
  #onDigit: ((digit: string) => void) | undefined;
  #onHangUp: (() => void) | undefined;
  #mark: { readonly name: string; readonly atMs: number } | undefined;

  constructor(line: Line, clock: Clock, digitsMax: number) {
    this.#line = line;
    this.#clock = clock;
    this.#digitsMax = digitsMax;
    line.onDigit((digit) => this.#digit(digit));
    line.onHangUp(() => {
      this.#isHungUp = true;
      this.#onHangUp?.();
    });
  }

  async fetch(request: PageFetch, audio?: FetchAudio): Promise<PageFetched> {
    const fetched = this.#line.fetch(request);
    if (!audio) return fetched;
    const sound = new FetchSound(this.#line, this.#clock, audio);
    this.#onHangUp = () => sound.stop();
    if (this.#isHungUp) sound.stop();
    const answer = await fetched;
    await sound.end();
    this.#onHangUp = undefined;
    return answer;
  }

  async rest(): Promise<void> {
    await this.#line.rest?.();
  }

  log(label: string | undefined, text: string): void {
    this.#line.log(label, text);
  }

  trace(what: string, detail: string): void {
    this.#line.trace(what, detail);
  }

  async disconnect(): Promise<void> {
    await this.#line.hangUp();
  }

  async play(prompts: readonly QueuedPrompt[]): Promise<PlayOutcome> {
    const outcome = await this.#playWhile(prompts, undefined);
    if (outcome) return outcome;
    return this.#isHungUp ? { kind: 'hung-up' } : { kind: 'ended' };
  }

  async input(request: InputRequest): Promise<InputOutcome> {
    this.#mark = undefined;
    const turn = new Turn(this.#clock, this.#inputOf(request));
    const { isMuted = false } = request;
    if (isMuted) this.#typeAhead = [];
    const prompts = isMuted ? request.prompts.map(withoutBargein) : request.prompts;
    const failed = await this.#playWhile(prompts, turn);
    if (!failed && !turn.result && !this.#isHungUp) await this.#listen(turn, request);
    turn.stopTimer();
    if (failed) return failed;
    const reached = this.#markReached();
    const mark = reached ? { mark: reached } : {};
    if (turn.result?.kind === 'match') {
      if (turn.result.unusedDigit !== undefined) this.#typeAhead.unshift(turn.result.unusedDigit);
      return { kind: 'match', match: turn.result.match, ...mark };
    }
    if (turn.result?.kind === 'nomatch') return { ...turn.result, ...mark };
    return this.#isHungUp ? { kind: 'hung-up' } : { kind: 'noinput', ...mark };
  }

  async record({ prompts, input, ...order }: RecordOrder): Promise<RecordOutcome> {
    const failed = await this.#playWhile(prompts, undefined);
    if (failed) return failed;
    if (this.#isHungUp) return { kind: 'hung-up' };
    this.#typeAhead = [];
    const recorded = await (input
      ? this.#recordUntil(order, input)
      : this.#line.record(order).done);
    // Keys that ended it are not the next item's.
    this.#typeAhead = [];
    if (recorded.kind === 'recorded') return { ...recorded, isHungUp: this.#isHungUp };
    return this.#isHungUp ? { kind: 'hung-up' } : recorded;
  }

  /** Keys go through grammars: one that matches ends it, and so does one that none has a use for. */
  async #recordUntil(
    order: LineRecordOrder,
    input: Omit<InputRequest, 'prompts'>,
  ): Promise<LineRecordEnd & { readonly match?: GrammarMatch }> {
    const { endDigits } = order;
    const turn = new Turn(this.#clock, this.#inputOf(input));
    const recording = this.#line.record({ ...order, endDigits: '' });
    let termChar: string | undefined;
    const isMatched = (): boolean => turn.result?.kind === 'match';
    const judge = (): void => {
      if (isMatched()) return recording.stop();
      turn.reset();
      turn.listen(LATEST_KEY_MS, judge);
    };
    turn.listen(LATEST_KEY_MS, judge);
    this.#onDigit = (digit) => {
      if (isMatched() || termChar !== undefined) return;
      const isUseless = !turn.hasStarted && !turn.canTake(digit);
      if (isUseless && endDigits.includes(digit)) {
        termChar = digit;
        recording.stop();
      } else turn.press(digit);
    };
    const end = await recording.done;
    this.#onDigit = undefined;
    turn.stopTimer();
    if (end.kind !== 'recorded') return end;
    const { result } = turn;
    return result?.kind === 'match' ? { ...end, match: result.match } : { ...end, termChar };
  }

  async transfer({ prompts, input, ...order }: TransferOrder): Promise<TransferOutcome> {
    const failed = await this.#playWhile(prompts, undefined);
    if (failed) return failed;
    if (this.#isHungUp) return { kind: 'hung-up' };
    this.#typeAhead = [];
    const transfer = this.#line.transfer(order);
    const turn = input && new Turn(this.#clock, this.#inputOf(input));
    const listen = (): void => turn?.listen(LATEST_KEY_MS, judge);
    // What matches no grammar is meant for whoever the caller talks to.
    const judge = (): void => {
      if (turn?.result?.kind === 'match') return transfer.stop();
      turn?.reset();
      listen();
    };
    listen();
    this.#onDigit = (digit) => {
      if (turn?.result?.kind !== 'match') turn?.press(digit);
    };
    const outcome = await transfer.done;
    this.#onDigit = undefined;
    turn?.stopTimer();
    if (this.#isHungUp) return { kind: 'hung-up' };
    const { result } = turn ?? {};
    const isByKey = outcome.kind === 'ended' && result?.kind === 'match';
    return isByKey ? { ...outcome, digits: result.match.digits } : outcome;
  }

  #inputOf(request: Omit<InputRequest, 'prompts'>): DigitInput {
    return new DigitInput(request.matcher, request, this.#digitsMax);
  }

  #digit(digit: string): void {
    if (this.#onDigit) this.#onDigit(digit);
    else if (this.#typeAhead.length < TYPE_AHEAD_MAX) this.#typeAhead.push(digit);
  }

  /**
   * Plays prompts, those of the same kind as one. With a turn, keys go through its grammars meanwhile,
   * and the first one ends all prompts that let themselves be interrupted.
   */
  async #playWhile(
    prompts: readonly QueuedPrompt[],
    turn: Turn | undefined,
  ): Promise<OperationFailed | undefined> {
    for (const group of groupsOf(prompts)) {
      if (this.#isHungUp) return undefined;
      const [first] = group;
      if (first?.bargein === true && turn) {
        const failed = await this.#playInterruptible(group, turn);
        if (turn.hasStarted) return undefined;
        if (failed) return failed;
      } else {
        // What is keyed in while nothing listens does not count (4.1.5).
        if (first?.bargein === false) this.#typeAhead = [];
        this.#onDigit = first?.bargein === false ? () => undefined : undefined;
        const failed = await this.#sound(group);
        this.#onDigit = undefined;
        if (failed) return failed;
      }
    }
    return undefined;
  }

  /** Once the caller has interrupted, which the turn says, no other prompt is heard. */
  async #playInterruptible(
    group: readonly QueuedPrompt[],
    turn: Turn,
  ): Promise<OperationFailed | undefined> {
    const isHotword = group.some(({ bargeinType }) => bargeinType === 'hotword');
    const playing: { sound?: LinePlayback } = {};
    const interrupt = (): boolean => {
      if (isHotword && turn.result?.kind !== 'match') {
        if (turn.isHopeless) turn.reset();
        return false;
      }
      return turn.hasStarted;
    };
    this.#feed(turn);
    if (interrupt()) return undefined;
    this.#onDigit = (digit) => {
      if (turn.result) this.#keep(digit);
      else turn.press(digit);
      if (interrupt()) playing.sound?.stop();
    };
    playing.sound = this.#start(group, !isHotword);
    const failed = await this.#ended(playing.sound);
    this.#onDigit = undefined;
    return failed;
  }

  async #sound(group: readonly QueuedPrompt[]): Promise<OperationFailed | undefined> {
    return this.#ended(this.#start(group, false));
  }

  #start(group: readonly QueuedPrompt[], stopsAtKey: boolean): LinePlayback {
    const parts = group.flatMap((prompt) => prompt.parts);
    const onMark = (name: string): void => {
      this.#mark = { name, atMs: this.#clock.nowMs() };
    };
    return this.#line.play(parts, { onMark, stopsAtKey });
  }

  async #ended(playback: LinePlayback): Promise<OperationFailed | undefined> {
    this.#onHangUp = () => playback.stop();
    if (this.#isHungUp) playback.stop();
    const end = await playback.done;
    this.#onHangUp = undefined;
    return end.kind === 'failed' && !this.#isHungUp ? end : undefined;
  }

  /** After the prompts: keys, or nothing for too long. */
  async #listen(turn: Turn, request: InputRequest): Promise<void> {
    this.#feed(turn);
    if (turn.result) return;
    const timeoutMs = request.prompts.at(-1)?.timeoutMs ?? request.timeoutMs;
    await new Promise<void>((resolve) => {
      const awaited = this.#line.awaitCaller(timeoutMs + request.interdigitTimeoutMs);
      const end = (): void => {
        turn.stopTimer();
        this.#onDigit = undefined;
        this.#onHangUp = undefined;
        awaited();
        resolve();
      };
      this.#onHangUp = end;
      this.#onDigit = (digit) => {
        if (request.isMuted) return;
        if (turn.result) this.#keep(digit);
        else turn.press(digit);
      };
      turn.listen(timeoutMs, end);
    });
  }

  /** Keys that were pressed before. */
  #feed(turn: Turn): void {
    while (!turn.result) {
      const digit = this.#typeAhead.shift();
      if (digit === undefined) return;
      turn.press(digit);
    }
  }

  #keep(digit: string): void {
    if (this.#typeAhead.length < TYPE_AHEAD_MAX) this.#typeAhead.push(digit);
  }

  #markReached(): MarkReached | undefined {
    const mark = this.#mark;
    return mark && { name: mark.name, timeMs: this.#clock.nowMs() - mark.atMs };
  }
}

/** The state of one input: its grammars, its timer, and what came of it. */
class Turn {
  readonly #clock: Clock;
  readonly #input: DigitInput;
  #step: InputStep | undefined;
  #stopTimer: (() => void) | undefined;
  #onEnd: (() => void) | undefined;

  constructor(clock: Clock, input: DigitInput) {
    this.#clock = clock;
    this.#input = input;
  }

  get hasStarted(): boolean {
    return this.#input.hasDigits || this.result !== undefined;
  }

  get isHopeless(): boolean {
    return this.#input.isHopeless;
  }

  canTake(digit: string): boolean {
    return this.#input.canTake(digit);
  }

  get result(): Exclude<InputStep, { kind: 'wait' }> | undefined {
    return this.#step && this.#step.kind !== 'wait' ? this.#step : undefined;
  }

  reset(): void {
    this.stopTimer();
    this.#step = undefined;
    this.#input.reset();
  }

  press(digit: string): void {
    this.#take(this.#input.press(digit));
  }

  /** @param onEnd called once: there is a result, or nothing was keyed in for so long */
  listen(timeoutMs: number, onEnd: () => void): void {
    if (this.result) return onEnd();
    this.#onEnd = onEnd;
    // A timer between two keys runs already.
    if (!this.hasStarted) this.#stopTimer = this.#clock.after(timeoutMs, onEnd);
  }

  stopTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #take(step: InputStep): void {
    this.stopTimer();
    this.#step = step;
    if (step.kind !== 'wait') this.#onEnd?.();
    else if (step.timeoutMs !== undefined) {
      this.#stopTimer = this.#clock.after(step.timeoutMs, () => this.#take(this.#input.timeout()));
    }
  }
}

function withoutBargein(prompt: QueuedPrompt): QueuedPrompt {
  return { ...prompt, bargein: false };
}

function groupsOf(prompts: readonly QueuedPrompt[]): QueuedPrompt[][] {
  const groups: QueuedPrompt[][] = [];
  for (const prompt of prompts) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    const isAlike =
      first && first.bargein === prompt.bargein && first.bargeinType === prompt.bargeinType;
    if (last && isAlike) last.push(prompt);
    else groups.push([prompt]);
  }
  return groups;
}
