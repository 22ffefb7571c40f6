/**
 * All that a page can ask of the outside. The telephone is one implementation (`line/`), tests are
 * another. Every promise settles and none rejects; what goes wrong comes back as a value.
 */
import type { GrammarMatch, Matcher } from './dtmf/matcher.js';
import type { PageLimitCode } from './errors.js';

/** One thing to be heard. Addresses are absolute. */
export type PromptPart =
  | { readonly kind: 'text'; readonly text: string; readonly language: string | undefined }
  /** `fallback` is heard when the sound cannot be had. */
  | { readonly kind: 'audio'; readonly url: string; readonly fallback: readonly PromptPart[] }
  /** What a record item holds. */
  | { readonly kind: 'recording'; readonly id: string; readonly fallback: readonly PromptPart[] }
  /** Something to be read out as digits, a number, a date... */
  | {
      readonly kind: 'say-as';
      readonly as: string;
      readonly format: string | undefined;
      readonly text: string;
      readonly language: string | undefined;
    }
  | { readonly kind: 'break'; readonly durationMs: number }
  | { readonly kind: 'mark'; readonly name: string };

export interface QueuedPrompt {
  readonly parts: readonly PromptPart[];
  readonly bargein: boolean;
  /** Hotword: only what matches a grammar interrupts. */
  readonly bargeinType: 'speech' | 'hotword';
  /** How long to wait for input after it; undefined = the property decides. */
  readonly timeoutMs: number | undefined;
}

export interface InputTimes {
  /** Silence after the prompts until noinput. */
  readonly timeoutMs: number;
  readonly interdigitTimeoutMs: number;
  /** Wait for `termChar` when no more digit can follow. */
  readonly termTimeoutMs: number;
  /** Empty: none. */
  readonly termChar: string;
}

export interface InputRequest extends InputTimes {
  readonly prompts: readonly QueuedPrompt[];
  readonly matcher: Matcher;
  /** Keys do not count, and stop no prompt (2.0, 6.3.6). */
  readonly isMuted?: boolean;
}

/** The mark that was passed last, and how long ago (2.1, 3). */
export interface MarkReached {
  readonly name: string;
  readonly timeMs: number;
}

export type InputOutcome =
  | { readonly kind: 'match'; readonly match: GrammarMatch; readonly mark?: MarkReached }
  | { readonly kind: 'nomatch'; readonly digits: string; readonly mark?: MarkReached }
  | { readonly kind: 'noinput'; readonly mark?: MarkReached }
  | { readonly kind: 'hung-up' }
  /** A prompt could not be played: an event for the page. */
  | OperationFailed;

export interface OperationFailed {
  readonly kind: 'failed';
  readonly event: string;
  readonly why: string;
}

export type PlayOutcome =
  { readonly kind: 'ended' } | { readonly kind: 'hung-up' } | OperationFailed;

export interface RecordOrder {
  readonly prompts: readonly QueuedPrompt[];
  readonly beep: boolean;
  readonly maxTimeMs: number;
  /** Silence at the end that ends it. */
  readonly finalSilenceMs: number;
  /** Silence at the beginning until noinput. */
  readonly timeoutMs: number;
  /** Keys that end it; empty = none. With `input`, of those that its grammars have no use for. */
  readonly endDigits: string;
  /** Keys of the caller that end it by a grammar; absent: there are none. */
  readonly input?: Omit<InputRequest, 'prompts'> | undefined;
}

export type RecordOutcome =
  | {
      readonly kind: 'recorded';
      readonly id: string;
      readonly durationMs: number;
      readonly sizeBytes: number;
      /** The key that ended it. */
      readonly termChar: string | undefined;
      /** The grammar that ended it. */
      readonly match?: GrammarMatch;
      readonly isMaxTime: boolean;
      /** The caller hung up: there is a recording, and the event follows. */
      readonly isHungUp: boolean;
    }
  | { readonly kind: 'noinput' }
  | { readonly kind: 'hung-up' }
  | OperationFailed;

export interface TransferOrder {
  readonly prompts: readonly QueuedPrompt[];
  readonly kind: 'bridge' | 'blind' | 'consultation';
  /** A tel: or sip: address. */
  readonly destination: string;
  readonly connectTimeoutMs: number;
  /** 0 = no limit. */
  readonly maxTimeMs: number;
  readonly audioUrl: string | undefined;
  readonly aai: string | undefined;
  /** Keys of the caller that end it; absent: none do. */
  readonly input?: Omit<InputRequest, 'prompts'> | undefined;
}

export type TransferOutcome =
  /** `result`: busy, noanswer, near_end_disconnect, far_end_disconnect... (2.0, 2.3.7). */
  | {
      readonly kind: 'ended';
      readonly result: string;
      readonly durationMs: number;
      /** Keys that ended it. */
      readonly digits?: string;
    }
  /** The call is no longer ours. */
  | { readonly kind: 'transferred' }
  | { readonly kind: 'hung-up' }
  | OperationFailed;

export type SubmitBody =
  | { readonly kind: 'urlencoded'; readonly text: string }
  | { readonly kind: 'multipart'; readonly fields: readonly MultipartField[] };

export interface MultipartField {
  readonly name: string;
  readonly value:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'recording'; readonly id: string };
}

export interface PageFetch {
  /** Absolute, without fragment. */
  readonly url: string;
  readonly what: 'page' | 'script' | 'data' | 'grammar';
  readonly method: 'GET' | 'POST';
  readonly body?: SubmitBody;
  readonly timeoutMs: number | undefined;
}

export type PageFetched =
  | {
      readonly kind: 'ok';
      readonly text: string;
      /** Where it came from in the end. */
      readonly url: string;
    }
  /** `suffix` goes behind `error.badfetch`, such as `.http.404`; empty = nothing. */
  | { readonly kind: 'failed'; readonly suffix: string; readonly why: string };

/** What is heard while a fetch takes long (2.0, 6.1.1). */
export interface FetchAudio {
  /** Absolute. */
  readonly url: string;
  /** Silence before it. */
  readonly delayMs: number;
  /** Once it is heard, for so long at least. */
  readonly minimumMs: number;
}

export interface Platform {
  fetch(request: PageFetch, audio?: FetchAudio): Promise<PageFetched>;
  /** Plays the prompts and takes what the caller keys in. */
  input(request: InputRequest): Promise<InputOutcome>;
  /** Plays without listening. */
  play(prompts: readonly QueuedPrompt[]): Promise<PlayOutcome>;
  record(order: RecordOrder): Promise<RecordOutcome>;
  transfer(order: TransferOrder): Promise<TransferOutcome>;
  /** Hangs up. */
  disconnect(): Promise<void>;
  /** Resolves when whoever shares the thread has had a turn. */
  rest(): Promise<void>;
  /** A line of the page's log. */
  log(label: string | undefined, text: string): void;
  /** What the interpreter does, for traces. */
  trace(what: string, detail: string): void;
}

/** How a page's session ended. */
export type PageEnd =
  /** It exited: by exit, by the end of its last dialog, or after a hang-up. Values are JSON text. */
  | {
      readonly kind: 'exited';
      /** By name of the namelist; empty without one. */
      readonly values: Readonly<Record<string, string | undefined>>;
      /** Value of `exit expr`. */
      readonly value: string | undefined;
    }
  /** An event that only the built-in handlers caught. */
  | { readonly kind: 'uncaught'; readonly event: string; readonly message: string }
  /** The entry page could not be had, or is none. */
  | { readonly kind: 'refused'; readonly event: string; readonly message: string }
  | { readonly kind: 'limit'; readonly code: PageLimitCode; readonly message: string };
