import assert from 'node:assert/strict';
import type { EventBody } from './flow-fixture.js';
import { initialState, transition } from '../../src/callflow/treatment-flow.js';
import { Flow, replyOf, serviceWith } from './flow-fixture.js';

/** One event of each kind, for nothing that is in the air. */
const STRAY: readonly EventBody[] = [
  { type: 'greeting-ended', legId: 'leg-0', heardBeep: true },
  { type: 'verdict-revised', legId: 'leg-0', callState: 9 },
  {
    type: 'plugin-reply',
    holderId: 'plugin-0',
    reply: replyOf({ action: 'retry', message: 'OK' }),
  },
  { type: 'plugin-failed', holderId: 'plugin-0', why: '' },
  { type: 'plugin-timeout', timerId: 'timer-0' },
  { type: 'vxml-result', holderId: 'vxml-0', reply: replyOf({ action: 'retry', message: 'OK' }) },
  { type: 'vxml-failed', holderId: 'vxml-0', why: '' },
  { type: 'treatment-ended', playId: 'play-0' },
  { type: 'play-failed', playId: 'play-0', why: '' },
  { type: 'silence-too-long', timerId: 'timer-0' },
  { type: 'message-wait-over', timerId: 'timer-0' },
  { type: 'customer-hung-up', legId: 'leg-0' },
  { type: 'agent-failed', queueId: 'queue-0', why: '' },
  { type: 'agent-hung-up', queueId: 'queue-0' },
  { type: 'agent-wait-expired', timerId: 'timer-0' },
  { type: 'agent-retry-due', timerId: 'timer-0' },
  { type: 'route-failed', routeId: 'route-0', why: '' },
  { type: 'route-transferred', routeId: 'route-0' },
  { type: 'leg-lost', legId: 'leg-0', cause: 'node' },
  { type: 'retry-due', timerId: 'timer-0' },
  { type: 'expired', timerId: 'timer-0' },
  { type: 'attempt-result', legId: 'leg-0', callState: 6, legUp: false },
];

describe('the flow', () => {
  it('starts with nothing in the air', () => {
    const { name, context } = initialState();
    assert.equal(name, 'waiting-until-due');
    assert.deepEqual(context.timers, {});
    assert.equal(context.attempt, 0);
  });

  it('goes from the due time to a conversation', () => {
    const flow = new Flow().due();
    flow.send({ type: 'answered', legId: flow.legId });
    assert.equal(flow.state.name, 'answered');
    flow.answer('human').played().agentAnswers().send({ type: 'conversation-ended' });
    assert.equal(flow.reason, 'AGENT_CONNECTED');
    const reports = flow.allCommands('report').map(({ what }) => what);
    assert.deepEqual(reports, ['attempt-ended', 'callback-ended']);
  });

  it('gives every thing it starts an id of its own', () => {
    const flow = new Flow().dialed('machine').played().dialed('human');
    const ids = [
      ...flow.allCommands('dial').map(({ legId }) => legId),
      ...flow.allCommands('play').map(({ playId }) => playId),
      ...flow.allCommands('start-timer').map(({ timerId }) => timerId),
      ...flow.allCommands('queue').map(({ queueId }) => queueId),
    ];
    assert.equal(new Set(ids).size, ids.length);
  });

  for (const stray of STRAY) {
    it(`is not moved by a ${stray.type} for something that is not there`, () => {
      for (const flow of [
        new Flow(),
        new Flow().due(),
        new Flow().dialed('human'),
        new Flow().dialed('busy'),
      ]) {
        const before = flow.state;
        flow.send(stray);
        assert.equal(flow.last.row, 'late.ignored');
        assert.equal(flow.state, before);
        assert.deepEqual(flow.last.commands, []);
      }
    });
  }

  it('hangs up a call that is answered after its attempt was over', () => {
    const flow = new Flow().due();
    const { legId } = flow;
    flow.answer('no-answer');
    flow.send({ type: 'attempt-result', legId, callState: 0, legUp: true });
    assert.deepEqual(
      flow.commands('hang-up').map((command) => command.legId),
      [legId],
    );
    assert.equal(flow.commands('report')[0]?.what, 'late-event');
    assert.equal(flow.state.name, 'waiting-to-retry');
  });

  it('takes a repeated result with the call up for nothing new', () => {
    const flow = new Flow().dialed('human').answer('human');
    assert.equal(flow.last.row, 'late.ignored');
    assert.deepEqual(flow.commands('hang-up'), []);
  });

  it('commands nothing after the end, not even for a call that is answered just then', () => {
    const flow = new Flow().due();
    const { legId } = flow;
    flow.send({ type: 'cancelled', by: 'customer' });
    assert.equal(flow.commands('hang-up').length, 1);
    flow.send({ type: 'attempt-result', legId, callState: 0, legUp: true });
    assert.deepEqual(flow.last.commands, []);
    assert.equal(flow.reason, 'CANCELLED');
  });

  it('asks for nothing when a dial is due twice', () => {
    const flow = new Flow().due().due();
    assert.deepEqual(flow.last.commands, []);
  });

  it('continues from a state that went through JSON', () => {
    const service = serviceWith();
    const flow = new Flow().dialed('human').agentAnswers();
    const stored = JSON.parse(JSON.stringify(flow.state)) as typeof flow.state;
    const event = { type: 'treatment-ended', atMs: 9, playId: flow.playId } as const;
    assert.deepEqual(transition(stored, event, service), transition(flow.state, event, service));
  });
});
