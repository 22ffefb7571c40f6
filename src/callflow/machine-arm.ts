/**
 * A message for a machine: the box "Machine treatment?". It starts at once, or after the beep when the
 * treatment's hint asks for it; then the call is hung up and the retry check follows.
 */

import { seconds, treatment } from './because.js';
import { decide, type RowId } from './decision-table.js';
import { retryOrEnd } from './retry-arm.js';
import { countedAttempts, isRetryLimitExceeded } from './retry-policy.js';
import { StepDraft } from './step-draft.js';
import type { ServiceOptions, Treatment } from './service-options.js';
import type { Context, Event, State, Step } from './vocabulary.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** The message that is due on this attempt, by `machineMessage`; undefined = none. */
export function messageDue(context: Context, service: ServiceOptions): Treatment | undefined {
  switch (service.machineMessage) {
    case 'every':
      return service.answeringMachineTreatment;
    case 'first':
      return context.messagesLeft === 0 ? service.answeringMachineTreatment : undefined;
    case 'last':
      return countedAttempts(context) >= service.maxDialAttempts
        ? service.answeringMachineTreatment
        : undefined;
  }
}

/** Has the message to wait for a beep that has not been heard yet? */
export function awaitsBeep(context: Context, service: ServiceOptions): boolean {
  const wantsBeep = service.answeringMachineTreatment?.afterBeep === true;
  return wantsBeep && context.leg?.greeting !== 'beeped';
}

/** Waits for the greeting's end, or for the beep when the greeting is already over. */
export function awaitBeep(draft: StepDraft, row: RowId, because: string): Step {
  const { beepWaitMaxMs, greetingWaitMaxMs } = draft.service;
  const isGreetingOver = draft.context.leg?.greeting === 'ended';
  draft.startTimer('message-wait', isGreetingOver ? beepWaitMaxMs : greetingWaitMaxMs);
  const stage = isGreetingOver ? 'beep' : 'greeting';
  return draft.goTo({ name: 'treating-machine', stage }, row, because);
}

/** Leaves the message now. */
export function leaveMessage(draft: StepDraft, row: RowId, because: string): Step {
  draft.stopTimer('message-wait');
  const source = draft.service.answeringMachineTreatment;
  if (source === undefined) return retryOrEnd(draft, { row: 'message.broken', because });
  draft.play('answering-machine', source, { loop: false });
  return draft.goTo({ name: 'treating-machine', stage: 'playing' }, row, because);
}

/** The greeting ended, or the machine beeped. Kept in any state: it may come before it is asked for. */
export function onGreetingEnded(
  state: State,
  event: EventOf<'greeting-ended'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  const isTooEarly = event.heardBeep && awaitsBeep(state.context, service);
  const hasBeeped = event.heardBeep || state.context.leg?.greeting === 'beeped';
  draft.changeLeg({ greeting: hasBeeped ? 'beeped' : 'ended' });
  const heard = event.heardBeep ? 'the machine beeped' : 'the greeting ended';
  if (state.name !== 'treating-machine') return draft.stay('dial.greeting', heard);
  const messagePlays = state.stage === 'playing';
  if (messagePlays && !isTooEarly) return draft.stay('dial.greeting', heard);
  const row = decide('greeting', { event: event.type, awaitsBeep: !hasBeeped, messagePlays });
  switch (row) {
    case 'message.restart':
      return leaveMessage(draft, row, `${heard} while the message played`);
    case 'message.await-beep':
      return state.stage === 'beep'
        ? draft.stay('dial.greeting', heard)
        : awaitBeep(draft, row, `${heard}; beepWaitMaxMs is ${service.beepWaitMaxMs}`);
    case 'message.start':
      return leaveMessage(draft, row, heard);
  }
}

/** The greeting or the beep took too long. */
export function onMessageWaitOver(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('message-wait');
  const isBeep = state.name === 'treating-machine' && state.stage === 'beep';
  const because = isBeep
    ? `no beep in ${seconds(service.beepWaitMaxMs)} (beepWaitMaxMs)`
    : `the greeting did not end in ${seconds(service.greetingWaitMaxMs)} (greetingWaitMaxMs)`;
  return leaveMessage(draft, 'message.start', because);
}

/** The message was left to its end. */
export function onMessageOver(draft: StepDraft): Step {
  const { service, context } = draft;
  context.messagesLeft += 1;
  draft.report('message-left', service.answeringMachineTreatment?.file ?? '');
  const completes = service.completeAfterMessage;
  const because = `the message was left and completeAfterMessage is ${completes}`;
  const row = decide(['message-over', 'retry'], {
    event: 'treatment-ended',
    completeAfterMessage: completes,
    retryLimitExceeded: isRetryLimitExceeded(countedAttempts(context), service.maxDialAttempts),
  });
  switch (row) {
    case 'message.complete':
      return draft.end('FAIL_CALL_TO_CUSTOMER', row, because);
    case 'message.retry':
    case 'retry.limit':
      return retryOrEnd(draft, { row, because });
  }
}

/** The message could not be played. */
export function onMessageFailed(draft: StepDraft, how: string): Step {
  const source = draft.service.answeringMachineTreatment;
  const option = treatment('_treatment_call_failure_answering_machine', source);
  return retryOrEnd(draft, { row: 'message.broken', because: `${option}, but ${how}` });
}
