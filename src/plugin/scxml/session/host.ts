/**
 * What a session needs from outside, all of it. The interpreter opens no socket, reads no file and
 * looks at no clock of its own: with a virtual clock and canned answers it runs the same way twice.
 */
import type { Clock } from '../../../ports.js';
import type { LimitCode, PlatformCode, Position, DocumentErrorCode } from '../errors.js';

export type FetchOutcome =
  | {
      readonly kind: 'ok';
      readonly text: string;
      /** The address it came from. */ readonly url: string;
    }
  | { readonly kind: 'failed'; readonly why: string };

export type PostOutcome =
  { readonly kind: 'ok' } | { readonly kind: 'failed'; readonly why: string };

/** A document, script or data that a session refers to. */
export interface FetchRequest {
  /** The outermost session, on whose behalf it is fetched. */
  readonly sessionId: string;
  readonly reference: string;
  /** Address of the document that refers. */
  readonly base: string;
}

/** An HTTP POST as the Basic HTTP Event I/O Processor makes it. */
export interface HttpMessage {
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
}

export interface SessionHost {
  readonly clock: Clock;
  /** Processor time that the thread has used, ms; undefined, or no such function, where nobody knows. */
  processorMs?(): number | undefined;
  /** Identifiers of sessions; unguessable where sessions can be addressed from outside. */
  newId(): string;
  /** The text behind a reference, resolved against the base. Always settles, within its own limits. */
  fetch(request: FetchRequest): Promise<FetchOutcome>;
  /** Sends an event by HTTP for the outermost session. Always settles, within its own limits. */
  post(message: HttpMessage & { readonly sessionId: string }): Promise<PostOutcome>;
  /** Where a session can be reached by HTTP; null where that is not offered. */
  httpLocation(sessionId: string): string | null;
}

export interface LogEntry {
  readonly sessionId: string;
  readonly label: string | undefined;
  /** JSON text. */
  readonly value: string | undefined;
}

/** An error that the page was told of by an event, for traces: most pages do not listen for it. */
export interface TroubleEntry {
  readonly sessionId: string;
  readonly event: 'error.execution' | 'error.communication';
  /** With file and line where they are known. */
  readonly description: string;
}

/** One microstep, for traces. */
export interface StepEntry {
  readonly sessionId: string;
  /** Null for eventless steps and the start. */
  readonly event: string | null;
  readonly exited: readonly string[];
  readonly entered: readonly string[];
}

export interface ExtensionRequest {
  readonly sessionId: string;
  readonly name: string;
  /** JSON text. */
  readonly data: string | undefined;
}

export type SessionEnd =
  /** It reached a top-level final state; `data` is its donedata as JSON text. */
  | { readonly kind: 'final'; readonly state: string; readonly data: string | undefined }
  /** Terminated from outside; its onexit handlers ran. */
  | { readonly kind: 'terminated' }
  /** The document was not accepted. */
  | {
      readonly kind: 'refused';
      readonly code: DocumentErrorCode;
      readonly message: string;
      readonly at: Position | undefined;
    }
  | { readonly kind: 'limit'; readonly code: LimitCode; readonly message: string }
  /** Nothing the document did: its thread went away, or the interpreter itself failed. */
  | { readonly kind: 'failed'; readonly code: PlatformCode; readonly message: string };

/** Whoever started a session hears of it and of the sessions it invoked. None of these may throw. */
export interface SessionObserver {
  readonly log?: (entry: LogEntry) => void;
  readonly step?: (entry: StepEntry) => void;
  readonly trouble?: (entry: TroubleEntry) => void;
  readonly request?: (request: ExtensionRequest) => void;
  /** It has its turn now, or has had it: nothing else runs meanwhile. */
  readonly turn?: (isRunning: boolean) => void;
  /** Called exactly once, after everything else. */
  readonly ended?: (end: SessionEnd) => void;
}
