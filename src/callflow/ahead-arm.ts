/**
 * An agent first (`_wait_for_agent`): before each dial a request is placed in the queue, and the
 * customer is dialled when an agent is kept free or near. Who does not answer gives the place back.
 */

import { seconds } from './because.js';
import { decide, type RowId } from './decision-table.js';
import type { ServiceOptions } from './service-options.js';
import { StepDraft } from './step-draft.js';
import type { Event, State, Step } from './vocabulary.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** Asks the queue before anything is dialled. */
export function lookForAgentFirst(draft: StepDraft, row: RowId, because: string): Step {
  const { aheadWaitMaxMs } = draft.service;
  draft.context.transferAttempts = 0;
  draft.queue();
  if (aheadWaitMaxMs > 0) draft.startTimer('ahead-wait', aheadWaitMaxMs);
  return draft.goTo({ name: 'reserving-agent' }, row, `${because}; _wait_for_agent is true`);
}

/** Time to dial: the request stays, and keeps its place while it rings. */
export function onAgentNear(
  state: State,
  event: EventOf<'agent-near'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const row = decide('ahead', { event: event.type });
  draft.stopTimer('ahead-wait');
  draft.dial();
  return draft.goTo({ name: 'dialing' }, row, event.why);
}

/** There is nobody to wait for any more. */
export function dialWithoutWaiting(draft: StepDraft): Step {
  draft.stopTimer('ahead-wait');
  draft.dial();
  return draft.goTo({ name: 'dialing' }, 'ahead.dial', 'the service names no queue any more');
}

/** The queue has nobody left to ask, or was not there after a restart. */
export function onAheadFailed(
  state: State,
  event: EventOf<'agent-failed' | 'agent-hung-up'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  draft.queueIsOver();
  const isDialled = state.name !== 'reserving-agent';
  const row = decide('ahead', { event: event.type, isDialled });
  const gone = event.type === 'agent-failed' ? event.why : 'the agent is gone';
  switch (row) {
    case 'ahead.pause':
      draft.startTimer('agent-retry', service.agentRetryMs);
      return draft.stay(row, `${gone}; agentRetryMs is ${service.agentRetryMs}`);
    default:
      return draft.stay(row, gone);
  }
}

/** `_urs_queued_ttl` is over. */
export function onAheadWaitOver(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('ahead-wait');
  const row = decide('ahead', { event: 'ahead-wait-over' });
  return draft.end(
    'FAIL_TIMEOUT_TTL',
    row,
    `_urs_queued_ttl is ${seconds(service.aheadWaitMaxMs)}`,
  );
}
