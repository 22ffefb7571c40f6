/**
 * While a plugin or a VoiceXML page holds the call: its reply, its failure, the end of its time to
 * live. Whoever holds the call is told of a hang-up and still decides.
 */

import { seconds, treatment } from './because.js';
import { decide, type RowOf } from './decision-table.js';
import { checkReply, type PluginReply } from './plugin-reply.js';
import { takeBuiltIn } from './result-arm.js';
import { retryOrEnd } from './retry-arm.js';
import { countedAttempts, isRetryLimitExceeded } from './retry-policy.js';
import type { ServiceOptions } from './service-options.js';
import { StepDraft } from './step-draft.js';
import type { Event, State, Step } from './vocabulary.js';
import { giveUp, playWaiting, startQueueing, startWaitClock, waitInQueue } from './waiting-arm.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** A reply of the plugin or page that holds the decision. */
export function onReply(
  state: State,
  event: EventOf<'plugin-reply' | 'vxml-result'>,
  service: ServiceOptions,
): Step {
  const { reply } = event;
  const draft = new StepDraft(state, service);
  const { context } = draft;
  const rejection = checkReply(reply, { callIsUp: context.leg !== undefined });
  // A page has exited with its result: unlike a plugin it cannot correct itself.
  if (rejection !== undefined && event.type === 'vxml-result') {
    draft.holderIsOver();
    return onNoReply(draft, `${rejection.code}: ${rejection.message}`);
  }
  const row = decide('reply', {
    event: 'plugin-reply',
    action: reply.action,
    replyFits: rejection === undefined,
    queueIsSet: service.queue !== undefined,
    retryLimitExceeded: isRetryLimitExceeded(countedAttempts(context), service.maxDialAttempts),
  });
  if (row === 'reply.refused') {
    draft.report('plugin-error', rejection?.code ?? '');
    return draft.stay(row, `${rejection?.code ?? ''}: ${rejection?.message ?? ''}`);
  }
  draft.holderIsOver();
  takeOverrides(draft, reply);
  return act(draft, reply, row);
}

function act(
  draft: StepDraft,
  reply: PluginReply,
  row: Exclude<RowOf<'reply'>, 'reply.refused'>,
): Step {
  const said = reply.isInteractionDeleted ? ' (interaction_deleted)' : '';
  const because = `the reply's action is ${reply.action}${said}`;
  const { service } = draft;
  switch (row) {
    case 'reply.cancel':
      return draft.end('CANCELLED', row, because);
    case 'reply.agent':
      startQueueing(draft);
      return waitInQueue(draft, row, `${because}; queue is ${service.queue ?? ''}`);
    case 'reply.no-queue':
      return giveUp(draft, 'FAIL_QUEUEING', row, `${because}; queue is not set`);
    case 'reply.route-point': {
      const destination = reply.destination ?? '';
      draft.unqueue();
      draft.route(destination);
      startWaitClock(draft);
      playWaiting(draft);
      return draft.goTo({ name: 'routing' }, row, `${because}, its message ${destination}`);
    }
    case 'reply.retry':
    case 'reply.retry.limit':
      return retryOrEnd(draft, { row, because, reply });
  }
}

/** The plugin or page could not be started, or broke: it holds nothing any more. */
export function onHolderFailed(
  state: State,
  event: EventOf<'plugin-failed' | 'vxml-failed'>,
  service: ServiceOptions,
): Step {
  const draft = new StepDraft(state, service);
  draft.holderIsOver();
  return onNoReply(draft, event.why);
}

/** The time to live is over: the token is revoked. */
export function onPluginTimeout(state: State, service: ServiceOptions): Step {
  const draft = new StepDraft(state, service);
  draft.forgetTimer('plugin-ttl');
  draft.revokeHolder();
  const ttl = seconds(service.pluginTimeoutMs);
  return onNoReply(draft, `no reply in time, _plugin_on_dial_timeout is ${ttl}`);
}

/** Whoever was asked does not decide: an end, or the built-in treatment. */
function onNoReply(draft: StepDraft, why: string): Step {
  const { service, context } = draft;
  const holder = draft.before.context.holder;
  const isPage = holder?.kind === 'vxml';
  draft.report(isPage ? 'vxml-error' : 'plugin-error', why);
  const apology = draft.usable('plugin-timeout', service.pluginTimeoutTreatment);
  const isHumanThere = context.leg?.isUp === true && context.leg.answeredBy === 'human';
  const onError = isPage ? service.onVxmlError : service.onPluginError;
  const option = `${isPage ? 'onVxmlError' : 'onPluginError'} is ${onError}`;
  const row = decide('no-reply', {
    customerIsGone: holder?.wasToldOfHangUp === true,
    onError,
    apology: apology !== undefined && isHumanThere,
  });
  switch (row) {
    case 'no-reply.hung-up':
      return draft.end('FAIL_INTERACTION_DELETED', row, `the customer hung up; ${why}`);
    case 'no-reply.builtin':
      return takeBuiltIn(draft, row, `${why}; ${option}`);
    case 'no-reply.apology':
      draft.play('plugin-timeout', apology, { loop: false });
      return draft.goTo(
        { name: 'treating-customer', thenEnd: 'FAIL_ERROR' },
        row,
        `${why}; ${option}; ${treatment('pluginTimeoutTreatment', apology)}`,
      );
    case 'no-reply.end':
      return draft.end('FAIL_ERROR', row, `${why}; ${option}`);
  }
}

/** Number and prefix stay for the callback's life; CPNDigits follows the number where it is used. */
function takeOverrides(draft: StepDraft, reply: PluginReply): void {
  const { context, service } = draft;
  const { customerNumber, customerNumberPrefix } = reply;
  if (customerNumberPrefix !== undefined) context.customerNumberPrefix = customerNumberPrefix;
  if (customerNumber === undefined) return;
  context.customerNumber = customerNumber;
  if (service.cpnDigits !== undefined) context.cpnDigits = customerNumber;
}
