/**
 * An attempt's result: who answered, and which box of the figure comes next. Precedence: plugin, then
 * VXML application, then the built-in treatment.
 */

import { pluginChoice, resultTaken, treatment } from './because.js';
import { branchOf, CALL_STATE, type Branch, type CallState } from './call-state.js';
import { decide, type Facts, type RowId, type RowOf } from './decision-table.js';
import { awaitBeep, awaitsBeep, leaveMessage, messageDue } from './machine-arm.js';
import { comeAgain, retryOrEnd } from './retry-arm.js';
import { countedAttempts, isRetryLimitExceeded, mayBeMadeUpFor } from './retry-policy.js';
import type { ServiceOptions } from './service-options.js';
import { callStateIn, StepDraft } from './step-draft.js';
import type { Context, Event, State, Step } from './vocabulary.js';
import { giveUp, startQueueing, waitInQueue } from './waiting-arm.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** 200 OK. Without CPD that is the result: a human. */
export function onAnswered(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  if (!service.isCpdEnabled) return takeResult(draft, CALL_STATE.Ok, true);
  draft.changeLeg({ isUp: true });
  return draft.goTo({ name: 'answered' }, 'dial.answered', '_cpd_enable is true');
}

/** The attempt's one outcome. */
export function onAttemptResult(
  state: State,
  event: EventOf<'attempt-result'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const retryAfterMs = event.detail?.retryAfterMs;
  const afterwards = event.detail?.afterwards;
  if (retryAfterMs !== undefined) draft.context.retryAfterMs = retryAfterMs;
  const isPaused = afterwards === 'paused';
  const isOurs =
    afterwards === 'no-trunk' || afterwards === 'not-written' || afterwards === 'no-endpoint';
  if (!event.legUp && (isPaused || (isOurs && mayBeMadeUpFor(draft.context)))) {
    draft.closeAttempt(event.callState);
    draft.legIsGone();
    return comeAgain(draft, afterwards);
  }
  if (afterwards !== undefined) draft.context.afterwards = afterwards;
  return takeResult(draft, event.callState, event.legUp);
}

/**
 * Closes the attempt, keeps or drops the call, and takes the branch of the answer.
 *
 * @param legUp is the call answered and still there? Without CPD it is then a human, whatever was
 *   heard; a human without a call has hung up.
 */
export function takeResult(draft: StepDraft, heard: CallState, legUp: boolean): Step {
  const { service } = draft;
  const callState = resultingState(heard, legUp, service);
  const branch = branchOf(callState, legUp, service);
  if (legUp) draft.changeLeg({ isUp: true });
  draft.closeAttempt(callState);
  if (!legUp) draft.legIsGone();
  return takeBranch(draft, branch, { isBuiltIn: false });
}

/**
 * Takes the branch of the latest result with the built-in treatment, as if nobody could be asked.
 *
 * @param row and `because` say why so late: an error of the plugin or page, a revised verdict
 */
export function takeBuiltIn(draft: StepDraft, row: RowId, because: string): Step {
  const { leg } = draft.context;
  const callState = callStateIn(draft.context);
  const branch = leg?.answeredBy ?? branchOf(callState, leg !== undefined, draft.service);
  const step = takeBranch(draft, branch, { isBuiltIn: true });
  return { ...step, row, because: `${because}; then ${step.row}: ${step.because}` };
}

function takeBranch(draft: StepDraft, branch: Branch, how: { readonly isBuiltIn: boolean }): Step {
  const { context, service } = draft;
  const answer = resultTaken(callStateIn(context), context.leg !== undefined, service);
  keepOrDrop(draft, branch);
  // An agent is kept free for a person, and not through a message or a pause.
  if (branch !== 'human') draft.unqueue();
  const row = decide(['result', 'retry'], factsOf(context, service, branch, how));
  const choice = how.isBuiltIn ? 'nobody is asked' : pluginChoice(service, branch === 'human');
  const because = `${answer}; ${choice}`;
  switch (row) {
    case 'human.plugin':
    case 'machine.plugin':
    case 'machine.plugin-no-call':
    case 'fax.plugin':
    case 'busy.plugin':
    case 'no-answer.plugin':
    case 'sit.plugin':
    case 'error.plugin':
      draft.startPlugin(service.pluginOnDialUrl ?? '', callStateIn(context));
      return draft.goTo({ name: 'asking-plugin' }, row, because);
    case 'human.vxml':
    case 'human.no-queue':
    case 'human.connect':
    case 'human.queue':
      return treatHuman(draft, row, because);
    case 'machine.await-beep':
    case 'machine.message':
    case 'machine.no-message':
    case 'machine.dropped':
      return treatMachine(draft, row, because);
    case 'fax.end':
      return draft.end('FAIL_FAX_REACHED', row, because);
    case 'failure.never-again':
      return draft.end('FAIL_CALL_TO_CUSTOMER', row, `${because}; trunkResults say never-again`);
    case 'sit.permanent': {
      const permanent = `${because}; sitPermanent is ${service.sitPermanent}`;
      return draft.end('FAIL_CALL_TO_CUSTOMER', row, permanent);
    }
    case 'busy.retry':
    case 'no-answer.retry':
    case 'sit.retry':
    case 'error.retry':
    case 'retry.limit':
      return retryOrEnd(draft, { row, because });
  }
}

type HumanRow = Extract<RowOf<'result'>, `human.${string}`>;
type MachineRow = Extract<RowOf<'result'>, `machine.${string}`>;

function treatHuman(
  draft: StepDraft,
  row: Exclude<HumanRow, 'human.plugin'>,
  because: string,
): Step {
  const { service, context } = draft;
  const { vxmlUrl, customerConnectTreatment, waitingForAgentTreatment } = service;
  const vxml = `_on_customer_connect_treatment_url is ${vxmlUrl ?? 'not set'}`;
  switch (row) {
    case 'human.vxml':
      draft.startVxml(vxmlUrl ?? '', callStateIn(context));
      return draft.goTo({ name: 'running-vxml' }, row, `${because}; ${vxml}`);
    case 'human.no-queue':
      return giveUp(draft, 'FAIL_QUEUEING', row, `${because}; ${vxml}; queue is not set`);
    case 'human.connect': {
      startQueueing(draft);
      draft.play('customer-connect', customerConnectTreatment, { loop: false });
      const connect = treatment('_treatment_customer_connect', customerConnectTreatment);
      return draft.goTo({ name: 'treating-customer' }, row, `${because}; ${vxml}; ${connect}`);
    }
    case 'human.queue': {
      startQueueing(draft);
      const waiting = treatment('_treatment_waiting_for_agent', waitingForAgentTreatment);
      const off = '_treatment_customer_connect is off';
      return waitInQueue(draft, row, `${because}; ${vxml}; ${off}; ${waiting}`);
    }
  }
}

function treatMachine(
  draft: StepDraft,
  row: Exclude<MachineRow, `machine.plugin${string}`>,
  because: string,
): Step {
  const { service } = draft;
  const option = '_treatment_call_failure_answering_machine';
  const message = treatment(option, service.answeringMachineTreatment);
  switch (row) {
    case 'machine.await-beep':
      return awaitBeep(draft, row, `${because}; ${message}; am-beep-detection is on`);
    case 'machine.message':
      return leaveMessage(draft, row, `${because}; ${message}`);
    case 'machine.no-message': {
      const which = `machineMessage is ${service.machineMessage}`;
      return retryOrEnd(draft, { row, because: `${because}; ${message}; ${which}` });
    }
    case 'machine.dropped': {
      const detected = `amDetected is ${service.amDetected}`;
      return retryOrEnd(draft, { row, because: `${because}; ${detected}` });
    }
  }
}

/** A human's call stays up, a machine's where `amDetected` says so; any other is of no use. */
function keepOrDrop(draft: StepDraft, branch: Branch): void {
  const isKept =
    branch === 'human' || (branch === 'machine' && draft.service.amDetected === 'connect');
  if (isKept) draft.changeLeg({ answeredBy: branch });
  else draft.hangUp(branch === 'machine' ? 'amDetected is drop' : `answered by ${branch}`);
}

/** What the rows of an answer may ask about. */
function factsOf(
  context: Context,
  service: ServiceOptions,
  answer: Branch,
  { isBuiltIn }: { readonly isBuiltIn: boolean },
): Facts {
  const isPluginSet = service.pluginOnDialUrl !== undefined;
  const isInvoked = answer === 'human' || service.pluginInvokeOnCallFailed;
  return {
    answer,
    pluginEnabled: isPluginSet && isInvoked && !isBuiltIn,
    vxmlEnabled: service.vxmlUrl !== undefined && !isBuiltIn,
    connectTreatment: service.customerConnectTreatment !== undefined,
    queueIsSet: service.queue !== undefined,
    callIsUp: context.leg !== undefined,
    machineTreatment: messageDue(context, service) !== undefined,
    awaitsBeep: awaitsBeep(context, service),
    // A carrier that is known to say it of numbers that exist is not believed.
    sitPermanent: context.afterwards === 'retry-later' ? 'retry' : service.sitPermanent,
    neverAgain: context.afterwards === 'never-again',
    retryLimitExceeded: isRetryLimitExceeded(countedAttempts(context), service.maxDialAttempts),
  };
}

/** Without CPD whoever answers is a human; a human who is not there any more has hung up. */
function resultingState(heard: CallState, legUp: boolean, service: ServiceOptions): CallState {
  if (legUp) return service.isCpdEnabled ? heard : CALL_STATE.Ok;
  return heard === CALL_STATE.Ok ? CALL_STATE.RemoteRelease : heard;
}
