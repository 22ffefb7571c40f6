/** The decision table's rows about replies of plugin and page, machine treatment, route point, talk. */

import type { Row } from './decision-table.js';
import { BOX } from './figure-boxes.js';

export const TREATMENT_ROWS = [
  // Reply of the plugin or the page
  {
    arm: 'reply',
    row: 'reply.refused',
    box: BOX.action,
    when: { event: 'plugin-reply', replyFits: false },
    then: 'Routing without a call is refused; the plugin may correct itself in its time to live.',
  },
  {
    arm: 'reply',
    row: 'reply.cancel',
    box: BOX.action,
    to: BOX.end,
    when: { action: 'cancel', replyFits: true },
    then: 'The call, if up, is hung up and the callback ends with CANCELLED.',
  },
  {
    arm: 'reply',
    row: 'reply.agent',
    box: BOX.action,
    to: BOX.queue,
    when: { action: 'route_to_agent', replyFits: true, queueIsSet: true },
    then: 'The call is queued for an agent and hears the waiting treatment.',
  },
  {
    arm: 'reply',
    row: 'reply.no-queue',
    box: BOX.action,
    when: { action: 'route_to_agent', replyFits: true, queueIsSet: false },
    then: 'Find-agent-fail is played, the call hung up, the end is FAIL_QUEUEING.',
    reading: 'A service without a queue can wait for nobody; the customer is told before the end.',
  },
  {
    arm: 'reply',
    row: 'reply.route-point',
    box: BOX.action,
    to: BOX.route,
    when: { action: 'route_to_rp', replyFits: true },
    then: "The call is routed to the destination in the reply's message; the customer hears the waiting treatment.",
    reading: 'What is heard meanwhile is not said; a destination can ring for a while.',
  },
  {
    arm: 'reply',
    row: 'reply.retry',
    box: BOX.action,
    to: BOX.dial,
    when: { action: 'retry', replyFits: true, retryLimitExceeded: false },
    then: "The call, if up, is hung up; dial again after the reply's delay or the pause.",
    reading: 'delay is for the next attempt only; number and prefix stay.',
  },
  {
    arm: 'reply',
    row: 'reply.retry.limit',
    box: BOX.retry,
    to: BOX.end,
    when: { action: 'retry', replyFits: true, retryLimitExceeded: true },
    then: 'No attempt is left: the request is cancelled, the callback ends with CANCELLED.',
  },
  {
    arm: 'no-reply',
    row: 'no-reply.hung-up',
    box: BOX.action,
    when: { customerIsGone: true },
    then: 'The customer hung up and no reply came: the end is FAIL_INTERACTION_DELETED.',
    reading: 'The page ends such a session "with an error"; this reason says which.',
  },
  {
    arm: 'no-reply',
    row: 'no-reply.builtin',
    box: BOX.action,
    when: { customerIsGone: false, onError: 'builtin' },
    then: 'The built-in treatment of the answer runs, as if nobody had been asked.',
    reading: 'Not on the page. Whoever failed is not asked twice, and no page is run instead.',
  },
  {
    arm: 'no-reply',
    row: 'no-reply.apology',
    box: BOX.action,
    when: { customerIsGone: false, onError: 'fail', apology: true },
    then: 'pluginTimeoutTreatment is played, the call hung up, the end is FAIL_ERROR.',
    reading: 'Not on the page: a person is on the line and should not be cut off without a word.',
  },
  {
    arm: 'no-reply',
    row: 'no-reply.end',
    box: BOX.action,
    to: BOX.end,
    when: { customerIsGone: false, onError: 'fail', apology: false },
    then: 'The call, if up, is hung up and the callback ends with FAIL_ERROR.',
  },

  // Machine treatment
  {
    arm: 'greeting',
    row: 'message.await-beep',
    box: BOX.machine,
    when: { event: 'greeting-ended', awaitsBeep: true },
    then: 'The greeting is over: the beep is waited for a little longer.',
  },
  {
    arm: 'greeting',
    row: 'message.start',
    box: BOX.machine,
    when: {
      event: ['greeting-ended', 'message-wait-over'],
      awaitsBeep: false,
      messagePlays: false,
    },
    then: 'The beep was heard, or it took too long: the message is left.',
    reading: 'A message after no beep is better than none.',
  },
  {
    arm: 'greeting',
    row: 'message.restart',
    box: BOX.machine,
    when: { event: 'greeting-ended', awaitsBeep: false, messagePlays: true },
    then: 'The beep comes into the message, which had not waited any longer: it begins again.',
    reading:
      'Nothing before the beep is recorded. It is heard only where the audio goes on being analysed ' +
      'while a file plays (audio_fork).',
  },
  {
    arm: 'message-over',
    row: 'message.complete',
    box: BOX.end,
    when: { event: 'treatment-ended', completeAfterMessage: true },
    then: 'The message was left to its end: hang up and end.',
    reading:
      'completeAfterMessage is ours, and no reason of Genesys\' says "message left". The customer ' +
      'was not spoken to, so it is FAIL_CALL_TO_CUSTOMER; the attempt says that a message was left.',
  },
  {
    arm: 'message-over',
    row: 'message.retry',
    box: BOX.retry,
    when: { event: 'treatment-ended', completeAfterMessage: false, retryLimitExceeded: false },
    then: 'The message was left: hang up, dial again after the pause.',
  },
  {
    arm: 'message-broken',
    row: 'message.broken',
    box: BOX.retry,
    when: { event: ['play-failed', 'customer-hung-up'], retryLimitExceeded: false },
    then: 'The message could not be left to its end: hang up, dial again after the pause.',
    reading: "A machine that hangs up has not deleted the customer's wish.",
  },

  // Route point
  {
    arm: 'unwanted',
    row: 'route.unwanted',
    box: BOX.route,
    when: { event: 'route-done', isLate: true },
    then: 'A destination that nobody waits for any more is let go.',
  },
  {
    arm: 'route',
    row: 'route.done',
    box: BOX.route,
    to: BOX.end,
    when: { event: 'route-done', isLate: false },
    then: 'The destination answered: the two are connected, nothing after is decided here.',
    reading: 'We carry the call on, so the record completes (ROUTED_TO_RP) when it is over.',
  },
  {
    arm: 'route',
    row: 'route.transferred',
    box: BOX.route,
    when: { event: 'route-transferred' },
    then: 'The customer’s side has called the destination itself (REFER): hang up, ROUTED_TO_RP.',
    reading: 'As on the page nothing after is known: with `routePointTransfer: bridge` it is.',
  },
  {
    arm: 'route',
    row: 'route.failed',
    box: BOX.route,
    when: { event: 'route-failed' },
    then: 'The destination could not be reached: find-agent-fail, FAIL_TARGET_NOT_FOUND.',
    reading: "Not on the page. The destination's state is not checked before.",
  },

  // Conversation
  {
    arm: 'bridge-failed',
    row: 'connected.bridge-failed',
    box: BOX.bridge,
    when: { event: 'agent-failed', transferLimitReached: false },
    then: 'The agent could not be connected after all: the customer waits for the next one.',
  },
  {
    arm: 'bridge-failed',
    row: 'connected.bridge-limit',
    box: BOX.bridge,
    when: { event: 'agent-failed', transferLimitReached: true },
    then: 'The agent could not be connected after all: give up with FAIL_AGENT_CONNECT.',
  },
  {
    arm: 'connected',
    row: 'connected.never',
    box: BOX.bridge,
    when: { event: 'customer-hung-up', callIsWith: ['agent', 'route-point'], wasApart: true },
    then: 'The customer hung up before the two heard each other: FAIL_INTERACTION_DELETED.',
    reading: 'Not on the page. An answer nobody has heard is no conversation.',
  },
  {
    arm: 'connected',
    row: 'connected.over',
    box: BOX.bridge,
    to: BOX.end,
    when: {
      event: ['agent-hung-up', 'conversation-ended', 'customer-hung-up', 'leg-lost'],
      callIsWith: ['agent', 'route-point'],
    },
    then: 'The conversation is over: the end is AGENT_CONNECTED or ROUTED_TO_RP.',
  },
  {
    arm: 'connected',
    row: 'connected.too-long',
    box: BOX.bridge,
    when: { event: 'conversation-too-long', callIsWith: ['agent', 'route-point'] },
    then: 'It lasts too long: both are hung up, the end is AGENT_CONNECTED or ROUTED_TO_RP.',
    reading:
      'Not on the page. A leg whose end nobody was told of would hold its line for good ' +
      '(conversationMaxMs).',
  },
] as const satisfies readonly Row[];
