/**
 * What a refused INVITE means, as data: the built-in rows of the result table. The first row whose
 * conditions hold decides; rows of the configuration are asked before these.
 *
 * What the customer said themselves comes first, and 6xx, which speak for everybody: no Q.850 cause
 * overrules them. Then causes: gateways make one 404 of an unknown number (cause 1) and of a route that
 * they do not have (2, 3), and one 480 of a busy customer and of a full network. Then the statuses alone.
 *
 * 403 with cause 21 ("call rejected") is a gateway's word for either side: customers reject a call, and
 * carriers one whose caller ID, credit or address they do not like. A customer has to have been reached for
 * it: a phone has rung, or the cause's location is the user. Else it is the trunk's.
 *
 * Sources: RFC 3261 section 21, RFC 3398 section 7.2.4.1 (status and ISUP cause), RFC 8606 (the cause's
 * location), ITU-T Q.850 table 1, Genesys' call state enumeration.
 */
import type { AnswerWord } from '../callflow/call-state.js';

/**
 * `next-trunk`: it is this trunk; another is tried within the attempt, unless a phone has rung.
 * `by-call-state`: the call flow decides by the call state.
 * `retry-later`: another attempt, even where the call state would end the callback.
 * `never-again`: the callback ends.
 */
export const RESULT_ACTIONS = [
  'next-trunk',
  'by-call-state',
  'retry-later',
  'never-again',
] as const;
export type ResultAction = (typeof RESULT_ACTIONS)[number];

/** All conditions that are present have to hold. */
export interface ResultConditions {
  /** Names of trunks. */
  readonly trunks?: readonly string[] | undefined;
  /** 300 to 699, both ends included. */
  readonly status?: readonly [from: number, to: number] | undefined;
  /** 1 to 127. */
  readonly q850Cause?: number | undefined;
  /** Part of the reason phrase or of the Reason header's text, in any case. */
  readonly reasonText?: string | undefined;
  /** A header of the response, and a part of its value in any case. */
  readonly header?: { readonly name: string; readonly text: string } | undefined;
  /** Whether a phone has rung. Built-in rows alone have it. */
  readonly hasRung?: boolean | undefined;
}

export interface ResultRow {
  readonly id: string;
  readonly when: ResultConditions;
  readonly then: ResultAction;
  /** The attempt's call state; undefined: as the rows below have it. */
  readonly answer: AnswerWord | undefined;
  readonly why: string;
}

const status = (code: number, answer: AnswerWord, why: string): ResultRow =>
  statuses(code, code, 'by-call-state', answer, why);

const thisTrunk = (code: number, answer: AnswerWord, why: string): ResultRow =>
  statuses(code, code, 'next-trunk', answer, why);

function statuses(
  from: number,
  to: number,
  then: ResultAction,
  answer: AnswerWord,
  why: string,
): ResultRow {
  const id = from === to ? `status-${from}` : `status-${String(from)[0] ?? ''}xx`;
  return { id, when: { status: [from, to] }, then, answer, why };
}

function cause(
  q850Cause: number,
  answer: AnswerWord,
  why: string,
  then: ResultAction = 'by-call-state',
): ResultRow {
  return { id: `cause-${q850Cause}`, when: { q850Cause }, then, answer, why };
}

const REJECTED = { status: [403, 403], q850Cause: 21 } as const;

/** The product's own rows, in their order. The last one always holds. */
export const RESULT_ROWS: readonly ResultRow[] = [
  status(486, 'busy', 'busy here'),
  status(600, 'busy', 'busy everywhere'),
  status(603, 'declined', 'declined'),
  status(607, 'declined', 'unwanted (RFC 8197)'),
  status(608, 'declined', 'rejected (RFC 8688)'),
  status(604, 'sit-invalid-number', 'does not exist anywhere'),
  {
    id: 'status-403-cause-21-user',
    when: { ...REJECTED, header: { name: 'reason', text: 'location=U' } },
    then: 'by-call-state',
    answer: 'declined',
    why: 'call rejected by the user',
  },
  {
    id: 'status-403-cause-21',
    when: { ...REJECTED, hasRung: false },
    then: 'next-trunk',
    answer: 'error',
    why: 'rejected before a phone rang: caller ID, credit or address not accepted',
  },
  cause(1, 'sit-invalid-number', 'unallocated number'),
  cause(2, 'sit-no-circuit', 'no route to transit network', 'next-trunk'),
  cause(3, 'sit-no-circuit', 'no route to destination', 'next-trunk'),
  cause(17, 'busy', 'user busy'),
  cause(18, 'no-answer', 'no user responding'),
  cause(19, 'no-answer', 'no answer, user alerted'),
  cause(20, 'no-answer', 'subscriber absent'),
  cause(21, 'declined', 'call rejected'),
  cause(22, 'sit-intercept', 'number changed'),
  cause(25, 'sit-no-circuit', 'exchange routing error', 'next-trunk'),
  cause(28, 'sit-invalid-number', 'invalid number format'),
  cause(34, 'sit-no-circuit', 'no circuit available', 'next-trunk'),
  cause(38, 'sit-no-circuit', 'network out of order', 'next-trunk'),
  cause(41, 'sit-reorder', 'temporary failure', 'next-trunk'),
  cause(42, 'sit-reorder', 'switching equipment congestion', 'next-trunk'),
  cause(44, 'sit-no-circuit', 'requested circuit not available', 'next-trunk'),
  cause(47, 'sit-no-circuit', 'resource unavailable', 'next-trunk'),
  thisTrunk(401, 'error', 'our credentials were not taken'),
  thisTrunk(402, 'error', 'payment required'),
  thisTrunk(403, 'error', 'forbidden: caller ID, credit or address not accepted'),
  thisTrunk(407, 'error', 'our credentials were not taken'),
  status(404, 'sit-invalid-number', 'no such number'),
  thisTrunk(408, 'no-answer', 'request timeout'),
  status(410, 'sit-intercept', 'number gone'),
  thisTrunk(415, 'error', 'media type not taken'),
  thisTrunk(420, 'error', 'extension not supported'),
  thisTrunk(421, 'error', 'extension required'),
  status(480, 'no-answer', 'temporarily unavailable'),
  thisTrunk(482, 'error', 'the trunk routes in a loop'),
  thisTrunk(483, 'error', 'the trunk routes in a loop'),
  status(484, 'sit-invalid-number', 'number incomplete'),
  status(487, 'no-answer', 'request terminated'),
  thisTrunk(488, 'error', 'media not acceptable'),
  thisTrunk(503, 'sit-no-circuit', 'service unavailable'),
  statuses(500, 599, 'next-trunk', 'error', 'the server failed'),
  thisTrunk(606, 'error', 'media not acceptable anywhere'),
  { id: 'other', when: {}, then: 'by-call-state', answer: 'error', why: 'refused' },
];

/** The customer has been reached and has said no: no trunk is to ask again, whatever a row says. */
export const NOES: ReadonlySet<AnswerWord> = new Set(['busy', 'declined']);

/** Whether these conditions name a no outright: its status alone, or its cause. A range names none. */
export function namesNo({ status, q850Cause }: ResultConditions): boolean {
  const isRejected = status?.every((code) => code === REJECTED.status[0]) === true;
  // Until a phone has rung it is the trunk's.
  if (isRejected && q850Cause === REJECTED.q850Cause) return false;
  return RESULT_ROWS.some(({ when, answer }) => {
    if (answer === undefined || !NOES.has(answer)) return false;
    if (when.q850Cause !== undefined) return when.q850Cause === q850Cause;
    return status?.every((code) => code === when.status?.[0]) === true;
  });
}
