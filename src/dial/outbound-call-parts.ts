/**
 * What an outbound call is asked for and what it tells, and what can be said of its responses without
 * the call.
 */
import type { CallState } from '../callflow/call-state.js';
import type { AttemptDetail, BrokenOffBecause } from '../callflow/vocabulary.js';
import type { CpdEvent } from '../cpd/types.js';
import type {
  AnalysisRequest,
  CallAnalyser,
  Clock,
  InviteFailure,
  InviteRequest,
  LegListener,
  Log,
  MediaEndpoint,
  SipDialog,
  Telephony,
} from '../ports.js';
import type { ResultRow } from './result-rows.js';
import type { SetUpGovernor, SetUpPart } from './set-up-governor.js';
import type { ResultVerdict } from './sip-result.js';
import type { BrokenOff } from './trunk-tries.js';

export interface OutboundCallDeps {
  readonly telephony: Telephony;
  readonly analyser: CallAnalyser;
  readonly clock: Clock;
  readonly log: Log;
  /** Learns from how long the media server takes. */
  readonly setUps?: Pick<SetUpGovernor, 'run'>;
}

/** What one INVITE is made of, but for the media. */
export type InviteParts = Omit<InviteRequest, 'localSdp' | 'endpointId'>;

/** Another INVITE of the same attempt; its Call-ID is on disk. */
export interface NextInvite {
  readonly parts: InviteParts;
  /** Name of its trunk. */
  readonly trunk: string;
  readonly leg: LegListener;
  readonly isSecure?: boolean | undefined;
  readonly turn?: Turn | undefined;
}

/** Resolves when an INVITE may leave. */
export type Turn = () => Promise<void>;

export interface OutboundCallRequest extends InviteParts {
  /** Name of the trunk that it leaves by. */
  readonly trunk?: string;
  /** Its media are SRTP. */
  readonly isSecure?: boolean | undefined;
  /** Of the configuration, asked before the built-in ones. */
  readonly resultRows?: readonly ResultRow[];
  /**
   * Asked after a final response that leaves something to try. Undefined: nothing is. The former leg is
   * over by then.
   */
  readonly onward?: (
    failure: InviteFailure,
    verdict: ResultVerdict,
  ) => Promise<NextInvite | BrokenOff | undefined>;
  /** Of the first INVITE; each that follows has its own. Absent: at once. */
  readonly turn?: Turn | undefined;
  /** For each INVITE. */
  readonly ringTimeoutMs: number;
  /** Once answered, a call from which no RTP came for so long is given up. Undefined: never. */
  readonly mediaSilenceMaxMs?: number | undefined;
  /** Undefined: a 200 OK is a human. */
  readonly analysis?: Omit<AnalysisRequest, 'id'>;
}

export interface CallResult {
  readonly callState: CallState;
  readonly legUp: boolean;
  readonly detail: AttemptDetail;
}

export interface OutboundCallListener extends LegListener {
  /** @param hasMedia it came with a session description */
  onRinging(status: number, hasMedia: boolean): void;
  onAnswered(dialog: SipDialog): void;
  /** Exactly once. */
  onResult(result: CallResult): void;
  onRevised(callState: CallState, why: string): void;
  onGreetingEnded(heardBeep: boolean): void;
  /** Whatever the detector says, as it says it. */
  onHeard(event: CpdEvent): void;
  /** @param farReason Reason header of the BYE */
  onHungUp(farReason?: string): void;
  onLost(cause: 'signalling' | 'media'): void;
}

/** A phone rings, or the call is queued or forwarded to one (RFC 3261 21.1). 183 says nothing of the kind. */
export const RINGING: ReadonlySet<number> = new Set([180, 181, 182]);

/** Redirection, and a session timer that is too short: the same trunk says how to go on. */
export function isWithin({ status }: InviteFailure): boolean {
  return (status >= 300 && status < 400) || status === 422;
}

/** Of an attempt that ends with this response, or is broken off after it. */
export function detailOf(
  failure: InviteFailure,
  { then, why }: ResultVerdict,
  brokenOff?: BrokenOffBecause,
): AttemptDetail {
  const farReason = failure.headers?.['reason'];
  return {
    sipStatus: failure.status,
    sipReason: failure.reason,
    q850Cause: failure.q850Cause,
    retryAfterMs: failure.retryAfterMs,
    cpdReason: brokenOff === undefined ? why : `${why}; ${BROKEN_OFF[brokenOff]}`,
    ...(farReason !== undefined && { farReason }),
    ...(then !== 'next-trunk' && { afterwards: then }),
    ...(brokenOff && { afterwards: brokenOff }),
  };
}

/**
 * A part of a call's set-up that its media server does. Who has hung up meanwhile is no server's fault,
 * nor is a far side that it cannot speak with.
 */
export function partOn(endpoint: MediaEndpoint, isOver: () => boolean): SetUpPart<unknown> {
  const isOfFarSide = (thrown: unknown) =>
    (thrown as { isOfFarSide?: unknown } | undefined)?.isOfFarSide === true;
  return {
    serverOf: () => endpoint.server,
    isFault: (thrown) => !isOver() && !endpoint.hasEnded && !isOfFarSide(thrown),
  };
}

/** Of an attempt that our own servers ended. Without an endpoint no INVITE has left, or the former is over. */
export function faultDetail(error: unknown, hasEndpoint: boolean): AttemptDetail {
  const cpdReason = messageOf(error);
  return hasEndpoint ? { cpdReason } : { cpdReason, afterwards: 'no-endpoint' };
}

const BROKEN_OFF: Readonly<Record<BrokenOffBecause, string>> = {
  paused: 'the service was paused before the next INVITE',
  'no-trunk': 'no other trunk had room',
  'not-written': 'the store could not write the next INVITE down',
  'no-endpoint': 'the media server had no endpoint for it',
};

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function partsOf({
  trunk: _trunk,
  isSecure: _isSecure,
  resultRows: _rows,
  onward: _onward,
  turn: _turn,
  ringTimeoutMs: _ringTimeoutMs,
  mediaSilenceMaxMs: _silence,
  analysis: _analysis,
  ...parts
}: OutboundCallRequest): InviteParts {
  return parts;
}
