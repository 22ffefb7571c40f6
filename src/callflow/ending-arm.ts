/**
 * What may happen anywhere: hang-up, a lost leg, a revised verdict, cancel, the end of the callback's
 * life, a silence that lasts too long; and the conversation, which is out of reach of most of these.
 */

import { result, seconds } from './because.js';
import { CALL_STATE } from './call-state.js';
import { decide, type CallHolder, type RowOf } from './decision-table.js';
import type { CallbackReason } from './final-reason.js';
import { takeBuiltIn, takeResult } from './result-arm.js';
import { retryOrEnd } from './retry-arm.js';
import { countedAttempts, isRetryLimitExceeded } from './retry-policy.js';
import type { ServiceOptions, Treatment } from './service-options.js';
import { stayAsIs, StepDraft } from './step-draft.js';
import type { Context, Event, State, Step, TreatmentName } from './vocabulary.js';
import { decidedEnd, giveUp, startQueueing, waitInQueue } from './waiting-arm.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** Who has the call in this state. */
export function callHolder(state: State): CallHolder {
  if (state.name === 'connected') return state.to;
  return state.context.holder === undefined ? 'flow' : 'holder';
}

/** The customer hung up. Before a verdict it is the attempt's result. */
export function onCustomerHungUp(state: State, service: ServiceOptions, wasApart = false): Step {
  const draft = new StepDraft(state, service);
  if (state.name === 'dialing' || state.name === 'answered') {
    return takeResult(draft, CALL_STATE.RemoteRelease, false);
  }
  draft.legIsGone();
  if (state.name === 'connected') return onConnectedGone(draft, state.to, wasApart);
  if (state.name === 'treating-machine') {
    return retryOrEnd(draft, { row: 'message.broken', because: 'the machine hung up' });
  }
  const endIsDecided = decidedEnd(state) !== undefined;
  const row = decide('hang-up', { callIsWith: callHolder(state), endIsDecided });
  const because = 'the customer hung up';
  switch (row) {
    case 'hang-up.held':
      draft.tellHolder('hung-up');
      return draft.stay(row, `${because} while the ${draft.context.holder?.kind ?? ''} decides`);
    case 'hang-up.last-words':
      return draft.end(decidedEnd(state) ?? 'FAIL_INTERACTION_DELETED', row, because);
    case 'hang-up.end':
      return draft.end('FAIL_INTERACTION_DELETED', row, `${because} in state ${state.name}`);
  }
}

/** The customer hung up, in the conversation or just before it. */
function onConnectedGone(
  draft: StepDraft,
  callIsWith: 'agent' | 'route-point',
  wasApart: boolean,
): Step {
  const row = decide('connected', { event: 'customer-hung-up', callIsWith, wasApart });
  const because = 'the customer hung up';
  if (row !== 'connected.never') return endConversation(draft, callIsWith, because, row);
  return draft.end('FAIL_INTERACTION_DELETED', row, `${because} before the two were connected`);
}

/** Our side lost the call; what is left of it is hung up. Before a verdict it is a general error. */
export function onLegLost(state: State, event: EventOf<'leg-lost'>, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.hangUp(`lost: ${event.cause}`);
  if (state.name === 'dialing' || state.name === 'answered') {
    return takeResult(draft, CALL_STATE.GeneralError, false);
  }
  const lost = `the call was lost (${event.cause})`;
  if (state.name === 'connected') return endConversation(draft, state.to, lost);
  draft.context.callState = CALL_STATE.GeneralError;
  const row = decide(['lost', 'retry'], {
    event: event.type,
    endIsDecided: decidedEnd(state) !== undefined,
    retryLimitExceeded: isRetryLimitExceeded(
      countedAttempts(draft.context),
      service.maxDialAttempts,
    ),
  });
  switch (row) {
    case 'lost.last-words':
      return draft.end(decidedEnd(state) ?? 'FAIL_ERROR', row, lost);
    case 'lost.retry':
    case 'retry.limit':
      return retryOrEnd(draft, { row, because: lost });
  }
}

/** CPD takes back "human" for "machine" or "fax". */
export function onVerdictRevised(
  state: State,
  event: EventOf<'verdict-revised'>,
  service: ServiceOptions,
): Step {
  const { callState } = event;
  const draft = new StepDraft(state, service);
  const endIsDecided = decidedEnd(state) !== undefined;
  const row = decide('verdict', { callIsWith: callHolder(state), endIsDecided });
  const because = `CPD revised its verdict to ${result(callState)}`;
  if (row === 'verdict.too-late') return stayAsIs(state, row, because);
  draft.context.callState = callState;
  const answeredBy = callState === CALL_STATE.FaxDetected ? 'fax' : 'machine';
  draft.changeLeg({ answeredBy });
  draft.stopPlaying();
  switch (row) {
    case 'verdict.told':
      draft.tellHolder('verdict-revised', callState);
      return draft.stay(row, because);
    case 'verdict.unwound':
      draft.unqueue();
      draft.unroute();
      draft.stopTimer('agent-wait');
      draft.stopTimer('agent-retry');
      draft.stopTimer('human-silence');
      return takeBuiltIn(draft, row, because);
  }
}

/** A cancel from outside. */
export function onCancelled(
  state: State,
  event: EventOf<'cancelled'>,
  service: ServiceOptions,
): Step {
  const row = decide('cancel', { callIsWith: callHolder(state), by: event.by });
  const because = `${event.why ?? `cancelled by ${event.by}`} in state ${state.name}`;
  switch (row) {
    case 'cancel.refused':
      return stayAsIs(state, row, because, [
        { type: 'report', what: 'late-event', detail: event.type },
      ]);
    case 'cancel.customer':
      return new StepDraft(state, service).end('CANCELLED', row, because);
    case 'cancel.admin':
      return new StepDraft(state, service).end('CANCELLED_BY_ADMIN', row, because);
  }
}

/** The callback's life is over. */
export function onExpired(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('life');
  const row = decide('life', { callIsWith: callHolder(state) });
  const because = `_ttl is ${seconds(service.ttlMs)}`;
  switch (row) {
    case 'life.talking':
      return draft.stay(row, because);
    case 'life.expired':
      return draft.end('FAIL_TIMEOUT_TTL', row, because);
  }
}

/** A person has heard nothing for too long. */
export function onSilence(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('human-silence');
  return breakSilence(draft, `humanSilenceMaxMs is ${service.humanSilenceMaxMs}`);
}

/**
 * A looped sound is over. One that could not be played is replaced at once, because whoever waits has
 * heard nothing so far; the last resort is left to the silence guard.
 */
export function onLoopOver(
  draft: StepDraft,
  event: 'treatment-ended' | 'play-failed',
  how: string,
): Step {
  const isLastResort = draft.before.context.playing?.treatment === 'comfort';
  const row = decide('silence', { event, soundIsLeft: event === 'play-failed' && !isLastResort });
  switch (row) {
    case 'silence.broken':
      return breakSilence(draft, how);
    case 'silence.watched':
      return draft.stay(row, how);
  }
}

function breakSilence(draft: StepDraft, why: string): Step {
  const [name, source] = comfortFor(draft);
  draft.play(name, source, { loop: true });
  const sound = source === undefined ? 'the built-in comfort sound' : source.file;
  return draft.stay('silence.broken', `${why}, so ${sound} is looped`);
}

/** The agent's or destination's side ended the conversation. */
export function onFarSideOver(state: State, service: ServiceOptions, how: string): Step {
  const draft = new StepDraft(state, service);
  draft.queueIsOver();
  draft.routeIsOver();
  const to = state.name === 'connected' ? state.to : 'agent';
  return endConversation(draft, to, how);
}

/** `conversationMaxMs` is over: both sides are hung up. */
export function onConversationTooLong(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('conversation');
  const row = decide('connected', {
    event: 'conversation-too-long',
    callIsWith: callHolder(state),
  });
  const to = state.name === 'connected' ? state.to : 'agent';
  return endConversation(draft, to, `conversationMaxMs is ${service.conversationMaxMs}`, row);
}

/** The bridge to the agent did not come about after all. */
export function onBridgeFailed(
  state: State,
  event: EventOf<'agent-failed'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const { transferAttempts } = draft.context;
  const limit = service.maxTransferToAgentAttempts;
  draft.queueIsOver();
  const transferLimitReached = transferAttempts >= limit;
  const row = decide('bridge-failed', { event: event.type, transferLimitReached });
  const tries = `${transferAttempts} of _max_transfer_to_agent_attempts ${limit} made`;
  const because = `${event.why}; ${tries}`;
  switch (row) {
    case 'connected.bridge-limit':
      return giveUp(draft, 'FAIL_AGENT_CONNECT', row, because);
    case 'connected.bridge-failed':
      startQueueing(draft, transferAttempts);
      return waitInQueue(draft, row, because);
  }
}

/** The destination answered. */
export function onRouteDone(
  state: State,
  event: EventOf<'route-done'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  draft.bridge(event.routeId);
  draft.stopTimer('agent-wait');
  const because = `${state.context.route?.destination ?? ''} answered`;
  return draft.goTo({ name: 'connected', to: 'route-point' }, 'route.done', because);
}

/** The customer's side has called the destination itself. */
export function onRouteTransferred(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  const because = `transferred to ${state.context.route?.destination ?? ''}`;
  draft.routeIsOver();
  return draft.end('ROUTED_TO_RP', 'route.transferred', because);
}

/** The destination could not be reached, or not be connected. */
export function onRouteFailed(
  state: State,
  event: EventOf<'route-failed'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  draft.routeIsOver();
  return giveUp(draft, 'FAIL_TARGET_NOT_FOUND', 'route.failed', event.why);
}

function endConversation(
  draft: StepDraft,
  to: 'agent' | 'route-point',
  how: string,
  row: RowOf<'connected'> = 'connected.over',
): Step {
  const reason: CallbackReason = to === 'agent' ? 'AGENT_CONNECTED' : 'ROUTED_TO_RP';
  return draft.end(reason, row, how);
}

/** The first sound that is there: the plugin's comfort while one decides, the waiting treatment. */
function comfortFor(draft: StepDraft): readonly [TreatmentName, Treatment | undefined] {
  const { service } = draft;
  const plugin = draft.usable('plugin-comfort', service.pluginComfort);
  if (isHeld(draft.context) && plugin !== undefined) return ['plugin-comfort', plugin];
  const waiting = draft.usable('waiting-for-agent', service.waitingForAgentTreatment);
  return waiting === undefined ? ['comfort', undefined] : ['waiting-for-agent', waiting];
}

function isHeld(context: Context): boolean {
  return context.holder !== undefined;
}
