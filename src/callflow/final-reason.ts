/**
 * How a callback stands and how it ended, in the words of the public record (`_callback_state`,
 * `_callback_reason`). The flow's own states are finer; this file is the one place that translates.
 */

import type { State } from './vocabulary.js';

/** `_callback_state`. PAUSED is given by the scheduler alone, never by the flow. */
export type RecordState =
  'SCHEDULED' | 'QUEUED' | 'PAUSED' | 'ROUTING' | 'PROCESSING' | 'COMPLETED';

/**
 * `_callback_reason`, present with COMPLETED only, each with what it means here. Genesys' list, and
 * ROUTED_TO_RP of ours: a call given to a route point has met no agent that we know of.
 * SUBMIT_FAILED, NOT_AVAILABLE and the reasons about users and files belong to the parts around the flow.
 */
export const CALLBACK_REASONS = {
  AGENT_CONNECTED: 'the customer and an agent were connected',
  ROUTED_TO_RP: 'a plugin or page gave the call to a route point',
  CANCELLED: 'cancelled by the customer, by a plugin or page, or by its retry beyond the limit',
  CANCELLED_BY_ADMIN: 'cancelled through the administration API',
  FAIL_CALL_TO_CUSTOMER: 'all dial attempts were made, or the number cannot be called',
  FAIL_FAX_REACHED: 'a fax machine answered',
  FAIL_INTERACTION_DELETED: 'the customer hung up before an agent was there',
  FAIL_TARGET_NOT_FOUND: 'no agent answered in time, or the route point could not be reached',
  FAIL_AGENT_CONNECT: 'the calls to the agents failed too often',
  FAIL_QUEUEING: 'the service names no queue to wait in',
  FAIL_ERROR: 'the plugin or page failed or did not reply in time',
  FAIL_TIMEOUT_TTL:
    'the callback outlived its time to live, or its wait for an agent before the dial',
  FAIL_LOAD_MESSAGE_FILE: 'a file could not be loaded',
  FAIL_IXN_UNKNOWN_MEDIA_TYPE: 'the media type is unknown',
  FAIL_NO_CUSTOMER_NUMBER: 'there is no number to call',
  FAIL_USER_NO_CONFIRM: 'the user did not confirm',
  NOT_AVAILABLE: 'it ended without a reason',
  SUBMIT_FAILED: 'it could not be started',
} as const;

export type CallbackReason = keyof typeof CALLBACK_REASONS;

/**
 * `_callback_state` of a state of the flow. ROUTING means that a person is on the line and waits,
 * PROCESSING that the customer talks and nothing can be cancelled any more.
 */
export function recordStateOf(state: State): RecordState {
  switch (state.name) {
    case 'waiting-until-due':
      return 'SCHEDULED';
    case 'reserving-agent':
    case 'dialing':
    case 'answered':
    case 'treating-machine':
    case 'waiting-to-retry':
      return 'QUEUED';
    case 'asking-plugin':
    case 'running-vxml':
      return isPersonOnLine(state) ? 'ROUTING' : 'QUEUED';
    case 'treating-customer':
    case 'waiting-for-agent':
    case 'routing':
      return 'ROUTING';
    case 'connected':
      return 'PROCESSING';
    case 'ended':
      return 'COMPLETED';
  }
}

function isPersonOnLine(state: State): boolean {
  const leg = state.context.leg;
  return leg?.isUp === true && leg.answeredBy === 'human';
}
