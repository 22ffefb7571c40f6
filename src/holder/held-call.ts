/**
 * The customer's call in the hands of a plugin or a VoiceXML page: what such a holder may do with it,
 * and nothing else. It is lent, not given. A hang-up, the end of the time to live, a reply, a detach or
 * a shutdown takes it back; from then on every operation settles at once with the value `refused`.
 *
 * Rules: no operation throws or rejects; every promise settles; names, texts and addresses that come
 * from a document go in as they are, and what FreeSWITCH, SIP or a disk must not see is refused here,
 * with a code. A holder that starts a second sound while one plays stops the first.
 */
import type { CallState } from '../callflow/call-state.js';
import type { AttachedValues } from './attached-values.js';
import type { TransferEnd, TransferOrder } from '../handoff/lent-transfer.js';

/** One thing to be heard. */
export type Prompt =
  /** A name under `media.directory` or the packaged media, or an http(s) URL of an allowed origin. */
  | { readonly kind: 'file'; readonly file: string }
  /** 1 to 600,000 ms of nothing. */
  | { readonly kind: 'silence'; readonly durationMs: number }
  /** Text to be spoken, where `capabilities.canSpeak`; at most 2,000 characters. */
  | { readonly kind: 'speech'; readonly text: string; readonly language?: string }
  /** What `record` of this call has written. */
  | { readonly kind: 'recording'; readonly recordingId: string };

/** Why an operation did nothing; stable, for logs and documents. */
export type HeldCallCode =
  /** The hold is over. */
  | 'HELD_REVOKED'
  /** The holder has detached the call, or was never given it. */
  | 'HELD_NOT_ATTACHED'
  /** This media server cannot do it. */
  | 'HELD_UNSUPPORTED'
  /** An argument out of its bounds. */
  | 'HELD_BAD_ARGUMENT'
  /** A file that is missing, no sound, not allowed or cannot be fetched; `why` has the MEDIA_ code. */
  | 'HELD_UNPLAYABLE'
  /** More operations than a holder may have in the air. */
  | 'HELD_TOO_MANY'
  /** The media server failed. */
  | 'HELD_MEDIA_ERROR';

export interface HeldRefusal {
  readonly kind: 'refused';
  readonly code: HeldCallCode;
  readonly why: string;
}

/** Who took the call back. */
export type RevokeCause =
  /** The customer hung up, or the leg was lost. */
  | 'hung-up'
  /** The time to live is over. */
  | 'timeout'
  /** The holder has replied. */
  | 'replied'
  /** The holder broke down or could not be started. */
  | 'failed'
  /** The callback was cancelled, or the service stops. */
  | 'ended';

export type PromptsEnd =
  /** All was heard. */
  | { readonly kind: 'ended'; readonly playedMs: number }
  /**
   * Stopped by the holder, by the next sound, or taken away with the call. `promptIndex` is the prompt
   * that was being heard, `promptPlayedMs` how much of that one.
   */
  | {
      readonly kind: 'stopped';
      readonly playedMs: number;
      readonly promptIndex: number;
      readonly promptPlayedMs: number;
    }
  | HeldRefusal;

export interface PromptPlayback {
  readonly done: Promise<PromptsEnd>;
  /** Resolves when it is quiet. May be called twice. */
  stop(): Promise<void>;
}

export interface PlayOptions {
  /** From the first prompt again until stopped. Default false. */
  readonly loop?: boolean;
  /** Any key ends it, at once: the media server need not be told. Default false. */
  readonly stopsAtKey?: boolean | undefined;
}

/** One key of the customer, told once, when it is released (FreeSWITCH reports no earlier). */
export interface DigitPress {
  readonly digit: string;
  /** Milliseconds since the epoch, by our clock: when the key went down and when it was let go. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

export interface RecordRequest {
  /** Longest recording, 100 to 600,000 ms. */
  readonly maxMs: number;
  /** So much silence at the end ends it; undefined = silence does not. */
  readonly silenceEndMs?: number | undefined;
  /** So much silence before the first sound ends it; undefined = waits for `maxMs`. */
  readonly silenceStartMs?: number | undefined;
  /** Keys that end it, such as `#`; empty or undefined = none. */
  readonly endDigits?: string | undefined;
}

export type RecordEnd =
  | {
      readonly kind: 'recorded';
      /** For a `recording` prompt of this call. */
      readonly recordingId: string;
      /** Absolute, on this host: 8 kHz mono WAV. Deleted with the call; copy what has to stay. */
      readonly path: string;
      readonly durationMs: number;
      readonly endedBy: 'max-time' | 'silence' | 'digit' | 'stopped' | 'call-over';
      /** Something was said; undefined = nobody listened for it. */
      readonly hasVoice?: boolean;
      readonly digit?: string;
    }
  | HeldRefusal;

export interface Recording {
  readonly done: Promise<RecordEnd>;
  stop(): Promise<void>;
}

export interface TransferRequest extends Omit<TransferOrder, 'beforeTalk'> {
  /** What the customer hears until somebody answers; where it cannot be played, what they heard before. */
  readonly audio?: Prompt | undefined;
}

export interface HeldTransfer {
  readonly done: Promise<TransferEnd | HeldRefusal>;
  /** Ends the call to the other side, or the conversation; the customer stays. */
  stop(): void;
}

/** One sound of a wait. */
export interface WaitingSound {
  readonly prompt: Prompt;
  /** Heard again until about so long is over, in whole rounds. */
  readonly durationMs?: number | undefined;
}

/** What is known of the call; none of it changes. */
export interface HeldCallFacts {
  /** What the page calls the interaction: `_interaction_id`. */
  readonly interactionId: string;
  /** SIP Call-ID of the customer's leg. */
  readonly callId: string;
  readonly callState: CallState;
  readonly answeredBy: 'human' | 'machine' | 'fax';
  /** The customer's number, E.164 where it could be read. */
  readonly customerNumber: string;
  /** As dialled, with the prefix: the called side of the call (DNIS). */
  readonly dialedNumber: string;
  /** Number shown to the customer (ANI of our call); undefined = what the trunk makes of it. */
  readonly callerId: string | undefined;
  readonly requestUri: string;
  /** Header fields of the customer's 200 OK, by lower-case name; control characters are gone. */
  readonly sipHeaders: Readonly<Record<string, string>>;
}

/** What this media server can do. */
export interface HeldCallCapabilities {
  readonly canSpeak: boolean;
  readonly canRecord: boolean;
}

export interface HeldCall {
  readonly facts: HeldCallFacts;
  readonly capabilities: HeldCallCapabilities;
  /** The holder may act on the call now. */
  readonly isAttached: boolean;
  /** Set once, when the call is taken back for good. */
  readonly revokedBy: RevokeCause | undefined;
  /** Told once; at once when it has happened already. */
  onRevoked(handle: (cause: RevokeCause) => void): void;

  /**
   * Plays prompts one after the other without a gap, in place of what plays. 1 to 100 of them. All are
   * looked at (and URLs fetched) before the first is heard; one that cannot be played refuses the whole.
   */
  play(prompts: readonly Prompt[], options?: PlayOptions): PromptPlayback;

  /**
   * Keys from now on; those pressed since the call was handed over, or since the latest handler was
   * taken away, are told first (at most 64). @returns a function that ends it
   */
  onDigit(handle: (press: DigitPress) => void): () => void;

  /** Forgets the keys that nobody has taken yet. */
  flushDigits(): void;

  /**
   * The silence that follows is meant: the holder waits for the customer. No comfort sound is played
   * for so long (at most 30,000 ms, counted anew when a prompt ends). @returns a function that ends it
   */
  awaitCustomer(maxMs: number): () => void;

  /** Records what the customer says. One at a time. */
  record(request: RecordRequest): Recording;

  /**
   * Calls somebody whom the service allows and connects the customer with them until one of them, the
   * time or `stop` ends it; the customer's keys are told all the while. One at a time.
   */
  transfer(request: TransferRequest): HeldTransfer;

  /**
   * What the customer hears while they wait for an agent, in place of the service's treatment, from the
   * first sound again until somebody answers. 1 to 100 sounds; the latest list counts.
   */
  waitWith(sounds: readonly WaitingSound[]): Promise<HeldRefusal | { readonly kind: 'done' }>;

  /** Data for whoever the customer is connected with, besides those of the request for the callback. */
  attachData(values: AttachedValues): void;

  /** Hangs up; the flow then asks for the holder's reply, as after a hang-up of the customer. */
  hangUp(why: string): Promise<HeldRefusal | { readonly kind: 'done' }>;

  /** Gives control back while the holder goes on thinking; what it plays stops. */
  detach(): Promise<HeldRefusal | { readonly kind: 'done' }>;
  /** Takes it again. */
  attach(): Promise<HeldRefusal | { readonly kind: 'done' }>;
}
