/**
 * What can go wrong between us and the two servers, each with a stable code. These are faults of the
 * infrastructure; expected outcomes of a call (busy, no answer, file missing) are values, never these.
 */

export type TelephonyErrorCode =
  | 'DRACHTIO_UNREACHABLE'
  | 'DRACHTIO_WRONG_SECRET'
  | 'DRACHTIO_TIMEOUT'
  | 'DRACHTIO_PROTOCOL'
  | 'DRACHTIO_TLS'
  | 'FREESWITCH_UNREACHABLE'
  | 'FREESWITCH_WRONG_SECRET'
  | 'FREESWITCH_ACCESS_REFUSED'
  | 'FREESWITCH_NO_PROFILE'
  | 'FREESWITCH_TIMEOUT'
  | 'FREESWITCH_PROTOCOL'
  | 'FREESWITCH_NO_MODULE'
  | 'FREESWITCH_PUBLIC_LISTENER'
  | 'FREESWITCH_LOST'
  | 'FREESWITCH_FULL'
  | 'ENDPOINT_REFUSED'
  | 'ENDPOINT_NO_ROOM'
  | 'ENDPOINT_UNREACHED'
  | 'ENDPOINT_GIVEN_UP'
  | 'ENDPOINT_SRTP'
  | 'ENDPOINT_NO_SRTP'
  | 'ENDPOINT_CODECS'
  | 'ENDPOINT_ENDED'
  | 'ENDPOINT_BUSY'
  | 'COMMAND_FAILED'
  | 'REFUSED_TEXT'
  | 'SDP_REFUSED'
  | 'DEADLINE';

/** A fault with a code to branch on and a sentence to show. Holds no library object. */
export class TelephonyError extends Error {
  constructor(
    readonly code: TelephonyErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'TelephonyError';
  }

  /** What the far side sent cannot be used; nothing is wrong with the servers. */
  get isOfFarSide(): boolean {
    return this.code === 'SDP_REFUSED';
  }

  /** No server could be asked, which is known already. */
  get isUnasked(): boolean {
    return this.code === 'FREESWITCH_LOST' || this.code === 'FREESWITCH_FULL';
  }
}

/** Faults that stay until somebody changes a configuration: trying again soon is no use. */
const LASTING: ReadonlySet<string> = new Set<TelephonyErrorCode>([
  'DRACHTIO_WRONG_SECRET',
  'DRACHTIO_TLS',
  'FREESWITCH_WRONG_SECRET',
  'FREESWITCH_ACCESS_REFUSED',
  'FREESWITCH_NO_PROFILE',
  'FREESWITCH_NO_MODULE',
  'FREESWITCH_PUBLIC_LISTENER',
  'ENDPOINT_UNREACHED',
  'ENDPOINT_SRTP',
  'ENDPOINT_CODECS',
]);

/** Will this fail again until a configuration is changed? */
export function isLasting(thrown: unknown): boolean {
  return thrown instanceof TelephonyError && LASTING.has(thrown.code);
}

/** Will this be over as soon as some calls have ended? */
export function isPassing(thrown: unknown): boolean {
  return thrown instanceof TelephonyError && thrown.code === 'ENDPOINT_NO_ROOM';
}

/** It was not refused, only too slow, as all is while a machine starts: may be better in a moment. */
const SLOW: ReadonlySet<string> = new Set<TelephonyErrorCode>([
  'DRACHTIO_TIMEOUT',
  'FREESWITCH_TIMEOUT',
  'ENDPOINT_GIVEN_UP',
  'DEADLINE',
]);

export function isSlow(thrown: unknown): boolean {
  return thrown instanceof TelephonyError && SLOW.has(thrown.code);
}

/** The code of a fault of ours, for a log line; undefined for anything else. */
export function codeOf(thrown: unknown): TelephonyErrorCode | undefined {
  return thrown instanceof TelephonyError ? thrown.code : undefined;
}

/**
 * A short sentence for anything that was thrown. Library errors hold whole connection graphs
 * (a SipError prints more than 600 lines), so only the message survives.
 */
export function describeError(thrown: unknown): string {
  // Ours say what to change; that stands at the end.
  if (thrown instanceof TelephonyError) return thrown.message.slice(0, 500);
  if (thrown instanceof Error) return thrown.message.slice(0, 200) || thrown.name;
  return String(thrown).slice(0, 200);
}
