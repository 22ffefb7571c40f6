import assert from 'node:assert/strict';
import { Flow, WITH_PLUGIN } from './flow-fixture.js';

const AHEAD = { waitsForAgent: true, customerConnectTreatment: undefined } as const;
const asked = (options: object = {}) => new Flow({ ...AHEAD, ...options }).due();
const rings = (options: object = {}) => asked(options).agentIsNear();

describe('an agent first', () => {
  it('asks the queue before anything is dialled', () => {
    const flow = asked();
    assert.deepEqual(flow.commands('dial'), []);
    assert.deepEqual(flow.commands('queue'), [
      { type: 'queue', queueId: flow.queueId, queue: 'support', attemptsMax: 2 },
    ]);
    assert.equal(flow.state.name, 'reserving-agent');
    assert.deepEqual(
      flow.commands('start-timer').map(({ timer, afterMs }) => [timer, afterMs]),
      [
        ['life', 86_400_000],
        ['ahead-wait', 14_400_000],
      ],
    );
  });

  it('dials when an agent is near, and keeps the place in the queue', () => {
    const flow = rings();
    assert.equal(flow.commands('dial').length, 1);
    assert.equal(flow.commands('unqueue').length, 0);
    assert.equal(flow.state.context.timers['ahead-wait'], undefined);
    assert.equal(flow.last.because, 'ann is kept free');
  });

  it('has the agent called once a human is there, who waits like any other', () => {
    const flow = rings();
    const { queueId } = flow;
    flow.answer('human');
    assert.deepEqual(flow.commands('queue'), []);
    assert.deepEqual(flow.commands('call-agent'), [
      { type: 'call-agent', queueId, legId: flow.legId },
    ]);
    assert.notEqual(flow.state.context.timers['agent-wait'], undefined);
    assert.equal(flow.agentAnswers().state.name, 'connected');
  });

  it('keeps the agent while a plugin decides, and has them called on its word', () => {
    const flow = rings(WITH_PLUGIN).answer('human');
    assert.equal(flow.commands('unqueue').length, 0);
    flow.reply({ action: 'route_to_agent', message: 'OK' });
    assert.equal(flow.commands('call-agent').length, 1);
  });

  it('gives the agent back when the plugin sends the customer elsewhere', () => {
    const flow = rings(WITH_PLUGIN).answer('human');
    flow.reply({ action: 'route_to_rp', message: '8999' });
    assert.deepEqual(
      flow.commands('unqueue').map(({ exit }) => exit),
      ['withdrawn'],
    );
  });

  for (const answer of ['no-answer', 'busy', 'machine', 'fax', 'error'] as const) {
    it(`gives the agent back after ${answer}`, () => {
      const flow = rings().answer(answer);
      assert.deepEqual(
        flow.commands('unqueue').map(({ exit }) => exit),
        ['withdrawn'],
      );
      assert.equal(flow.state.context.queued, undefined);
    });
  }

  it('gives the agent back when the callback is cancelled', () => {
    for (const flow of [asked(), rings()]) {
      flow.send({ type: 'cancelled', by: 'customer' });
      assert.equal(flow.commands('unqueue').length, 1);
      assert.equal(flow.reason, 'CANCELLED');
    }
  });

  it('looks for an agent anew before the next attempt', () => {
    const flow = rings().answer('busy').timer('retry');
    assert.equal(flow.last.row, 'dial.ahead');
    assert.equal(flow.state.name, 'reserving-agent');
    assert.equal(flow.agentIsNear().state.context.attempt, 2);
  });

  it('asks again after a pause when the queue has nobody at all', () => {
    const flow = asked().agentFails();
    assert.equal(flow.last.row, 'ahead.pause');
    flow.timer('agent-retry');
    assert.equal(flow.commands('queue').length, 1);
    assert.equal(flow.agentIsNear().state.name, 'dialing');
  });

  it('queues anew when the queue gave up while the customer was dialled', () => {
    const flow = rings().agentFails();
    assert.equal(flow.last.row, 'ahead.lost');
    flow.answer('human');
    assert.equal(flow.commands('queue')[0]?.legId, flow.legId);
  });

  it('ends without a dial when nobody comes near in time', () => {
    const flow = asked().timer('ahead-wait');
    assert.equal(flow.reason, 'FAIL_TIMEOUT_TTL');
    assert.equal(flow.allCommands('dial').length, 0);
    assert.equal(asked({ aheadWaitMaxMs: 0 }).state.context.timers['ahead-wait'], undefined);
  });

  it('dials when a reload has taken the queue away meanwhile', () => {
    const flow = asked().agentFails();
    flow.service = { ...flow.service, queue: undefined };
    flow.timer('agent-retry');
    assert.deepEqual([flow.last.row, flow.state.name], ['ahead.dial', 'dialing']);
    assert.equal(flow.state.context.timers['ahead-wait'], undefined);
  });

  it('means nothing without a queue', () => {
    assert.equal(new Flow({ ...AHEAD, queue: undefined }).due().last.row, 'dial.first');
  });
});

describe('an agent who was tried in vain', () => {
  it('counts as an attempt, and the customer goes on waiting', () => {
    const flow = new Flow({ ...AHEAD, waitsForAgent: false }).dialed('human').agentMissed();
    assert.equal(flow.last.row, 'agent.missed');
    assert.match(flow.last.because, /now try 2 of _max_transfer_to_agent_attempts 2/);
    assert.deepEqual(flow.last.commands, []);
    assert.equal(flow.agentFails().last.row, 'agent.limit');
  });

  it('the queue is told how many may be tried', () => {
    const flow = new Flow({ ...AHEAD, waitsForAgent: false, maxTransferToAgentAttempts: 4 });
    flow.dialed('human').agentMissed().agentFails().timer('agent-retry');
    assert.deepEqual(
      flow.allCommands('queue').map(({ attemptsMax }) => attemptsMax),
      [4, 2],
    );
  });

  it('the queue is told how many are left after a bridge that failed', () => {
    const flow = new Flow({ ...AHEAD, waitsForAgent: false, maxTransferToAgentAttempts: 4 });
    flow.dialed('human').agentMissed().agentAnswers().agentFails();
    assert.equal(flow.last.row, 'connected.bridge-failed');
    assert.deepEqual(
      flow.allCommands('queue').map(({ attemptsMax }) => attemptsMax),
      [4, 2],
    );
    assert.equal(flow.state.context.transferAttempts, 3);
  });
});

describe('how a request for an agent leaves the queue', () => {
  const waits = () => new Flow({ ...AHEAD, waitsForAgent: false }).dialed('human');
  const exitOf = (flow: Flow) => flow.commands('unqueue').map(({ exit }) => exit);

  it('says whether the customer hung up, we gave up, or it was taken back', () => {
    assert.deepEqual(exitOf(waits().hangUp()), ['abandoned']);
    assert.deepEqual(exitOf(waits().timer('agent-wait')), ['gave-up']);
    assert.deepEqual(exitOf(waits().lose()), ['withdrawn'], 'the loss is ours');
    assert.deepEqual(exitOf(waits().send({ type: 'cancelled', by: 'admin' })), ['withdrawn']);
  });
});
