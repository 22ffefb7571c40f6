/**
 * What a failed INVITE means for the callback: the row of the result table (result-rows.ts, and the
 * configuration's own) that decides, the call state, and whether another trunk is tried. What was heard
 * before the failure is asked where signalling leaves it open (heard-result.ts).
 *
 * Expected results only: nothing here throws.
 */
import { callStateOfAnswer, type AnswerWord, type CallState } from '../callflow/call-state.js';
import type { EarlyMediaSound } from '../cpd/types.js';
import type { InviteFailure } from '../ports.js';
import { answerOfSound } from './heard-result.js';
import {
  NOES,
  RESULT_ROWS,
  type ResultAction,
  type ResultConditions,
  type ResultRow,
} from './result-rows.js';

export interface ResultCircumstances {
  /** Rows of the configuration, asked first. */
  readonly rows?: readonly ResultRow[] | undefined;
  /** Name of the trunk that refused. */
  readonly trunk?: string | undefined;
  /** What the early media amounted to, if anything was heard. */
  readonly heard?: EarlyMediaSound | undefined;
  /** A phone has rung: the attempt has reached the customer, and no other trunk is tried. */
  readonly hasRung?: boolean;
}

export interface ResultVerdict {
  readonly callState: CallState;
  readonly then: ResultAction;
  readonly row: string;
  /** In words, which fact decided. */
  readonly why: string;
}

/** Sounds of a network in trouble: the trunk may still be the one that failed. */
const TROUBLE: ReadonlySet<AnswerWord> = new Set(['reorder', 'sit-reorder', 'sit-no-circuit']);

/** @param failure a final response of 300 or above */
export function judgeFailure(
  failure: InviteFailure,
  { rows = [], trunk, heard, hasRung = false }: ResultCircumstances = {},
): ResultVerdict {
  const isReached = hasRung || heard === 'ringback';
  const fits = ({ when }: ResultRow): boolean => holds(when, failure, trunk, isReached);
  const own = rows.find(fits);
  const builtIn = RESULT_ROWS.find(fits) ?? LAST;
  const row = own ?? builtIn;
  const sound = heard && isOpen(failure) ? answerOfSound(heard, failure.status) : undefined;
  const answer = own?.answer ?? sound ?? builtIn.answer ?? 'error';
  const isOfCustomer = own === undefined && sound !== undefined && !TROUBLE.has(sound);
  const wanted = isOfCustomer ? 'by-call-state' : row.then;
  const kept = keptBecause(isReached, sound ?? builtIn.answer);
  const isKept = wanted === 'next-trunk' && kept !== undefined;
  const fact = own ? `${own.id}: ${own.why}` : factOf(builtIn, failure, sound && heard);
  return {
    callState: callStateOfAnswer(answer),
    then: isKept ? 'by-call-state' : wanted,
    row: row.id,
    why: isKept ? `${fact}; ${kept}, so no other trunk is tried` : fact,
  };
}

/** What keeps an attempt from another trunk, rows of the configuration included. */
function keptBecause(hasRung: boolean, said: AnswerWord | undefined): string | undefined {
  if (hasRung) return 'it had rung';
  return said && NOES.has(said) ? `the customer is ${said}` : undefined;
}

const LAST: ResultRow = { id: 'other', when: {}, then: 'by-call-state', answer: 'error', why: '' };

function factOf(row: ResultRow, failure: InviteFailure, heard: string | undefined): string {
  if (heard !== undefined) return `SIP ${failure.status}: ${heard} heard before it`;
  if (row.when.q850Cause !== undefined) return `Q.850 cause ${row.when.q850Cause}: ${row.why}`;
  if (row.when.status === undefined) return `SIP ${failure.status}: ${failure.reason || row.why}`;
  return `SIP ${failure.status}: ${row.why}`;
}

function holds(
  { trunks, status, q850Cause, reasonText, header, hasRung }: ResultConditions,
  failure: InviteFailure,
  trunk: string | undefined,
  isReached: boolean,
): boolean {
  if (hasRung !== undefined && hasRung !== isReached) return false;
  if (trunks && (trunk === undefined || !trunks.includes(trunk))) return false;
  if (status && (failure.status < status[0] || failure.status > status[1])) return false;
  if (q850Cause !== undefined && failure.q850Cause !== q850Cause) return false;
  const { headers = {}, reason } = failure;
  if (reasonText !== undefined && !hasText(`${reason}\n${headers['reason'] ?? ''}`, reasonText)) {
    return false;
  }
  if (header === undefined) return true;
  const value = headers[header.name.toLowerCase()];
  return value !== undefined && hasText(value, header.text);
}

const hasText = (whole: string, part: string): boolean =>
  whole.toLowerCase().includes(part.toLowerCase());

const KNOWN_CAUSES = new Set(RESULT_ROWS.map(({ when }) => when.q850Cause));

/** Whether signalling leaves open what happened. 404 comes with cause 1 by rule (RFC 3398, 8.2.6.1). */
function isOpen({ status, q850Cause }: InviteFailure): boolean {
  if (q850Cause === undefined || !KNOWN_CAUSES.has(q850Cause)) return true;
  return status === 404 && q850Cause === 1;
}
