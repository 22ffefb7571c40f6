/** The rows of what may happen anywhere in the figure: hang-up, loss, revision, silence, cancel, end of life. */

import type { Row } from './decision-table.js';
import { BOX } from './figure-boxes.js';

export const ANYWHERE_ROWS = [
  {
    arm: 'hang-up',
    row: 'hang-up.held',
    box: BOX.action,
    when: { callIsWith: 'holder' },
    then: 'The plugin or page is told that the customer hung up; its reply decides.',
  },
  {
    arm: 'hang-up',
    row: 'hang-up.last-words',
    box: BOX.end,
    when: { callIsWith: 'flow', endIsDecided: true },
    then: 'The end had been decided: its reason stays.',
  },
  {
    arm: 'hang-up',
    row: 'hang-up.end',
    box: BOX.end,
    when: { callIsWith: 'flow', endIsDecided: false },
    then: 'The customer hung up before an agent was there: FAIL_INTERACTION_DELETED.',
  },
  {
    arm: 'lost',
    row: 'lost.last-words',
    box: BOX.end,
    when: { event: 'leg-lost', endIsDecided: true },
    then: 'The end had been decided: its reason stays.',
  },
  {
    arm: 'lost',
    row: 'lost.retry',
    box: BOX.retry,
    when: { event: 'leg-lost', endIsDecided: false, retryLimitExceeded: false },
    then: 'The call was lost on our side: it counts as an attempt in error, dial again.',
    reading: "Whoever held the call is told and has no say: the loss is ours, not the customer's.",
  },
  {
    arm: 'verdict',
    row: 'verdict.told',
    box: BOX.action,
    when: { callIsWith: 'holder' },
    then: 'The revised verdict is recorded and told to the plugin or page; the branch stays.',
  },
  {
    arm: 'verdict',
    row: 'verdict.unwound',
    box: BOX.cpd,
    when: { callIsWith: 'flow', endIsDecided: false },
    then: 'What was begun for a human is taken back; the machine or fax branch runs.',
    reading: 'Nobody is asked twice about one attempt: the built-in branch runs.',
  },
  {
    arm: 'verdict',
    row: 'verdict.too-late',
    box: BOX.cpd,
    when: {},
    then: 'An agent is connected, or the end decided: the revised verdict changes nothing.',
  },
  {
    arm: 'silence',
    row: 'silence.broken',
    box: BOX.queue,
    when: { event: ['silence-too-long', 'play-failed'], soundIsLeft: true },
    then: 'A person hears nothing: a comfort sound is looped.',
    reading:
      "Ours. The plugin's comfort while one decides, else the waiting treatment, else a built-in " +
      'sound. It comes after humanSilenceMaxMs, or at once in place of a sound that failed.',
  },
  {
    arm: 'silence',
    row: 'silence.watched',
    box: BOX.queue,
    when: { event: ['treatment-ended', 'play-failed'], soundIsLeft: false },
    then: 'A looped sound ended, or the last resort failed: the silence guard watches.',
  },
  {
    arm: 'cancel',
    row: 'cancel.refused',
    box: BOX.end,
    when: { callIsWith: ['agent', 'route-point'] },
    then: 'Customer and agent talk: it is too late to cancel.',
  },
  {
    arm: 'cancel',
    row: 'cancel.customer',
    box: BOX.end,
    when: { by: 'customer' },
    then: 'Whatever is in the air is taken back; the callback ends with CANCELLED.',
  },
  {
    arm: 'cancel',
    row: 'cancel.admin',
    box: BOX.end,
    when: { by: 'admin' },
    then: 'Whatever is in the air is taken back; the callback ends with CANCELLED_BY_ADMIN.',
  },
  {
    arm: 'life',
    row: 'life.talking',
    box: BOX.end,
    when: { callIsWith: ['agent', 'route-point'] },
    then: 'The time to live is over, and a conversation is not cut for that.',
  },
  {
    arm: 'life',
    row: 'life.expired',
    box: BOX.end,
    when: {},
    then: 'The time to live is over: the callback ends with FAIL_TIMEOUT_TTL.',
  },
  {
    arm: 'late',
    row: 'late.ignored',
    box: BOX.nothing,
    when: { isLate: true },
    then: 'The event is late, repeated or not meant for this state: nothing changes.',
  },
] as const satisfies readonly Row[];
