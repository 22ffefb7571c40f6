import assert from 'node:assert/strict';
import type { Event } from '../src/callflow/vocabulary.js';
import { changeOf } from '../src/step-record.js';
import { Flow } from './callflow/flow-fixture.js';

describe('What a step changes in the record of an attempt', () => {
  /** What became of the message when this happens to a machine that is hearing it. */
  function messageAfter(happens: (flow: Flow) => Flow, type: Event['type']): string | undefined {
    const flow = new Flow().dialed('machine');
    const before = flow.state;
    const { playing, leg } = before.context;
    happens(flow);
    const ids = { playId: playing?.playId, legId: leg?.legId };
    const event = { type, atMs: 1, ...ids } as unknown as Event;
    return changeOf(before, event, flow.last).attempt?.message;
  }

  it('calls a message delivered when it was played to its end', () => {
    assert.equal(
      messageAfter((flow) => flow.played(), 'treatment-ended'),
      'delivered',
    );
  });

  it('calls it cut when the machine hangs up before that', () => {
    assert.equal(
      messageAfter((flow) => flow.hangUp(), 'customer-hung-up'),
      'cut',
    );
  });

  it('calls it failed when it cannot be played', () => {
    assert.equal(
      messageAfter((flow) => flow.playFails(), 'play-failed'),
      'failed',
    );
  });

  it('says nothing of messages to people', () => {
    const flow = new Flow().dialed('human');
    const before = flow.state;
    flow.hangUp();
    const event = {
      type: 'customer-hung-up',
      atMs: 1,
      legId: before.context.leg?.legId ?? '',
    } as const;
    const { attempt } = changeOf(before, event, flow.last);
    assert.equal(attempt?.endedAtMs, 1);
    assert.equal(attempt.message, undefined);
  });
});

describe('What a step says of a hand-off', () => {
  /** @returns the attempt's part of the record after each step */
  function changesOf(flow: Flow, events: readonly [Event['type'], (flow: Flow) => unknown][]) {
    return events.map(([type, happens]) => {
      const before = flow.state;
      happens(flow);
      const legId = before.context.leg?.legId;
      return changeOf(before, { type, atMs: 5, legId } as unknown as Event, flow.last).attempt;
    });
  }
  const dialled = () => new Flow({ customerConnectTreatment: undefined }).due();

  it('waits from the first search on, whatever becomes of it', () => {
    const [answered, failed, again] = changesOf(dialled(), [
      ['attempt-result', (flow) => flow.result(0, true)],
      ['agent-failed', (flow) => flow.agentFails()],
      ['agent-retry-due', (flow) => flow.timer('agent-retry')],
    ]);
    assert.equal(answered?.waitingSinceMs, 5);
    assert.deepEqual([failed, again], [undefined, undefined]);
  });

  it('waits from the moment the customer is there whose agent was looked for before', () => {
    const service = { customerConnectTreatment: undefined, waitsForAgent: true };
    const [near, answered] = changesOf(new Flow(service).due(), [
      ['agent-near', (flow) => flow.agentIsNear()],
      ['attempt-result', (flow) => flow.result(0, true)],
    ]);
    assert.equal(near?.waitingSinceMs, undefined);
    assert.equal(answered?.waitingSinceMs, 5);
  });

  for (const [type, by, happens] of [
    ['customer-hung-up', 'customer', (flow: Flow) => flow.hangUp()],
    ['agent-hung-up', 'agent', (flow: Flow) => flow.agentHangsUp()],
    ['conversation-too-long', 'limit', (flow: Flow) => flow.timer('conversation')],
  ] as const) {
    it(`says that the ${by} ended the conversation`, () => {
      const changes = changesOf(dialled(), [
        ['attempt-result', (flow) => flow.result(0, true)],
        ['agent-answered', (flow) => flow.agentAnswers()],
        [type, happens],
      ]);
      assert.deepEqual(changes.at(-1), { attempt: 1, endedAtMs: 5, talkEndedBy: by });
    });
  }
});
