/**
 * Why a request is refused: one table from our stable codes to what goes on the wire. GMS' clients look
 * at the class name of `exception`, newer ones at a numeric `code` and at `availability`, so what is
 * said on GMS' paths has their shape; our own paths name our code.
 */

import { STATUS_CODES } from 'node:http';

/** Stable: documentation and clients rely on them. */
export type RequestCode =
  | 'CBD_REQUEST_MALFORMED'
  | 'CBD_REQUEST_TOO_LARGE'
  | 'CBD_REQUEST_MISSING_KEY'
  | 'CBD_REQUEST_DESIRED_TIME'
  | 'CBD_REQUEST_CLOSED'
  | 'CBD_REQUEST_NO_CAPACITY'
  | 'CBD_REQUEST_OPTION'
  | 'CBD_REQUEST_NUMBER_UNPARSABLE'
  | 'CBD_REQUEST_NUMBER_REFUSED'
  | 'CBD_REQUEST_UNKNOWN_SERVICE'
  | 'CBD_REQUEST_UNKNOWN_CALLBACK'
  | 'CBD_REQUEST_UNKNOWN_SESSION'
  | 'CBD_REQUEST_UNKNOWN_AGENT'
  | 'CBD_REQUEST_UNKNOWN_QUEUE'
  | 'CBD_REQUEST_UNKNOWN_PATH'
  | 'CBD_REQUEST_NO_OFFICE_HOURS'
  | 'CBD_REQUEST_TOO_LATE'
  | 'CBD_REQUEST_KEY_REUSED'
  | 'CBD_REQUEST_THROTTLED'
  | 'CBD_REQUEST_QUEUE_FULL'
  | 'CBD_REQUEST_UNAUTHORISED'
  | 'CBD_REQUEST_FORBIDDEN'
  | 'CBD_REQUEST_SCOPE'
  | 'CBD_REQUEST_RATE'
  | 'CBD_REQUEST_IN_FLIGHT'
  | 'CBD_STORE_UNAVAILABLE'
  | 'CBD_INTERNAL';

interface OnTheWire {
  readonly status: number;
  readonly exception: string;
}

const PACKAGE = 'com.genesyslab.gsg.services.callback.exceptions';
const CALLBACK = `${PACKAGE}.CallbackException`;
const NUMBER = `${PACKAGE}.CallbackExceptionNumber`;
const NOT_FOUND = `${PACKAGE}.CallbackExceptionNotFound`;
const AVAILABILITY = `${PACKAGE}.CallbackExceptionAvailability`;
const UNAVAILABLE = `${PACKAGE}.CallbackExceptionServiceUnavailable`;

// Number, NotFound, ServiceUnavailable and GSGException with their packages, 400 and 503: answers that
// tests of GMS 8.5.11x expect. Of Availability and Resource clients read the last part only; the package
// is taken to be the same. The plain CallbackException is ours, where no class is known.
const ON_THE_WIRE: Readonly<Record<RequestCode, OnTheWire>> = {
  CBD_REQUEST_MALFORMED: { status: 400, exception: CALLBACK },
  CBD_REQUEST_TOO_LARGE: { status: 413, exception: CALLBACK },
  CBD_REQUEST_MISSING_KEY: { status: 400, exception: CALLBACK },
  CBD_REQUEST_OPTION: { status: 400, exception: CALLBACK },
  CBD_REQUEST_DESIRED_TIME: { status: 400, exception: CALLBACK },
  CBD_REQUEST_CLOSED: { status: 400, exception: AVAILABILITY },
  CBD_REQUEST_NO_CAPACITY: { status: 400, exception: AVAILABILITY },
  CBD_REQUEST_NUMBER_UNPARSABLE: { status: 400, exception: 'com.genesyslab.gsg.GSGException' },
  CBD_REQUEST_NUMBER_REFUSED: { status: 400, exception: NUMBER },
  CBD_REQUEST_UNKNOWN_SERVICE: { status: 404, exception: NOT_FOUND },
  CBD_REQUEST_UNKNOWN_CALLBACK: { status: 404, exception: NOT_FOUND },
  CBD_REQUEST_UNKNOWN_SESSION: { status: 404, exception: NOT_FOUND },
  CBD_REQUEST_UNKNOWN_AGENT: { status: 404, exception: NOT_FOUND },
  CBD_REQUEST_UNKNOWN_QUEUE: { status: 404, exception: NOT_FOUND },
  CBD_REQUEST_UNKNOWN_PATH: { status: 404, exception: NOT_FOUND },
  CBD_REQUEST_NO_OFFICE_HOURS: { status: 404, exception: `${PACKAGE}.CallbackExceptionResource` },
  CBD_REQUEST_TOO_LATE: { status: 409, exception: CALLBACK },
  CBD_REQUEST_KEY_REUSED: { status: 422, exception: CALLBACK },
  CBD_REQUEST_THROTTLED: { status: 503, exception: UNAVAILABLE },
  CBD_REQUEST_QUEUE_FULL: { status: 503, exception: UNAVAILABLE },
  CBD_REQUEST_UNAUTHORISED: { status: 401, exception: CALLBACK },
  CBD_REQUEST_FORBIDDEN: { status: 403, exception: CALLBACK },
  CBD_REQUEST_SCOPE: { status: 403, exception: CALLBACK },
  CBD_REQUEST_RATE: { status: 429, exception: CALLBACK },
  CBD_REQUEST_IN_FLIGHT: { status: 409, exception: CALLBACK },
  CBD_STORE_UNAVAILABLE: { status: 503, exception: UNAVAILABLE },
  CBD_INTERNAL: { status: 500, exception: CALLBACK },
};

/** What part of the request is at fault. */
export interface Fault {
  /** Name of the parameter, header or part of the path. */
  readonly field: string;
  /** What it was, as far as it may be shown: `shownValue`, `shownNumber`. */
  readonly value?: string;
  /** What it has to be. */
  readonly rule: string;
}

export interface ProblemDetails {
  /** For `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly fault?: Fault;
  /** Times that are free instead, ISO 8601 in UTC, each with the callbacks it has room for. */
  readonly availability?: Readonly<Record<string, number>>;
}

/** A refusal on its way to the client. */
export class RequestProblem extends Error {
  readonly status: number;
  readonly exception: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: RequestCode,
    message: string,
    readonly details: ProblemDetails = {},
  ) {
    super(message);
    this.name = 'RequestProblem';
    this.status = ON_THE_WIRE[code].status;
    this.exception = ON_THE_WIRE[code].exception;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  /** The body of the answer on our own paths. */
  toBody(): Record<string, unknown> {
    const { exception, message, code } = this;
    const { fault, availability } = this.details;
    return { exception, message, code, ...fault, ...(availability && { availability }) };
  }

  /** The body of the answer on GMS' paths; its clients want the status in `code`, and text in the rest. */
  toGenesysBody(): Record<string, unknown> {
    const phrase = STATUS_CODES[this.status] ?? '';
    return { ...this.toBody(), code: this.status, phrase, error: this.code };
  }
}

const SHOWN_MAX = 100;

/** What an answer shows of a value that came with the request: not much of it, and no control characters. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const short = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
  return short.replace(/\p{Cc}/gu, '\uFFFD');
}

/**
 * A telephone number as answers show it: without its middle, because answers end up in other people's
 * logs. Six digits and fewer reach nobody in particular and stay as they are.
 */
export function shownNumber(value: unknown): string {
  const shown = shownValue(value);
  if (shown.replace(/\D/g, '').length < 7) return shown;
  const ahead = Math.min(5, Math.floor(shown.length / 2) - 2);
  return `${shown.slice(0, ahead)}${'*'.repeat(shown.length - ahead - 2)}${shown.slice(-2)}`;
}
