/**
 * What can go wrong with an SCXML document or its session, each with a stable code and, where it is
 * known, the place in the document. A refused document throws `DocumentError`; a session that broke a
 * limit ends with a `LimitError`; an error inside the document's own code is a `ScriptError`, which
 * becomes the event error.execution or error.communication and goes no further.
 */

/** Where in a source text, lines and columns from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type DocumentErrorCode =
  | 'SCXML_XML_MALFORMED'
  /** A document type declaration: entities and outside references come through it. */
  | 'SCXML_XML_DOCTYPE'
  | 'SCXML_XML_TOO_LARGE'
  | 'SCXML_XML_TOO_DEEP'
  | 'SCXML_XML_TOO_MANY_ELEMENTS'
  | 'SCXML_XML_TOO_MANY_ATTRIBUTES'
  /** An element that is not known, or not allowed where it stands. */
  | 'SCXML_UNKNOWN_ELEMENT'
  | 'SCXML_BAD_ATTRIBUTE'
  | 'SCXML_MISSING_ATTRIBUTE'
  | 'SCXML_DUPLICATE_ID'
  | 'SCXML_UNKNOWN_TARGET'
  /** `initial` names a state that is not a descendant, or targets that exclude each other. */
  | 'SCXML_BAD_TARGET'
  | 'SCXML_UNSUPPORTED_DATAMODEL'
  | 'SCXML_FETCH_FAILED'
  | 'SCXML_INCLUDE_TOO_DEEP';

export type LimitCode =
  /** A script, or the scripts of one macrostep together, ran too long. */
  | 'SCXML_SCRIPT_TOO_LONG'
  /** One macrostep after the other, each within its limits, but no end of it. */
  | 'SCXML_TOO_BUSY'
  | 'SCXML_OUT_OF_MEMORY'
  /** Transitions without event follow each other for ever. */
  | 'SCXML_EVENTLESS_LOOP'
  /** Internal events raise each other for ever. */
  | 'SCXML_INTERNAL_EVENT_LOOP'
  /** Undelayed events that a session and its invoked sessions send each other for ever. */
  | 'SCXML_EXTERNAL_EVENT_LOOP'
  | 'SCXML_TOO_MANY_ACTIONS'
  | 'SCXML_MACROSTEP_TOO_LONG'
  | 'SCXML_QUEUE_FULL'
  | 'SCXML_TOO_MANY_TIMERS'
  | 'SCXML_TOO_MANY_INVOKES'
  | 'SCXML_TOO_MANY_SESSIONS'
  | 'SCXML_TOO_MANY_FETCHES'
  /** Extension elements, one after the other, such as a request for each answer that says `error`. */
  | 'SCXML_TOO_MANY_REQUESTS';

/** Endings that are nobody's fault in the document. */
export type PlatformCode = 'SCXML_WORKER_LOST' | 'SCXML_STOPPED' | 'SCXML_INTERNAL';

/** A document that is refused before its first action. */
export class DocumentError extends Error {
  readonly code: DocumentErrorCode;
  readonly at: Position | undefined;

  constructor(code: DocumentErrorCode, message: string, at?: Position) {
    super(at ? `${at.file}:${at.line}:${at.column}: ${message}` : message);
    this.name = 'DocumentError';
    this.code = code;
    this.at = at;
  }
}

/** A session went over a limit: it ends at once, without its onexit handlers. */
export class LimitError extends Error {
  readonly code: LimitCode;

  constructor(code: LimitCode, message: string) {
    super(message);
    this.name = 'LimitError';
    this.code = code;
  }
}

/** The document's own error: error.execution, or error.communication when a message cannot go out. */
export class ScriptError extends Error {
  readonly event: 'error.execution' | 'error.communication';
  /** The `sendid` of the send that failed. */
  readonly sendId: string | undefined;

  constructor(message: string, event: ScriptError['event'] = 'error.execution', sendId?: string) {
    super(message);
    this.name = 'ScriptError';
    this.event = event;
    this.sendId = sendId;
  }
}
