/**
 * The customer's call as a line for pages: what a page wants heard becomes prompts of the held call.
 * Text is spoken where the media server can; digits, numbers and dates are else put together from
 * recorded fragments. What cannot be heard is an event for the page, never silence.
 */
import type {
  HeldCall,
  HeldRefusal,
  Prompt,
  PromptPlayback,
  Recording,
} from '../../holder/held-call.js';
import type { OperationFailed, PageFetch, PageFetched, PromptPart } from '../platform.js';
import type {
  Line,
  LinePlayback,
  LinePlayEnd,
  LinePlayOptions,
  LineRecordEnd,
  LineRecording,
  LineRecordOrder,
  LineTransfer,
  LineTransferEnd,
  LineTransferOrder,
} from './line.js';
import { routeDestination } from './route-destination.js';
import { transferOutcome } from './transfer-outcome.js';
import { fragmentFile, fragmentsFor, spelled } from '../../treatment/say-as.js';

export interface HeldLineOptions {
  readonly call: HeldCall;
  readonly fetch: (request: PageFetch, recordingPath: RecordingPath) => Promise<PageFetched>;
  readonly onTrail: (what: string, detail: string) => void;
  /** A sentence why the customer may not be given away to it; undefined = may. Absent: nobody may. */
  readonly refuseTransfer?: ((destination: string) => string | undefined) | undefined;
}

/** Where what was recorded lies; undefined = there is none of that name. */
export type RecordingPath = (id: string) => string | undefined;

/** Names of files in the media directory, for pages that come from a web server. */
const MEDIA_SCHEME = 'media:';
const FRAGMENTS_LANGUAGE = 'en';
const BEEP = 'say/beep.wav';
const WAV_HEADER_BYTES = 44;
const WAV_BYTES_PER_MS = 16;
const LATEST_WAIT_MS = 30_000;
const PROMPTS_MAX = 100;

type Piece =
  | { readonly kind: 'prompt'; readonly prompt: Prompt; readonly fallback: readonly PromptPart[] }
  | { readonly kind: 'mark'; readonly name: string };

export class HeldLine implements Line {
  readonly #options: HeldLineOptions;
  readonly #recordings = new Map<string, string>();
  #onHangUp: (() => void) | undefined;
  #stopAtKey: () => void = () => undefined;
  #isHungUp = false;
  #transferredTo: string | undefined;

  constructor(options: HeldLineOptions) {
    this.#options = options;
    options.call.onRevoked(() => this.hungUp());
  }

  /** The flow says that the customer is gone. */
  hungUp(): void {
    if (this.#isHungUp) return;
    this.#isHungUp = true;
    this.#onHangUp?.();
  }

  onDigit(handle: (digit: string) => void): void {
    this.#options.call.onDigit(({ digit }) => {
      this.#stopAtKey();
      handle(digit);
    });
  }

  onHangUp(handle: () => void): void {
    this.#onHangUp = handle;
    if (this.#isHungUp) handle();
  }

  play(parts: readonly PromptPart[], { onMark, stopsAtKey }: LinePlayOptions): LinePlayback {
    const language = this.#language.bind(this);
    const run = new HeldPlayback(this.#options.call, language, { onMark, stopsAtKey }, (why) =>
      this.#options.onTrail('page-sound-missing', why),
    );
    this.#stopAtKey = stopsAtKey ? () => run.stop() : () => undefined;
    return { done: run.play(parts), stop: () => run.stop() };
  }

  awaitCaller(maxMs: number): () => void {
    return this.#options.call.awaitCustomer(Math.min(maxMs, LATEST_WAIT_MS));
  }

  record(order: LineRecordOrder): LineRecording {
    const state: { isStopped: boolean; recording?: Recording } = { isStopped: false };
    return {
      done: this.#record(order, state),
      stop: () => {
        state.isStopped = true;
        void state.recording?.stop();
      },
    };
  }

  async #record(
    order: LineRecordOrder,
    state: { readonly isStopped: boolean; recording?: Recording },
  ): Promise<LineRecordEnd> {
    const { call } = this.#options;
    if (!call.capabilities.canRecord) {
      return failed('error.unsupported.record', 'this media server records no calls');
    }
    if (order.beep) await call.play([{ kind: 'file', file: BEEP }]).done;
    state.recording = call.record({
      maxMs: Math.max(100, order.maxTimeMs),
      silenceEndMs: order.finalSilenceMs,
      silenceStartMs: order.timeoutMs,
      endDigits: order.endDigits,
    });
    if (state.isStopped) void state.recording.stop();
    const end = await state.recording.done;
    if (end.kind === 'refused') {
      const failure = ofRefusal(end);
      return failure.kind === 'stopped' ? { kind: 'noinput' } : failure;
    }
    const { endedBy, durationMs, recordingId: id, path, digit, hasVoice } = end;
    if (endedBy === 'silence' && hasVoice === false) return { kind: 'noinput' };
    this.#recordings.set(id, path);
    return {
      kind: 'recorded',
      id,
      durationMs,
      sizeBytes: WAV_HEADER_BYTES + durationMs * WAV_BYTES_PER_MS,
      termChar: endedBy === 'digit' ? digit : undefined,
      isMaxTime: endedBy === 'max-time',
    };
  }

  /**
   * A blind transfer is over for the page as soon as it is taken, a consultation when the far side has
   * answered; the flow connects the two when the page has ended.
   */
  transfer(order: LineTransferOrder): LineTransfer {
    const { call, refuseTransfer } = this.#options;
    const destination = routeDestination(order.destination);
    if (order.kind === 'blind') {
      const end = this.#giveAway(destination, order.aai);
      return { done: Promise.resolve(end), stop: () => undefined };
    }
    const isConsultation = order.kind === 'consultation';
    if (isConsultation && !refuseTransfer) {
      const why = 'only a page that a callback has started gives its customer away';
      const end = failed('error.unsupported.transfer.consultation', why);
      return { done: Promise.resolve(end), stop: () => undefined };
    }
    const { connectTimeoutMs, maxTimeMs, audioUrl, aai } = order;
    const transfer = call.transfer({
      destination,
      connectTimeoutMs,
      maxTimeMs,
      isConsultation,
      userToUser: aai,
      audio: audioUrl === undefined ? undefined : { kind: 'file', file: fileOf(audioUrl) },
    });
    const done = transfer.done.then((end) => {
      if (end.kind === 'answered') this.#transferredTo = destination;
      return transferOutcome(end, order.kind);
    });
    return { done, stop: () => transfer.stop() };
  }

  #giveAway(destination: string, aai: string | undefined): LineTransferEnd {
    const { refuseTransfer } = this.#options;
    if (!refuseTransfer) {
      const why = 'only a page that a callback has started gives its customer away';
      return failed('error.unsupported.transfer.blind', why);
    }
    const refused = refuseTransfer(destination);
    if (refused !== undefined) return failed('error.connection.noauthorization', refused);
    this.#transferredTo = destination;
    if (aai !== undefined) this.#options.call.attachData({ aai });
    return { kind: 'transferred' };
  }

  /** Where the customer is to go; undefined = nowhere, or the customer is gone. */
  get transferredTo(): string | undefined {
    return this.#isHungUp ? undefined : this.#transferredTo;
  }

  async hangUp(): Promise<void> {
    await this.#options.call.hangUp('the page disconnected');
  }

  fetch(request: PageFetch): Promise<PageFetched> {
    return this.#options.fetch(request, (id) => this.#recordings.get(id));
  }

  log(label: string | undefined, text: string): void {
    this.#options.onTrail('page-log', label === undefined ? text : `${label}: ${text}`);
  }

  trace(what: string, detail: string): void {
    this.#options.onTrail(`page-${what}`, detail);
  }

  /** Folder of the fragments of a language: its first subtag. */
  #language(tag: string | undefined): string {
    const language = /^[a-z]{2,3}(?=$|-)/i.exec(tag ?? '')?.[0].toLowerCase();
    return language ?? FRAGMENTS_LANGUAGE;
  }
}

/** One play of a line: all at once where that goes, else part by part. */
class HeldPlayback {
  readonly #call: HeldCall;
  readonly #language: (tag: string | undefined) => string;
  readonly #onMark: (name: string) => void;
  readonly #onMissing: (why: string) => void;
  readonly #stopsAtKey: boolean;
  #playing: PromptPlayback | undefined;
  #isStopped = false;

  constructor(
    call: HeldCall,
    language: (tag: string | undefined) => string,
    { onMark, stopsAtKey }: LinePlayOptions,
    onMissing: (why: string) => void,
  ) {
    this.#call = call;
    this.#stopsAtKey = stopsAtKey;
    this.#language = language;
    this.#onMark = onMark;
    this.#onMissing = onMissing;
  }

  stop(): void {
    this.#isStopped = true;
    void this.#playing?.stop();
  }

  async play(parts: readonly PromptPart[]): Promise<LinePlayEnd> {
    const pieces: Piece[] = [];
    for (const part of parts) {
      const found = this.#piecesOf(part);
      if ('event' in found) return found;
      pieces.push(...found);
    }
    for (let from = 0; from < pieces.length; from += PROMPTS_MAX) {
      const end = await this.#playPieces(pieces.slice(from, from + PROMPTS_MAX));
      if (end.kind !== 'ended') return end;
    }
    return { kind: 'ended' };
  }

  async #playPieces(pieces: readonly Piece[]): Promise<LinePlayEnd> {
    const prompts = pieces.flatMap((piece) => (piece.kind === 'prompt' ? [piece.prompt] : []));
    const end = await this.#sound(prompts);
    if (end.kind === 'refused' && end.code === 'HELD_UNPLAYABLE')
      return this.#oneByOne(pieces, end);
    const heard = end.kind === 'stopped' ? end.promptIndex : Infinity;
    if (end.kind !== 'refused') this.#tellMarks(pieces, heard);
    if (end.kind === 'refused') return ofRefusal(end);
    return { kind: end.kind };
  }

  /** One of them cannot be played: its fallback is heard in its place. */
  async #oneByOne(pieces: readonly Piece[], why: HeldRefusal): Promise<LinePlayEnd> {
    for (const piece of pieces) {
      if (piece.kind === 'mark') {
        this.#onMark(piece.name);
        continue;
      }
      const end = await this.#sound([piece.prompt]);
      if (end.kind === 'stopped') return { kind: 'stopped' };
      if (end.kind === 'ended') continue;
      if (end.code !== 'HELD_UNPLAYABLE') return ofRefusal(end);
      // Without content it is passed over (2.0, 4.1.3); the operator reads of it.
      if (piece.fallback.length === 0) {
        this.#onMissing(end.why || why.why);
        continue;
      }
      const instead = await this.play(piece.fallback);
      if (instead.kind !== 'ended') return instead;
    }
    return { kind: 'ended' };
  }

  async #sound(prompts: readonly Prompt[]) {
    if (this.#isStopped) {
      return { kind: 'stopped', playedMs: 0, promptIndex: 0, promptPlayedMs: 0 } as const;
    }
    if (prompts.length === 0) return { kind: 'ended', playedMs: 0 } as const;
    this.#playing = this.#call.play(prompts, { stopsAtKey: this.#stopsAtKey });
    return this.#playing.done;
  }

  /** @param heard index of the prompt that was being heard */
  #tellMarks(pieces: readonly Piece[], heard: number): void {
    let index = 0;
    for (const piece of pieces) {
      if (piece.kind === 'prompt') index++;
      else if (index <= heard) this.#onMark(piece.name);
    }
  }

  #piecesOf(part: PromptPart): readonly Piece[] | OperationFailed {
    switch (part.kind) {
      case 'mark':
        return [part];
      case 'break':
        return [pieceOf({ kind: 'silence', durationMs: part.durationMs })];
      case 'recording':
        return [pieceOf({ kind: 'recording', recordingId: part.id }, part.fallback)];
      case 'audio':
        return [pieceOf({ kind: 'file', file: fileOf(part.url) }, part.fallback)];
      case 'text':
        return this.#spoken(part.text, part.language, spelled(part.text));
      case 'say-as':
        return this.#spoken(
          part.text,
          part.language,
          fragmentsFor(part.as, part.text, part.format),
        );
    }
  }

  #spoken(
    text: string,
    language: string | undefined,
    fragments: readonly string[] | undefined,
  ): readonly Piece[] | OperationFailed {
    if (this.#call.capabilities.canSpeak) {
      return [pieceOf({ kind: 'speech', text, ...(language !== undefined && { language }) })];
    }
    if (fragments) {
      const folder = this.#language(language);
      return fragments.map((name) => pieceOf({ kind: 'file', file: fragmentFile(name, folder) }));
    }
    const why = `there is no voice for "${text.slice(0, 60)}": use audio files`;
    return failed('error.unsupported.speech', why);
  }
}

function pieceOf(prompt: Prompt, fallback: readonly PromptPart[] = []): Piece {
  return { kind: 'prompt', prompt, fallback };
}

/** `media:name.wav` is a name in the media directory; anything else goes on as it is. */
function fileOf(url: string): string {
  if (!url.startsWith(MEDIA_SCHEME)) return url;
  const name = url.slice(MEDIA_SCHEME.length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function ofRefusal({ code, why }: HeldRefusal): OperationFailed | { readonly kind: 'stopped' } {
  switch (code) {
    // The hang-up is told by itself.
    case 'HELD_REVOKED':
      return { kind: 'stopped' };
    case 'HELD_UNPLAYABLE':
      return failed('error.badfetch', why);
    case 'HELD_UNSUPPORTED':
      return failed('error.unsupported.speech', why);
    default:
      return failed('error.noresource', `${code}: ${why}`);
  }
}

function failed(event: string, why: string): OperationFailed {
  return { kind: 'failed', event, why };
}
