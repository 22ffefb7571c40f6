/**
 * The flow of one callback: the page's figure "Customize Treatments for User Terminated Calls" as a pure
 * function. An event goes to the arm of the figure it belongs to; the arm asks the decision table.
 *
 *   dial -> result -> plugin | VXML | connect treatment | machine treatment -> queue | route -> end
 *                                        retry limit exceeded? -> dial again
 *
 * No clock, no I/O, no promises: time comes with the events, deeds go out as commands. An event that
 * carries an id the flow does not wait for is late and changes nothing, except that a leg, agent or
 * destination that nobody wants any more is let go. From `ended` nothing is commanded at all: the step
 * that ended it hung up everything, a call that is being answered at that moment included.
 */

import {
  lookForAgentFirst,
  onAgentNear,
  onAheadFailed,
  onAheadWaitOver,
  waitForOpening,
} from './ahead-arm.js';
import { CALL_STATE, type CallState } from './call-state.js';
import { decide } from './decision-table.js';
import {
  onBridgeFailed,
  onCancelled,
  onConversationTooLong,
  onCustomerHungUp,
  onExpired,
  onFarSideOver,
  onLegLost,
  onLoopOver,
  onRouteDone,
  onRouteFailed,
  onRouteTransferred,
  onSilence,
  onVerdictRevised,
} from './ending-arm.js';
import {
  onGreetingEnded,
  onMessageFailed,
  onMessageOver,
  onMessageWaitOver,
} from './machine-arm.js';
import { onHolderFailed, onPluginTimeout, onReply } from './plugin-arm.js';
import { onAnswered, onAttemptResult } from './result-arm.js';
import { countedAttempts, isRetryLimitExceeded } from './retry-policy.js';
import type { ServiceOptions } from './service-options.js';
import { stayAsIs, StepDraft } from './step-draft.js';
import type { Command, Context, Event, State, Step, TimerName } from './vocabulary.js';
import {
  onAgentAnswered,
  onAgentGone,
  onAgentMissed,
  onAgentRetryDue,
  onAgentWaitExpired,
  onConnectOver,
  onEarlyMedia,
  onLastWordsOver,
} from './waiting-arm.js';

/** A callback that waits for its due time. */
export function initialState(): State {
  const context = { attempt: 0, nextId: 0, timers: {}, transferAttempts: 0, messagesLeft: 0 };
  return { name: 'waiting-until-due', context };
}

/**
 * Takes one step of the flow.
 *
 * @param service is the configuration of this attempt; it may change between attempts
 * @returns the next state, the commands to start, and the row of the decision table that decided
 */
export function transition(state: State, event: Event, service: ServiceOptions): Step {
  if (state.name === 'ended') {
    return stayAsIs(state, 'late.ignored', `the callback has ended: ${state.reason}`);
  }
  return isAwaited(state, event) ? takeArm(state, event, service) : onLate(state, event);
}

/** The arms in the order of the figure. */
function takeArm(state: State, event: Event, service: ServiceOptions): Step {
  switch (event.type) {
    // Dial and result
    case 'due':
    case 'retry-due':
      return onDue(state, event, service);
    case 'answered':
      return onAnswered(state, service);
    case 'attempt-result':
      // Without CPD the answer was the result: what comes after it can only be the call's end.
      if (!isInAttempt(state)) return onCustomerHungUp(state, service);
      return onAttemptResult(state, event, service);
    // Plugin and VXML application
    case 'plugin-reply':
    case 'vxml-result':
      return onReply(state, event, service);
    case 'plugin-failed':
    case 'vxml-failed':
      return onHolderFailed(state, event, service);
    case 'plugin-timeout':
      return onPluginTimeout(state, service);
    // Treatments, of human and machine
    case 'treatment-ended':
    case 'play-failed':
      return onPlayOver(state, event, service);
    case 'greeting-ended':
      return onGreetingEnded(state, event, service);
    case 'message-wait-over':
      return onMessageWaitOver(state, service);
    // Queue, agent, route point
    case 'agent-answered':
      return onAgentAnswered(state, event, service);
    case 'agent-failed':
    case 'agent-hung-up':
      return onAgentLeft(state, event, service);
    case 'agent-missed':
      return onAgentMissed(state, event, service);
    case 'early-media':
      return onEarlyMedia(state, event, service);
    case 'agent-near':
      return onAgentNear(state, event, service);
    case 'ahead-wait-over':
      return onAheadWaitOver(state, service);
    case 'agent-wait-expired':
      return onAgentWaitExpired(state, service);
    case 'agent-retry-due':
      return onAgentRetryDue(state, event, service);
    case 'route-done':
      return onRouteDone(state, event, service);
    case 'route-failed':
      return onRouteFailed(state, event, service);
    case 'route-transferred':
      return onRouteTransferred(state, service);
    case 'conversation-ended':
      return onFarSideOver(state, service, 'the conversation ended');
    case 'conversation-too-long':
      return onConversationTooLong(state, service);
    // Anywhere
    case 'customer-hung-up':
      return onCustomerHungUp(state, service, event.wasApart);
    case 'leg-lost':
      return onLegLost(state, event, service);
    case 'verdict-revised':
      return onVerdictRevised(state, event, service);
    case 'silence-too-long':
      return onSilence(state, service);
    case 'cancelled':
      return onCancelled(state, event, service);
    case 'expired':
      return onExpired(state, service);
  }
}

function onDue(
  state: State,
  event: Extract<Event, { type: 'due' | 'retry-due' }>,
  service: ServiceOptions,
): Step {
  const { type, closed } = event;
  const draft = new StepDraft(state, service);
  draft.forgetTimer('retry');
  const { attempt } = state.context;
  const { maxDialAttempts, ttlMs } = service;
  const retryLimitExceeded = isRetryLimitExceeded(countedAttempts(state.context), maxDialAttempts);
  const waitsForAgent = service.waitsForAgent && service.queue !== undefined;
  const hoursClosed = closed !== undefined;
  const row = decide('dial', { event: type, retryLimitExceeded, hoursClosed, waitsForAgent });
  const because = `attempt ${attempt + 1}, _max_dial_attempts is ${maxDialAttempts}`;
  switch (row) {
    case 'dial.limit':
      return draft.end('FAIL_CALL_TO_CUSTOMER', row, because);
    case 'dial.closed':
      if (type === 'due' && ttlMs > 0) draft.startTimer('life', ttlMs);
      return waitForOpening(draft, row, closed);
    case 'dial.ahead':
      if (type === 'due' && ttlMs > 0) draft.startTimer('life', ttlMs);
      return lookForAgentFirst(draft, event.atMs, row, because);
    case 'dial.first':
    case 'dial.again':
      if (row === 'dial.first' && ttlMs > 0) draft.startTimer('life', ttlMs);
      draft.dial();
      return draft.goTo({ name: 'dialing' }, row, because);
  }
}

/** Before the bridge the next agent is asked; after it the conversation is over, or never began. */
function onAgentLeft(
  state: State,
  event: Extract<Event, { type: 'agent-failed' | 'agent-hung-up' }>,
  service: ServiceOptions,
): Step {
  if (state.context.queued?.isAhead === true) return onAheadFailed(state, event, service);
  if (state.name !== 'connected') return onAgentGone(state, event, service);
  return event.type === 'agent-failed'
    ? onBridgeFailed(state, event, service)
    : onFarSideOver(state, service, 'the agent hung up');
}

/** A treatment came to its end, or could not be played: then it is as if it were off. */
function onPlayOver(
  state: State,
  event: Extract<Event, { type: 'treatment-ended' | 'play-failed' }>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const treatment = state.context.playing?.treatment ?? 'comfort';
  const isFailed = event.type === 'play-failed';
  const how = isFailed ? `${treatment} could not be played: ${event.why}` : `${treatment} ended`;
  draft.playIsOver();
  if (isFailed) {
    draft.markBroken(treatment);
    draft.report('treatment-missing', how);
  }
  switch (treatment) {
    case 'customer-connect':
      return onConnectOver(draft, how, { isFailed });
    case 'answering-machine':
      return isFailed ? onMessageFailed(draft, how) : onMessageOver(draft);
    case 'find-agent-fail':
    case 'plugin-timeout':
      return onLastWordsOver(draft, how);
    case 'waiting-for-agent':
    case 'plugin-comfort':
    case 'comfort':
      return onLoopOver(draft, event.type, how);
  }
}

/** Does the flow wait for this event, as things stand? */
function isAwaited(state: State, event: Event): boolean {
  const { context } = state;
  switch (event.type) {
    case 'due':
      return state.name === 'waiting-until-due';
    case 'answered':
      return state.name === 'dialing' && event.legId === context.leg?.legId;
    case 'attempt-result':
      return event.legId === context.leg?.legId && (isInAttempt(state) || !event.legUp);
    case 'greeting-ended':
    case 'customer-hung-up':
    case 'leg-lost':
      return event.legId === context.leg?.legId;
    case 'verdict-revised':
      return event.legId === context.leg?.legId && isRevision(state, event.callState);
    case 'plugin-reply':
    case 'plugin-failed':
      return context.holder?.kind === 'plugin' && event.holderId === context.holder.holderId;
    case 'vxml-result':
    case 'vxml-failed':
      return context.holder?.kind === 'vxml' && event.holderId === context.holder.holderId;
    case 'treatment-ended':
    case 'play-failed':
      return event.playId === context.playing?.playId;
    case 'agent-answered':
      return isSoughtFor(context, event.queueId);
    case 'agent-failed':
    case 'agent-hung-up':
      return event.queueId === context.queued?.queueId;
    case 'agent-missed':
    case 'early-media':
      return isSoughtFor(context, event.queueId);
    case 'agent-near':
      return event.queueId === context.queued?.queueId && state.name === 'reserving-agent';
    case 'route-done':
      return event.routeId === context.route?.routeId && state.name === 'routing';
    case 'route-failed':
      return event.routeId === context.route?.routeId;
    case 'route-transferred':
      return event.routeId === context.route?.routeId && state.name === 'routing';
    case 'conversation-ended':
      return state.name === 'connected';
    case 'cancelled':
      return true;
    case 'plugin-timeout':
    case 'silence-too-long':
    case 'message-wait-over':
    case 'conversation-too-long':
    case 'agent-wait-expired':
    case 'agent-retry-due':
    case 'ahead-wait-over':
    case 'retry-due':
    case 'expired':
      return event.timerId === context.timers[TIMER_OF_EVENT[event.type]];
  }
}

const TIMER_OF_EVENT = {
  'plugin-timeout': 'plugin-ttl',
  'silence-too-long': 'human-silence',
  'message-wait-over': 'message-wait',
  'conversation-too-long': 'conversation',
  'agent-wait-expired': 'agent-wait',
  'agent-retry-due': 'agent-retry',
  'ahead-wait-over': 'ahead-wait',
  'retry-due': 'retry',
  expired: 'life',
} as const satisfies Partial<Record<Event['type'], TimerName>>;

/** A customer on the line waits for somebody to answer this request. */
function isSoughtFor({ queued }: Context, queueId: string): boolean {
  return queueId === queued?.queueId && !queued.agentIsReady && queued.isAhead !== true;
}

function isInAttempt(state: State): boolean {
  return state.name === 'dialing' || state.name === 'answered';
}

/** Only "human" is taken back, and only for machine or fax: so it happens once. */
function isRevision(state: State, callState: CallState): boolean {
  const { leg } = state.context;
  const isKnown =
    callState === CALL_STATE.AnsweringMachineDetected || callState === CALL_STATE.FaxDetected;
  return isKnown && leg?.answeredBy === 'human';
}

/** Nobody waits for this event. What it brought to life is let go. */
function onLate(state: State, event: Event): Step {
  const letGo = commandToLetGo(state, event);
  if (letGo === undefined) {
    return stayAsIs(state, 'late.ignored', `${event.type} is not awaited in state ${state.name}`);
  }
  const commands: Command[] = [letGo, { type: 'report', what: 'late-event', detail: event.type }];
  const row = decide('unwanted', { event: event.type, isLate: true });
  return stayAsIs(state, row, `nobody waits for this ${event.type} any more`, commands);
}

function commandToLetGo({ context }: State, event: Event): Command | undefined {
  switch (event.type) {
    case 'answered':
    case 'attempt-result': {
      const isUp = event.type === 'answered' || event.legUp;
      const { legId } = event;
      return isUp && legId !== context.leg?.legId
        ? { type: 'hang-up', legId, why: 'nobody waits for this call' }
        : undefined;
    }
    case 'agent-answered':
      return event.queueId === context.queued?.queueId
        ? undefined
        : { type: 'unqueue', queueId: event.queueId, exit: 'withdrawn' };
    case 'route-done':
      return event.routeId === context.route?.routeId
        ? undefined
        : { type: 'unroute', routeId: event.routeId };
    default:
      return undefined;
  }
}
