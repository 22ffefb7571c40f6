/**
 * The first half of the decision table, in the order of the page's figure: dial, analysis, and what an
 * attempt's result leads to. A `reading` stands where the page is silent or can be read in two ways.
 */

import type { Row } from './decision-table.js';
import { BOX } from './figure-boxes.js';

export const RESULT_ROWS = [
  // Dial
  {
    arm: 'dial',
    row: 'dial.closed',
    box: BOX.dial,
    when: { event: ['due', 'retry-due'], retryLimitExceeded: false, hoursClosed: true },
    then: 'Office hours or calling window are closed: nothing is dialled before they open.',
    reading:
      'Not on the page. Hours are looked at before each dial, retries included: the callback is ' +
      'postponed rather than dialled at night, and counts no attempt. Its life goes on to count.',
  },
  {
    arm: 'dial',
    row: 'dial.ahead',
    box: BOX.dial,
    when: { event: ['due', 'retry-due'], retryLimitExceeded: false, waitsForAgent: true },
    then: 'An agent is looked for first; the customer is dialled when one is kept free or near.',
    reading:
      "Not on the page, which dials at once. It is Genesys' _wait_for_agent; each attempt looks for " +
      'an agent anew.',
  },
  {
    arm: 'dial',
    row: 'dial.first',
    box: BOX.dial,
    to: BOX.cpd,
    when: { event: 'due', retryLimitExceeded: false },
    then: 'The callback is due: its life starts to count and the customer is dialled.',
  },
  {
    arm: 'dial',
    row: 'dial.again',
    box: BOX.dial,
    to: BOX.cpd,
    when: { event: 'retry-due', retryLimitExceeded: false },
    then: 'The pause is over: the customer is dialled again.',
  },
  {
    arm: 'dial',
    row: 'dial.limit',
    box: BOX.retry,
    when: { event: ['due', 'retry-due'], retryLimitExceeded: true },
    then: 'The callback ends with FAIL_CALL_TO_CUSTOMER without dialling.',
    reading: 'The limit is looked at again before each dial: it may have been lowered meanwhile.',
  },
  {
    arm: 'analysis',
    row: 'dial.answered',
    box: BOX.cpd,
    when: { event: 'answered' },
    then: 'The call is answered; the analysis decides by whom.',
  },
  {
    arm: 'analysis',
    row: 'dial.greeting',
    box: BOX.cpd,
    when: { event: 'greeting-ended' },
    then: 'The end of the greeting, or the beep, is remembered for the machine treatment.',
  },
  {
    arm: 'unwanted',
    row: 'dial.unwanted',
    box: BOX.end,
    when: { event: ['answered', 'attempt-result'], isLate: true },
    then: 'A call that nobody waits for any more is hung up.',
  },

  // Result: a human
  {
    arm: 'result',
    row: 'human.plugin',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: 'human', pluginEnabled: true },
    then: 'The plugin gets the call and decides. VXML and connect treatment are not run.',
    reading: "Plugin and VXML both set: the plugin wins, in the order of the page's table.",
  },
  {
    arm: 'result',
    row: 'human.vxml',
    box: BOX.vxml,
    to: BOX.action,
    when: { answer: 'human', pluginEnabled: false, vxmlEnabled: true },
    then: 'The VoiceXML application gets the call and decides.',
  },
  {
    arm: 'result',
    row: 'human.no-queue',
    box: BOX.queue,
    when: { answer: 'human', pluginEnabled: false, vxmlEnabled: false, queueIsSet: false },
    then: 'Find-agent-fail is played, the call hung up, the end is FAIL_QUEUEING.',
    reading: 'A service without a queue can wait for nobody; the customer is told before the end.',
  },
  {
    arm: 'result',
    row: 'human.connect',
    box: BOX.connect,
    to: BOX.queue,
    when: {
      answer: 'human',
      pluginEnabled: false,
      vxmlEnabled: false,
      queueIsSet: true,
      connectTreatment: true,
    },
    then: 'The connect treatment is played; queueing for an agent starts at the same time.',
    reading:
      'The page does not say whether queueing waits for the file. It does not; the bridge waits ' +
      'for the end of the file, unless it is interruptible. The wait clock starts with queueing.',
  },
  {
    arm: 'result',
    row: 'human.queue',
    box: BOX.queue,
    to: BOX.queue,
    when: {
      answer: 'human',
      pluginEnabled: false,
      vxmlEnabled: false,
      queueIsSet: true,
      connectTreatment: false,
    },
    then: 'The customer is queued for an agent and hears the waiting treatment.',
  },

  // Result: a machine
  {
    arm: 'result',
    row: 'machine.plugin',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: 'machine', pluginEnabled: true, callIsUp: true },
    then: 'The plugin gets the call; it may leave a message.',
  },
  {
    arm: 'result',
    row: 'machine.plugin-no-call',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: 'machine', pluginEnabled: true, callIsUp: false },
    then: 'The call is hung up; the plugin is asked without one: cancel or retry.',
  },
  {
    arm: 'result',
    row: 'machine.await-beep',
    box: BOX.machine,
    to: BOX.retry,
    when: {
      answer: 'machine',
      pluginEnabled: false,
      callIsUp: true,
      machineTreatment: true,
      awaitsBeep: true,
    },
    then: 'The message waits for the beep.',
    reading: 'It is left anyway when the greeting or the beep takes too long.',
  },
  {
    arm: 'result',
    row: 'machine.message',
    box: BOX.machine,
    to: BOX.retry,
    when: {
      answer: 'machine',
      pluginEnabled: false,
      callIsUp: true,
      machineTreatment: true,
      awaitsBeep: false,
    },
    then: 'The machine treatment is played; then hang up and the retry check.',
    reading: 'What follows the file is not said; the retry limit applies to "all" answers.',
  },
  {
    arm: 'result',
    row: 'machine.no-message',
    box: BOX.machine,
    to: BOX.dial,
    when: {
      answer: 'machine',
      pluginEnabled: false,
      callIsUp: true,
      machineTreatment: false,
      retryLimitExceeded: false,
    },
    then: 'No message is due on this attempt: hang up, dial again after the pause.',
  },
  {
    arm: 'result',
    row: 'machine.dropped',
    box: BOX.machine,
    to: BOX.dial,
    when: { answer: 'machine', pluginEnabled: false, callIsUp: false, retryLimitExceeded: false },
    then: 'There is no call to leave a message on: dial again after the pause.',
    reading: 'am-detected is not connect, so the machine treatment is impossible.',
  },

  // Result: a fax
  {
    arm: 'result',
    row: 'fax.plugin',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: 'fax', pluginEnabled: true },
    then: 'The fax call is hung up; the plugin is asked without a call: cancel or retry.',
    reading: 'Routing is for "human or machine", so a fax call is of no use to the plugin.',
  },
  {
    arm: 'result',
    row: 'fax.end',
    box: BOX.end,
    to: BOX.end,
    when: { answer: 'fax', pluginEnabled: false },
    then: 'The callback ends with COMPLETED / FAIL_FAX_REACHED, whatever attempts are left.',
  },

  // Result: nobody
  {
    arm: 'result',
    row: 'failure.never-again',
    box: BOX.retry,
    when: {
      answer: ['busy', 'no-answer', 'sit', 'sit-permanent', 'error'],
      pluginEnabled: false,
      neverAgain: true,
    },
    then: 'The result table says that this number is not to be dialled again: end with FAIL_CALL_TO_CUSTOMER.',
    reading: 'Not on the page. A row of `trunkResults` says so.',
  },
  {
    arm: 'result',
    row: 'busy.plugin',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: 'busy', pluginEnabled: true },
    then: 'The plugin is asked without a call: cancel or retry.',
    reading: '"Any configured treatment is applied" means the plugin\'s own: nobody is there.',
  },
  {
    arm: 'result',
    row: 'busy.retry',
    box: BOX.retry,
    to: BOX.dial,
    when: { answer: 'busy', pluginEnabled: false, retryLimitExceeded: false },
    then: 'Dial again after the pause.',
  },
  {
    arm: 'result',
    row: 'no-answer.plugin',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: 'no-answer', pluginEnabled: true },
    then: 'The plugin is asked without a call: cancel or retry.',
    reading: 'Declined (26) and hung up before the verdict (5) are dispatched like no answer.',
  },
  {
    arm: 'result',
    row: 'no-answer.retry',
    box: BOX.retry,
    to: BOX.dial,
    when: { answer: 'no-answer', pluginEnabled: false, retryLimitExceeded: false },
    then: 'Dial again after the pause.',
  },
  {
    arm: 'result',
    row: 'sit.plugin',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: ['sit', 'sit-permanent'], pluginEnabled: true },
    then: 'The plugin is asked without a call: cancel or retry.',
    reading: 'The page prints SilDetected=8; the enumeration says SitDetected. Silence is 32.',
  },
  {
    arm: 'result',
    row: 'sit.permanent',
    box: BOX.end,
    to: BOX.end,
    when: { answer: 'sit-permanent', pluginEnabled: false, sitPermanent: 'fail' },
    then: 'The number is invalid, vacant or intercepted: end with FAIL_CALL_TO_CUSTOMER.',
    reading: 'Not on the page. Dialling such a number again is of no use (sitPermanent: retry).',
  },
  {
    arm: 'result',
    row: 'sit.retry',
    box: BOX.retry,
    to: BOX.dial,
    when: { answer: ['sit', 'sit-permanent'], pluginEnabled: false, retryLimitExceeded: false },
    then: 'Dial again after the pause.',
  },
  {
    arm: 'result',
    row: 'error.plugin',
    box: BOX.plugin,
    to: BOX.action,
    when: { answer: 'error', pluginEnabled: true },
    then: 'The plugin is asked without a call: cancel or retry.',
  },
  {
    arm: 'result',
    row: 'error.retry',
    box: BOX.retry,
    to: BOX.dial,
    when: { answer: 'error', pluginEnabled: false, retryLimitExceeded: false },
    then: 'Dial again after the pause.',
  },
  {
    arm: 'retry',
    row: 'retry.limit',
    box: BOX.retry,
    to: BOX.end,
    when: { retryLimitExceeded: true },
    then: 'No attempt is left: the callback ends with FAIL_CALL_TO_CUSTOMER.',
    reading: '_max_dial_attempts is the total of dials, the first one included.',
  },
  {
    arm: 'result-limit',
    row: 'retry.result-limit',
    box: BOX.retry,
    when: { retryLimitExceeded: false, resultLimitReached: true },
    then: 'So many attempts may not end so: the callback ends with FAIL_CALL_TO_CUSTOMER.',
    reading:
      "Ours (`retry`); Genesys has one counter for all results. A plugin's or page's own retry is " +
      'not held to it.',
  },
] as const satisfies readonly Row[];
