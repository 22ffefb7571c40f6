/** The call of a rehearsal: what a plugin or a page is told about it. */
import { ANSWER_CALL_STATES, callStateName, type AnswerWord } from '../callflow/call-state.js';
import type { HeldCallFacts } from '../holder/held-call.js';
import type { HolderParameters } from '../holder/holder-parameters.js';

export interface RehearsedCall {
  /** Real time that the rehearsal may take. */
  readonly maxMs: number;
  readonly attempt: number;
  readonly ttlMs: number;
  readonly customerNumber: string;
  readonly userData: Readonly<Record<string, string>>;
}

const INTERACTION_ID = 'interaction-1';

/** @param hasCall without one there is no `_interaction_id` */
export function rehearsalParameters(
  { attempt, ttlMs, customerNumber, userData }: RehearsedCall,
  answer: AnswerWord,
  hasCall = true,
): Omit<HolderParameters, '_reply_url'> {
  const callState = ANSWER_CALL_STATES[answer];
  return {
    _call_state: callState,
    _call_state_name: callStateName(callState),
    _interaction_id: hasCall ? INTERACTION_ID : undefined,
    _customer_number: customerNumber,
    _dialed_number: customerNumber,
    _gms_service_id: 'rehearsal',
    _ors_service_id: 'rehearsal',
    _user_data: userData,
    _dial_attempt: attempt,
    _ttl: ttlMs / 1000,
  };
}

export function rehearsalFacts(
  { customerNumber }: RehearsedCall,
  answer: AnswerWord,
): HeldCallFacts {
  return {
    interactionId: INTERACTION_ID,
    callId: 'rehearsal@terminal',
    callState: ANSWER_CALL_STATES[answer],
    answeredBy: answer === 'machine' || answer === 'fax' ? answer : 'human',
    customerNumber,
    dialedNumber: customerNumber,
    callerId: undefined,
    requestUri: `sip:${customerNumber}@terminal`,
    sipHeaders: {},
  };
}
