/**
 * A customer's call lent to a plugin or page: `HeldCall` on the real leg. It is the one token of the
 * call; `revoke` takes it back for good, and whatever the holder still does then changes nothing.
 */
import type { Clock, MediaEndpoint } from '../ports.js';
import type { MediaFiles, MediaPlaces } from '../treatment/media-file.js';
import type { RunningTransfer, TransferOrder } from '../handoff/lent-transfer.js';
import type { AttachedValues } from './attached-values.js';
import { CallRecording, refuseRecording, type RecordingShelf } from './call-recording.js';
import type { Comfort } from './comfort.js';
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
  Recording,
  RecordRequest,
  RevokeCause,
  TransferRequest,
  WaitingSound,
} from './held-call.js';
import { KeyMemory } from './key-memory.js';
import { findSound, type SoundContext } from './find-sound.js';
import { PromptRun, refusePrompts } from './prompt-run.js';
import { refusal } from './refusal.js';

export interface LiveCallContext {
  readonly clock: Clock;
  readonly files: MediaFiles;
  readonly places: MediaPlaces;
  lengthMs(path: string): Promise<number | undefined>;
  /** Undefined: nothing can be recorded. */
  readonly shelf?: RecordingShelf | undefined;
  /** Undefined once the leg is over. */
  endpoint(): MediaEndpoint | undefined;
  /** A tap that a sound would kill is given back. */
  beforePlaying(): Promise<void>;
  readonly comfort: Comfort;
  /** After so much silence the flow's comfort sound is heard again. */
  readonly silenceMaxMs: number;
  /** Ends the leg, and tells the flow as if the customer had. */
  hangUp(why: string): Promise<void>;
  /** What is heard during a wait for an agent, as the media server sees it; see `HeldCall`. */
  waitWith?(sounds: readonly string[]): void;
  /** For whoever the customer is connected with; see `HeldCall`. */
  attachData?(values: AttachedValues): void;
  /** Undefined: this call is connected with nobody else. */
  transfer?(order: TransferOrder): RunningTransfer;
  /** A line for `trace`. */
  note(what: string, detail?: string): void;
}

const AWAIT_MAX_MS = 30_000;
const RECORDINGS_MAX = 20;
const WAITING_SOUNDS_MAX = 100;
const DONE = { kind: 'done' } as const;

export class LiveCall implements HeldCall {
  readonly capabilities: HeldCallCapabilities;
  readonly #keys = new KeyMemory();
  readonly #revokeHandles: ((cause: RevokeCause) => void)[] = [];
  #isAttached: boolean;
  #revokedBy: RevokeCause | undefined;
  #playing: PromptRun | undefined;
  #recording: CallRecording | undefined;
  #transfer: RunningTransfer | undefined;
  /** Connected with somebody: there is no silence to be broken. */
  #isTalking = false;
  /** Finished recordings by id. */
  readonly #recordings = new Map<string, string>();
  #recordingCount = 0;
  /** How long the holder waits for the customer, when it does. */
  #patienceMs: number | undefined;

  constructor(
    private readonly context: LiveCallContext,
    readonly facts: HeldCallFacts,
    isAttached: boolean,
  ) {
    this.#isAttached = isAttached;
    const { shelf } = context;
    const canRecord = shelf !== undefined && context.endpoint()?.recordFarSide !== undefined;
    const canSpeak = context.files.speech !== undefined || this.#mediaServerSpeaks;
    this.capabilities = { canSpeak, canRecord };
    context.endpoint()?.onDigit((digit, durationMs) => this.#onKey(digit, durationMs));
  }

  get isAttached(): boolean {
    return this.#isAttached && this.#revokedBy === undefined;
  }

  get revokedBy(): RevokeCause | undefined {
    return this.#revokedBy;
  }

  /** The leg is answered and still there. */
  get isUp(): boolean {
    return this.context.endpoint() !== undefined;
  }

  onRevoked(handle: (cause: RevokeCause) => void): void {
    if (this.#revokedBy === undefined) this.#revokeHandles.push(handle);
    else handle(this.#revokedBy);
  }

  /** Takes the call back. What plays stops. */
  revoke(cause: RevokeCause): void {
    if (this.#revokedBy !== undefined) return;
    this.#revokedBy = cause;
    this.#silence();
    this.#keys.close();
    for (const handle of this.#revokeHandles.splice(0)) handle(cause);
  }

  play(prompts: readonly Prompt[], options: PlayOptions = {}): PromptPlayback {
    const refused = this.#refuse() ?? refusePrompts(prompts);
    if (refused) return { done: Promise.resolve(refused), stop: () => Promise.resolve() };
    void this.#playing?.stop();
    const run: PromptRun = new PromptRun(
      {
        clock: this.context.clock,
        ...this.#sounds,
        beforeSound: () => this.#beforeSound(run),
      },
      prompts,
      options,
    );
    this.#playing = run;
    void run.done.then((end) => {
      const heard = end.kind === 'refused' ? `${end.code}: ${end.why}` : `${end.playedMs} ms`;
      this.context.note(`prompts-${end.kind}`, `${describe(prompts)}: ${heard}`);
      if (this.#playing !== run) return;
      this.#playing = undefined;
      this.#isQuiet();
    });
    return run;
  }

  onDigit(handle: (press: DigitPress) => void): () => void {
    return this.#revokedBy === undefined ? this.#keys.listen(handle) : () => undefined;
  }

  flushDigits(): void {
    this.#keys.flush();
  }

  awaitCustomer(maxMs: number): () => void {
    const patienceMs = Math.max(0, Math.min(maxMs, AWAIT_MAX_MS));
    this.#patienceMs = patienceMs;
    if (this.#revokedBy === undefined && !this.#playing) {
      void this.context.comfort.giveWay();
      this.#isQuiet();
    }
    return () => {
      if (this.#patienceMs !== patienceMs) return;
      this.#patienceMs = undefined;
      if (this.#revokedBy === undefined && !this.#playing) this.#isQuiet();
    };
  }

  record(request: RecordRequest): Recording {
    const { shelf, clock } = this.context;
    const endpoint = this.context.endpoint();
    const refused = this.#refuse() ?? refuseRecording(request) ?? this.#refuseToRecord();
    if (refused || !shelf || !endpoint) {
      const why = refused ?? refusal('HELD_UNSUPPORTED', 'calls cannot be recorded here');
      return { done: Promise.resolve(why), stop: () => Promise.resolve() };
    }
    this.#recordingCount += 1;
    const recordingId = `recording-${this.#recordingCount}`;
    void this.context.comfort.giveWay();
    const recording = new CallRecording(
      {
        clock,
        shelf,
        endpoint,
        recordingId,
        onDigit: (handle) => this.#keys.listen(handle),
        kept: (id, path) => this.#recordings.set(id, path),
      },
      request,
    );
    this.#recording = recording;
    void recording.done.then((end) => {
      const made = end.kind === 'refused' ? `${end.code}: ${end.why}` : `${end.durationMs} ms`;
      this.context.note(`recording-${end.kind}`, made);
      this.#recording = undefined;
      if (this.#revokedBy === undefined && !this.#playing) this.#isQuiet();
    });
    return recording;
  }

  transfer({ audio, ...order }: TransferRequest): HeldTransfer {
    const refused = this.#refuse() ?? this.#refuseToTransfer();
    if (refused || !this.context.transfer) {
      const why = refused ?? refusal('HELD_UNSUPPORTED', 'calls are not transferred here');
      return { done: Promise.resolve(why), stop: () => undefined };
    }
    const heard = audio && this.play([audio], { loop: true });
    const transfer = this.context.transfer({
      ...order,
      beforeTalk: async () => {
        this.#isTalking = true;
        await this.context.comfort.giveWay();
      },
    });
    this.#transfer = transfer;
    const done = transfer.done.then(async (end) => {
      this.#transfer = undefined;
      this.#isTalking = false;
      if (end.kind !== 'answered') await heard?.stop();
      if (this.#revokedBy === undefined && !this.#playing) this.#isQuiet();
      return end;
    });
    return { done, stop: () => transfer.stop('the holder ended it') };
  }

  async waitWith(sounds: readonly WaitingSound[]): Promise<HeldRefusal | typeof DONE> {
    const refused = this.#refuse() ?? refusePrompts(sounds.map(({ prompt }) => prompt));
    if (refused) return refused;
    const names: string[] = [];
    for (const { prompt, durationMs } of sounds) {
      const found = await findSound(prompt, this.#sounds);
      if ('kind' in found) return found;
      const rounds = Math.round((durationMs ?? 0) / ((await found.lengthMs) ?? Infinity));
      names.push(...Array.from({ length: Math.max(1, rounds) }, () => found.name));
      if (names.length > WAITING_SOUNDS_MAX)
        return refusal('HELD_BAD_ARGUMENT', `a wait has at most ${WAITING_SOUNDS_MAX} sounds`);
    }
    this.context.waitWith?.(names);
    return DONE;
  }

  attachData(values: AttachedValues): void {
    if (this.#revokedBy !== undefined) return;
    this.context.note('data-attached', Object.keys(values).join(', '));
    this.context.attachData?.(values);
  }

  /** What was recorded is deleted; called when nobody can ask for it any more. */
  async forgetRecordings(): Promise<void> {
    await this.#recording?.done;
    const { shelf } = this.context;
    const paths = [...this.#recordings.values()];
    this.#recordings.clear();
    if (shelf) await Promise.all(paths.map((path) => shelf.forget(path)));
  }

  async hangUp(why: string): Promise<HeldRefusal | typeof DONE> {
    const refused = this.#refuse();
    if (refused) return refused;
    this.context.note('holder-hangs-up');
    this.revoke('hung-up');
    await this.context.hangUp(why);
    return DONE;
  }

  detach(): Promise<HeldRefusal | typeof DONE> {
    const refused = this.#refuse();
    if (refused) return Promise.resolve(refused);
    this.#isAttached = false;
    this.context.note('detached');
    return (this.#playing?.stop() ?? Promise.resolve()).then(() => DONE);
  }

  attach(): Promise<HeldRefusal | typeof DONE> {
    if (this.#revokedBy !== undefined) return Promise.resolve(this.#revoked());
    if (!this.#isAttached) this.context.note('attached');
    this.#isAttached = true;
    return Promise.resolve(DONE);
  }

  get #mediaServerSpeaks(): boolean {
    return this.context.endpoint()?.canSpeak === true;
  }

  get #sounds(): SoundContext {
    const { files, places } = this.context;
    return {
      canSpeak: this.#mediaServerSpeaks,
      files,
      places,
      lengthMs: (path) => this.context.lengthMs(path),
      recordingPath: (id) => this.#recordings.get(id),
    };
  }

  #refuse(): HeldRefusal | undefined {
    if (this.#revokedBy !== undefined) return this.#revoked();
    if (!this.#isAttached) return refusal('HELD_NOT_ATTACHED', 'attach the call first');
    return undefined;
  }

  #revoked(): HeldRefusal {
    return refusal('HELD_REVOKED', `the call was taken back: ${this.#revokedBy ?? 'over'}`);
  }

  #refuseToTransfer(): HeldRefusal | undefined {
    return this.#transfer && refusal('HELD_TOO_MANY', 'one transfer at a time');
  }

  #refuseToRecord(): HeldRefusal | undefined {
    if (this.#recording) return refusal('HELD_TOO_MANY', 'one recording at a time');
    if (this.#recordings.size < RECORDINGS_MAX) return undefined;
    return refusal('HELD_TOO_MANY', `${RECORDINGS_MAX} recordings of a call at most`);
  }

  #silence(): void {
    this.#recording?.takeAway();
    this.#transfer?.stop('the call was taken back');
    void this.#playing?.stop();
    this.#playing = undefined;
    this.#patienceMs = undefined;
    this.#isQuiet();
  }

  async #beforeSound(run: PromptRun): Promise<MediaEndpoint | undefined> {
    if (this.#playing !== run) return undefined;
    await this.context.comfort.giveWay();
    await this.context.beforePlaying();
    return this.#playing === run ? this.context.endpoint() : undefined;
  }

  /** Nothing of the holder is heard any more; how long that may last depends on why. */
  #isQuiet(): void {
    if (!this.isUp) return this.context.comfort.close();
    if (this.#isTalking) return;
    this.context.comfort.returnAfter(this.#patienceMs ?? this.context.silenceMaxMs);
  }

  /** FreeSWITCH tells a key when it was let go. */
  #onKey(digit: string, durationMs: number): void {
    if (this.#revokedBy !== undefined) return;
    const endedAtMs = this.context.clock.nowMs();
    this.context.note('key', digit);
    this.#keys.push({ digit, beganAtMs: endedAtMs - durationMs, endedAtMs });
  }
}

function describe(prompts: readonly Prompt[]): string {
  const words = prompts.slice(0, 3).map((prompt) => {
    if (prompt.kind === 'file') return prompt.file.slice(0, 80);
    return prompt.kind === 'silence' ? `${prompt.durationMs} ms of silence` : prompt.kind;
  });
  return words.join(' + ') + (prompts.length > words.length ? ' ...' : '');
}
