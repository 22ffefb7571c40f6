/**
 * From the connect treatment through the queue to an agent: the boxes "On connect treatment?" and
 * "Wait for an agent". Queueing runs beside the connect treatment; the bridge waits for the file's end
 * unless it is interruptible; the wait clock starts with queueing.
 */

import { dialWithoutWaiting } from './ahead-arm.js';
import { seconds, treatment } from './because.js';
import { decide, type RowId } from './decision-table.js';
import type { CallbackReason } from './final-reason.js';
import { StepDraft } from './step-draft.js';
import type { ServiceOptions } from './service-options.js';
import type { Event, State, Step } from './vocabulary.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** Starts to look for an agent and the wait clock with it. `triesMade`: in vain, before. */
export function startQueueing(draft: StepDraft, triesMade = 0): void {
  draft.context.transferAttempts = triesMade;
  if (draft.context.queued?.isAhead === true) draft.callAgent();
  else draft.queue();
  startWaitClock(draft);
}

/** Of a customer for whom an agent is looked for, or a route point called. */
export function startWaitClock(draft: StepDraft): void {
  const { agentWaitMaxMs } = draft.service;
  if (agentWaitMaxMs > 0) draft.startTimer('agent-wait', agentWaitMaxMs);
}

/** The customer hears the waiting treatment, from the start unless it is already playing. */
export function playWaiting(draft: StepDraft): void {
  const source = draft.usable('waiting-for-agent', draft.service.waitingForAgentTreatment);
  const isPlaying = draft.context.playing?.treatment === 'waiting-for-agent';
  if (source !== undefined && !isPlaying) draft.play('waiting-for-agent', source, { loop: true });
}

/** Waits for an agent, with the waiting treatment. */
export function waitInQueue(draft: StepDraft, row: RowId, because: string): Step {
  playWaiting(draft);
  return draft.goTo({ name: 'waiting-for-agent', isGivingUp: false }, row, because);
}

/** Nobody will come: find-agent-fail once to its end, then the end for the reason given. */
export function giveUp(
  draft: StepDraft,
  thenEnd: CallbackReason,
  row: RowId,
  because: string,
): Step {
  draft.unqueue('gave-up');
  draft.unroute();
  draft.stopTimer('agent-wait');
  draft.stopTimer('agent-retry');
  const source = draft.usable('find-agent-fail', draft.service.findAgentFailTreatment);
  const told = `${because}; ${treatment('_treatment_find_agent_fail', source)}`;
  if (source === undefined) return draft.end(thenEnd, row, told);
  draft.play('find-agent-fail', source, { loop: false });
  return draft.goTo({ name: 'waiting-for-agent', isGivingUp: true, thenEnd }, row, told);
}

/**
 * The connect treatment ended, or could not be played: then nothing has been heard for a while, and a
 * customer for whom no waiting treatment is there is given the comfort sound at once.
 */
export function onConnectOver(
  draft: StepDraft,
  how: string,
  { isFailed }: { readonly isFailed: boolean },
): Step {
  const { queued } = draft.context;
  const row = decide('connect', {
    agentIsReady: queued?.agentIsReady === true,
    farIsHeard: queued?.media !== undefined,
  });
  switch (row) {
    case 'connect.early':
      draft.passMedia();
      return draft.goTo({ name: 'waiting-for-agent', isGivingUp: false }, row, how);
    case 'connect.bridge':
      return bridge(draft, row, `${how}, and an agent is waiting`);
    case 'connect.waiting': {
      const { waitingForAgentTreatment } = draft.service;
      const next = treatment('_treatment_waiting_for_agent', waitingForAgentTreatment);
      playWaiting(draft);
      if (isFailed && draft.context.playing === undefined) {
        draft.play('comfort', undefined, { loop: true });
      }
      return waitInQueue(draft, row, `${how}; ${next}`);
    }
  }
}

/** An agent for whom the flow waits has answered. */
export function onAgentAnswered(
  state: State,
  event: EventOf<'agent-answered'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const isConnecting = state.context.playing?.treatment === 'customer-connect';
  const mayBridge = !isConnecting || service.customerConnectTreatment?.interruptible === true;
  const row = decide('agent-answered', { event: event.type, mayBridge });
  switch (row) {
    case 'agent.bridge': {
      const why = isConnecting ? 'the connect treatment is interruptible' : 'nothing holds it up';
      return bridge(draft, row, `an agent answered and ${why}`);
    }
    case 'agent.ready': {
      draft.context.queued = { queueId: event.queueId, agentIsReady: true };
      return draft.stay(row, 'an agent answered; the connect treatment is not interruptible');
    }
  }
}

/** The agent's leg failed, or the agent left before the bridge. */
export function onAgentGone(
  state: State,
  event: EventOf<'agent-failed' | 'agent-hung-up'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const { context } = draft;
  const { agentWaitMaxMs, maxTransferToAgentAttempts } = service;
  const isWaitOver = agentWaitMaxMs > 0 && context.timers['agent-wait'] === undefined;
  const isLimitReached = context.transferAttempts >= maxTransferToAgentAttempts;
  draft.queueIsOver();
  const row = decide('agent-gone', {
    event: event.type,
    waitIsOver: isWaitOver,
    transferLimitReached: isLimitReached,
  });
  const gone = event.type === 'agent-failed' ? `no agent: ${event.why}` : 'the agent hung up';
  const limitOption = `_max_transfer_to_agent_attempts ${maxTransferToAgentAttempts}`;
  const tries = `${context.transferAttempts} of ${limitOption} made`;
  switch (row) {
    case 'agent.too-late': {
      const limit = `_max_time_to_wait_for_agent_on_the_call is ${seconds(agentWaitMaxMs)}`;
      return giveUp(draft, 'FAIL_TARGET_NOT_FOUND', row, `${gone}; ${limit}`);
    }
    case 'agent.limit':
      return giveUp(draft, 'FAIL_AGENT_CONNECT', row, `${gone}; ${tries}`);
    case 'agent.retry':
      draft.startTimer('agent-retry', service.agentRetryMs);
      return draft.stay(row, `${gone}; ${tries}`);
  }
}

/** An agent was tried in vain, and the customer keeps the place in the queue. */
export function onAgentMissed(
  state: State,
  event: EventOf<'agent-missed'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  draft.context.transferAttempts += 1;
  const { transferAttempts } = draft.context;
  const limit = `_max_transfer_to_agent_attempts ${service.maxTransferToAgentAttempts}`;
  const because = `${event.why}; now try ${transferAttempts} of ${limit}`;
  return draft.stay('agent.missed', because);
}

/** The far side is heard before its answer, or not any more. */
export function onEarlyMedia(
  state: State,
  event: EventOf<'early-media'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const { playing, queued } = state.context;
  const isConnecting = playing?.treatment === 'customer-connect';
  const mayBridge = !isConnecting || service.customerConnectTreatment?.interruptible === true;
  const row = decide('early-media', { event: event.type, farIsHeard: event.isHeard, mayBridge });
  switch (row) {
    case 'early.passed':
      draft.passMedia();
      return draft.goTo(
        { name: 'waiting-for-agent', isGivingUp: false },
        row,
        'earlyMedia is pass',
      );
    case 'early.held': {
      if (queued !== undefined) draft.context.queued = { ...queued, media: 'held' };
      return draft.stay(row, 'the connect treatment is not interruptible');
    }
    case 'early.over': {
      if (queued !== undefined) {
        const { media: _media, ...rest } = queued;
        draft.context.queued = rest;
      }
      if (!isConnecting) playWaiting(draft);
      return draft.stay(row, 'the far side is gone, or another one is called');
    }
  }
}

/** The pause after a failed try is over. */
export function onAgentRetryDue(
  state: State,
  { closed }: EventOf<'agent-retry-due'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('agent-retry');
  // A reload may have taken the queue away from who waited before the dial.
  const isStranded = state.name === 'reserving-agent' && service.queue === undefined;
  if (isStranded) return dialWithoutWaiting(draft, closed);
  draft.queue();
  return draft.stay('agent.again', `agentRetryMs is ${service.agentRetryMs}`);
}

/** `_max_time_to_wait_for_agent_on_the_call` is over. */
export function onAgentWaitExpired(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('agent-wait');
  const agentIsReady = state.context.queued?.agentIsReady === true;
  const row = decide('waiting', { event: 'agent-wait-expired', agentIsReady });
  const limit = `_max_time_to_wait_for_agent_on_the_call is ${seconds(service.agentWaitMaxMs)}`;
  switch (row) {
    case 'waiting.expired':
      return giveUp(draft, 'FAIL_TARGET_NOT_FOUND', row, limit);
    case 'waiting.agent-in-time':
      return draft.stay(row, `${limit}, but an agent has answered`);
  }
}

/** The last file (find-agent-fail or the apology) is over: end as decided before it started. */
export function onLastWordsOver(draft: StepDraft, how: string): Step {
  return draft.end(decidedEnd(draft.before) ?? 'FAIL_ERROR', 'last-words.over', how);
}

/** The reason that was decided before the last file started to play. */
export function decidedEnd(state: State): CallbackReason | undefined {
  return state.name === 'treating-customer' || state.name === 'waiting-for-agent'
    ? state.thenEnd
    : undefined;
}

function bridge(draft: StepDraft, row: RowId, because: string): Step {
  const { queued } = draft.context;
  if (queued === undefined) return draft.stay('late.ignored', because);
  draft.bridge(queued.queueId);
  draft.stopTimer('agent-wait');
  draft.context.queued = { ...queued, agentIsReady: true };
  return draft.goTo({ name: 'connected', to: 'agent' }, row, because);
}
