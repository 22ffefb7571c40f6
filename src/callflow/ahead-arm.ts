/**
 * An agent first (`_wait_for_agent`): before each dial a request is placed in the queue, and the
 * customer is dialled when an agent is kept free or near. Who does not answer gives the place back.
 */

import { seconds } from './because.js';
import { decide, type RowId } from './decision-table.js';
import type { ServiceOptions } from './service-options.js';
import { StepDraft } from './step-draft.js';
import type { Closed, Event, State, Step } from './vocabulary.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** Nothing is dialled now: the callback waits in the store for the hours to open. */
export function waitForOpening(draft: StepDraft, row: RowId, closed: Closed | undefined): Step {
  const forMs = closed?.forMs ?? 0;
  draft.postpone(forMs);
  const because = `${closed?.why ?? 'closed'}; looked at again in ${seconds(forMs)}`;
  return draft.goTo({ name: 'waiting-to-retry' }, row, because);
}

/** Asks the queue before anything is dialled. */
export function lookForAgentFirst(
  draft: StepDraft,
  atMs: number,
  row: RowId,
  because: string,
): Step {
  const { aheadWaitMaxMs } = draft.service;
  if (aheadWaitMaxMs > 0) draft.context.aheadUntilMs = atMs + aheadWaitMaxMs;
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
  const { closed, atMs } = event;
  const { cannotDialBufferMs } = service;
  const leftMs = (state.context.aheadUntilMs ?? Infinity) - atMs;
  const draft = new StepDraft(state, service);
  const row = decide('ahead', {
    event: event.type,
    dialIsTooLate: leftMs < cannotDialBufferMs,
    hoursClosed: closed !== undefined,
  });
  switch (row) {
    case 'ahead.too-late': {
      const buffer = `_cannot_dial_buffer_time is ${seconds(cannotDialBufferMs)}`;
      const left = `${seconds(Math.max(0, leftMs))} are left of _urs_queued_ttl`;
      return draft.end('FAIL_TIMEOUT_TTL', row, `${buffer}, ${left}`);
    }
    case 'ahead.closed':
      return waitForOpening(draft, row, closed);
    default:
      return dialNow(draft, event.why);
  }
}

/** There is nobody to wait for any more. */
export function dialWithoutWaiting(draft: StepDraft, closed: Closed | undefined): Step {
  if (closed !== undefined) return waitForOpening(draft, 'ahead.closed', closed);
  return dialNow(draft, 'the service names no queue any more');
}

function dialNow(draft: StepDraft, why: string): Step {
  draft.stopTimer('ahead-wait');
  draft.dial();
  return draft.goTo({ name: 'dialing' }, 'ahead.dial', why);
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
