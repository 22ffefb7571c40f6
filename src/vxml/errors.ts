/**
 * What can go wrong with a VoiceXML page. An event of the page (`PageEvent`) can be caught by it; what
 * breaks a limit (`PageLimit`) ends its session at once, with a code for the operator.
 */
import type { Position } from '../plugin/scxml/errors.js';

/** Thrown inside the interpreter, caught by the page's own handlers or the built-in ones (2.0, 5.2). */
export class PageEvent extends Error {
  /** Full name, such as `error.badfetch.http.404`. */
  readonly event: string;
  /** What `_message` says; undefined where the page gave none. */
  readonly said: string | undefined;
  /** Stands at an element of the dialog itself, not of an item (form-level filled, initialisation). */
  isDialogLevel = false;

  constructor(event: string, said?: string) {
    super(said === undefined ? event : `${event}: ${said}`);
    this.name = 'PageEvent';
    this.event = event;
    this.said = said;
  }
}

export type PageLimitCode =
  /** Turns of the form interpretation algorithm and executed elements without waiting for the caller. */
  | 'VXML_TOO_MANY_STEPS'
  | 'VXML_SCRIPT_TOO_LONG'
  /** One turn after the other, each within its limits, but no end of it. */
  | 'VXML_TOO_BUSY'
  | 'VXML_OUT_OF_MEMORY'
  | 'VXML_TOO_MANY_FETCHES'
  | 'VXML_TOO_MANY_TURNS'
  | 'VXML_SUBDIALOG_TOO_DEEP';

/** The session is over. */
export class PageLimit extends Error {
  readonly code: PageLimitCode;

  constructor(code: PageLimitCode, message: string) {
    super(message);
    this.name = 'PageLimit';
    this.code = code;
  }
}

/** `file:line:column: message`. */
export function placed(at: Position, message: string): string {
  return `${at.file}:${at.line}:${at.column}: ${message}`;
}

export function badFetch(message: string): PageEvent {
  return new PageEvent('error.badfetch', message);
}

export function semantic(message: string): PageEvent {
  return new PageEvent('error.semantic', message);
}

/** @param what comes after `error.unsupported.` */
export function unsupported(what: string, message: string): PageEvent {
  return new PageEvent(`error.unsupported.${what}`, message);
}
