/**
 * What can go wrong between us and the two servers, each with a stable code. These are faults of the
 * infrastructure; expected outcomes of a call (busy, no answer, file missing) are values, never these.
 */

export type TelephonyErrorCode =
  | 'DRACHTIO_UNREACHABLE'
  | 'DRACHTIO_WRONG_SECRET'
  | 'DRACHTIO_TIMEOUT'
  | 'DRACHTIO_PROTOCOL'
  | 'FREESWITCH_UNREACHABLE'
  | 'FREESWITCH_WRONG_SECRET'
  | 'FREESWITCH_ACCESS_REFUSED'
  | 'FREESWITCH_NO_PROFILE'
  | 'FREESWITCH_TIMEOUT'
  | 'FREESWITCH_PROTOCOL'
  | 'FREESWITCH_LOST'
  | 'ENDPOINT_REFUSED'
  | 'ENDPOINT_SRTP'
  | 'ENDPOINT_ENDED'
  | 'ENDPOINT_BUSY'
  | 'COMMAND_FAILED'
  | 'REFUSED_TEXT'
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
}

/**
 * A short sentence for anything that was thrown. Library errors hold whole connection graphs
 * (a SipError prints more than 600 lines), so only the message survives.
 */
export function describeError(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message.slice(0, 200) || thrown.name;
  return String(thrown).slice(0, 200);
}
