/**
 * Why a request is refused: one table from our stable codes to what goes on the wire. The class names
 * are the ones that GMS' clients look at; only their last part is known, so only that is sent.
 */

/** Stable: documentation and clients rely on them. */
export type RequestCode =
  | 'CBD_REQUEST_MALFORMED'
  | 'CBD_REQUEST_TOO_LARGE'
  | 'CBD_REQUEST_MISSING_KEY'
  | 'CBD_REQUEST_DESIRED_TIME'
  | 'CBD_REQUEST_OPTION'
  | 'CBD_REQUEST_NUMBER_UNPARSABLE'
  | 'CBD_REQUEST_NUMBER_REFUSED'
  | 'CBD_REQUEST_UNKNOWN_SERVICE'
  | 'CBD_REQUEST_UNKNOWN_CALLBACK'
  | 'CBD_REQUEST_UNKNOWN_SESSION'
  | 'CBD_REQUEST_UNKNOWN_AGENT'
  | 'CBD_REQUEST_UNKNOWN_QUEUE'
  | 'CBD_REQUEST_UNKNOWN_PATH'
  | 'CBD_REQUEST_TOO_LATE'
  | 'CBD_REQUEST_KEY_REUSED'
  | 'CBD_REQUEST_THROTTLED'
  | 'CBD_REQUEST_QUEUE_FULL'
  | 'CBD_REQUEST_UNAUTHORISED'
  | 'CBD_REQUEST_FORBIDDEN'
  | 'CBD_STORE_UNAVAILABLE'
  | 'CBD_INTERNAL';

interface OnTheWire {
  readonly status: number;
  readonly exception: string;
}

// Source of the class names and of 400 and 503: GMS "Callback Services API", errors.
const ON_THE_WIRE: Readonly<Record<RequestCode, OnTheWire>> = {
  CBD_REQUEST_MALFORMED: { status: 400, exception: 'CallbackException' },
  CBD_REQUEST_TOO_LARGE: { status: 413, exception: 'CallbackException' },
  CBD_REQUEST_MISSING_KEY: { status: 400, exception: 'CallbackException' },
  CBD_REQUEST_OPTION: { status: 400, exception: 'CallbackException' },
  CBD_REQUEST_DESIRED_TIME: { status: 400, exception: 'CallbackException' },
  CBD_REQUEST_NUMBER_UNPARSABLE: { status: 400, exception: 'GSGException' },
  CBD_REQUEST_NUMBER_REFUSED: { status: 400, exception: 'CallbackExceptionNumber' },
  CBD_REQUEST_UNKNOWN_SERVICE: { status: 404, exception: 'CallbackExceptionNotFound' },
  CBD_REQUEST_UNKNOWN_CALLBACK: { status: 404, exception: 'CallbackExceptionNotFound' },
  CBD_REQUEST_UNKNOWN_SESSION: { status: 404, exception: 'CallbackExceptionNotFound' },
  CBD_REQUEST_UNKNOWN_AGENT: { status: 404, exception: 'CallbackExceptionNotFound' },
  CBD_REQUEST_UNKNOWN_QUEUE: { status: 404, exception: 'CallbackExceptionNotFound' },
  CBD_REQUEST_UNKNOWN_PATH: { status: 404, exception: 'CallbackExceptionNotFound' },
  CBD_REQUEST_TOO_LATE: { status: 409, exception: 'CallbackException' },
  CBD_REQUEST_KEY_REUSED: { status: 422, exception: 'CallbackException' },
  CBD_REQUEST_THROTTLED: { status: 503, exception: 'CallbackExceptionServiceUnavailable' },
  CBD_REQUEST_QUEUE_FULL: { status: 503, exception: 'CallbackExceptionServiceUnavailable' },
  CBD_REQUEST_UNAUTHORISED: { status: 401, exception: 'CallbackException' },
  CBD_REQUEST_FORBIDDEN: { status: 403, exception: 'CallbackException' },
  CBD_STORE_UNAVAILABLE: { status: 503, exception: 'CallbackExceptionServiceUnavailable' },
  CBD_INTERNAL: { status: 500, exception: 'CallbackException' },
};

/** A refusal on its way to the client. */
export class RequestProblem extends Error {
  readonly status: number;
  readonly exception: string;

  constructor(
    readonly code: RequestCode,
    message: string,
    /** For `Retry-After`. */
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
    this.name = 'RequestProblem';
    this.status = ON_THE_WIRE[code].status;
    this.exception = ON_THE_WIRE[code].exception;
  }

  /** The body of the answer. */
  toBody(): { readonly exception: string; readonly message: string; readonly code: RequestCode } {
    return { exception: this.exception, message: this.message, code: this.code };
  }
}
