import assert from 'node:assert/strict';
import { describeCommand } from '../../src/callflow/describe.js';
import type { Command } from '../../src/callflow/vocabulary.js';
import { PLUGIN_URL, VXML_URL } from './flow-fixture.js';

const CASES: readonly (readonly [Command, string])[] = [
  [
    { type: 'dial', legId: 'l', attempt: 1, prefix: '91', ringTimeoutMs: 30_000, withCpd: true },
    'dial the customer, prefix 91, ringing at most 30 s',
  ],
  [
    {
      type: 'play',
      playId: 'p',
      legId: 'l',
      treatment: 'comfort',
      file: undefined,
      loop: true,
    },
    'play comfort: built-in sound, looped',
  ],
  [{ type: 'stop-playing', playId: 'p' }, 'stop playing'],
  [
    {
      type: 'start-plugin',
      holderId: 'h',
      url: PLUGIN_URL,
      callState: 6,
      dialAttempt: 1,
      ttlMs: 120_000,
      associate: false,
    },
    `ask the plugin ${PLUGIN_URL} without a call, Busy (6), for 120 s`,
  ],
  [
    {
      type: 'start-vxml',
      holderId: 'h',
      url: VXML_URL,
      legId: 'l',
      callState: 0,
      dialAttempt: 1,
      ttlMs: 1500,
    },
    `run the page ${VXML_URL}, for 1.5 s`,
  ],
  [{ type: 'tell-plugin', holderId: 'h', what: 'hung-up' }, 'tell whoever holds the call: hung-up'],
  [
    { type: 'queue', queueId: 'q', legId: 'l', queue: 'sales', attemptsMax: 5 },
    'ask queue sales for an agent',
  ],
  [
    { type: 'queue', queueId: 'q', queue: 'sales', attemptsMax: 5 },
    'ask queue sales for an agent ahead of the dial',
  ],
  [{ type: 'pass-media', queueId: 'q', legId: 'l' }, 'let the far side be heard'],
  [{ type: 'call-agent', queueId: 'q', legId: 'l' }, 'have the agent called'],
  [
    { type: 'unqueue', queueId: 'q', exit: 'abandoned' },
    'withdraw the request for an agent (abandoned)',
  ],
  [{ type: 'bridge', legId: 'l', withId: 'q' }, 'connect the two'],
  [{ type: 'route', routeId: 'r', legId: 'l', destination: '8999' }, 'route to 8999'],
  [{ type: 'unroute', routeId: 'r' }, 'withdraw the route'],
  [{ type: 'hang-up', legId: 'l', why: 'done' }, 'hang up: done'],
  [
    { type: 'start-timer', timer: 'retry', timerId: 't', afterMs: 300_000 },
    'start timer retry, 300 s',
  ],
  [{ type: 'stop-timer', timer: 'retry', timerId: 't' }, 'stop timer retry'],
  [{ type: 'report', what: 'message-left', detail: 'm.wav' }, 'report message-left: m.wav'],
];

describe('a command in a few words', () => {
  for (const [command, text] of CASES) {
    it(`${command.type} is "${text}"`, () => assert.equal(describeCommand(command), text));
  }
});
