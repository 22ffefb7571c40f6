/** Dials that find the hours closed, and `_urs_queued_ttl`: nothing is dialled, nothing is left in the air. */
import assert from 'node:assert/strict';
import { describeCommand } from '../../src/callflow/describe.js';
import { Flow } from './flow-fixture.js';
import { ShellModel } from './shell-model.js';

const HOUR_MS = 3_600_000;

/** What all steps have left in the air. */
function modelOf(flow: Flow): ShellModel {
  const model = new ShellModel();
  for (const step of flow.steps) for (const command of step.commands) model.perform(command);
  model.compare(flow.state);
  return model;
}

describe('a dial that finds the hours closed', () => {
  it('goes back to the store, without an attempt, its life counting', () => {
    const flow = new Flow().closed(9 * HOUR_MS).due();
    assert.equal(flow.last.row, 'dial.closed');
    assert.deepEqual(
      flow.last.commands.map(({ type }) => type),
      ['start-timer', 'postpone'],
    );
    const [postponed] = flow.commands('postpone');
    assert.equal(postponed?.forMs, 9 * HOUR_MS);
    assert.equal(describeCommand(postponed), 'give the callback back to the store for 32400 s');
    assert.equal(flow.state.context.attempt, 0);
    assert.match(flow.last.because, /callingWindow is closed in Europe\/Berlin; looked at again/);
    modelOf(flow);
  });

  it('is made when the callback comes again', () => {
    const flow = new Flow().closed().due().timer('retry');
    assert.equal(flow.last.row, 'dial.again');
    assert.equal(flow.commands('dial')[0]?.attempt, 1);
  });

  it('is postponed again while they stay closed', () => {
    const flow = new Flow().closed().due().closed().timer('retry');
    assert.equal(flow.last.row, 'dial.closed');
    assert.equal(flow.state.context.attempt, 0);
    modelOf(flow);
  });

  it('holds for a retry as well, and the attempts made stay counted', () => {
    const flow = new Flow().dialed('busy').closed().timer('retry');
    assert.equal(flow.last.row, 'dial.closed');
    assert.equal(flow.state.context.attempt, 1);
    assert.equal(flow.timer('retry').commands('dial')[0]?.attempt, 2);
  });

  it('does not keep a callback whose attempts are used up', () => {
    const flow = new Flow({ maxDialAttempts: 2 }).dialed('busy');
    flow.service = { ...flow.service, maxDialAttempts: 1 };
    assert.equal(flow.closed().timer('retry').reason, 'FAIL_CALL_TO_CUSTOMER');
  });

  it('lets the agent go who was kept free', () => {
    const flow = new Flow({ waitsForAgent: true }).due().closed().agentIsNear();
    assert.equal(flow.last.row, 'ahead.closed');
    assert.equal(flow.commands('unqueue').length, 1);
    assert.equal(flow.commands('dial').length, 0);
    assert.equal(modelOf(flow).queues.size, 0);
    assert.equal(flow.timer('retry').last.row, 'dial.ahead');
  });

  it('holds when the service has lost its queue meanwhile', () => {
    const flow = new Flow({ waitsForAgent: true }).due().agentFails();
    flow.service = { ...flow.service, queue: undefined };
    assert.equal(flow.closed().timer('agent-retry').last.row, 'ahead.closed');
    assert.equal(flow.commands('dial').length, 0);
  });

  it('can still be cancelled, and its life still ends', () => {
    const cancelled = new Flow().closed().due().send({ type: 'cancelled', by: 'customer' });
    assert.equal(cancelled.reason, 'CANCELLED');
    assert.equal(new Flow().closed().due().timer('life').reason, 'FAIL_TIMEOUT_TTL');
  });
});

describe('_cannot_dial_buffer_time', () => {
  const options = { waitsForAgent: true, aheadWaitMaxMs: 60_000, cannotDialBufferMs: 20_000 };

  it('ends the callback when an agent comes near too late to dial yet', () => {
    const flow = new Flow(options).due().later(50_000).agentIsNear();
    assert.equal(flow.last.row, 'ahead.too-late');
    assert.equal(flow.reason, 'FAIL_TIMEOUT_TTL');
    assert.match(flow.last.because, /_cannot_dial_buffer_time is 20 s, 9.999 s are left/);
    modelOf(flow);
  });

  it('lets dial until then', () => {
    assert.equal(new Flow(options).due().later(39_000).agentIsNear().last.row, 'ahead.dial');
  });

  it('counts anew for each search, and not at all without a limit', () => {
    const again = new Flow(options).due().later(30_000).agentIsNear().answer('busy');
    again.timer('retry').later(30_000).agentIsNear();
    assert.equal(again.last.row, 'ahead.dial');
    const unlimited = new Flow({ ...options, aheadWaitMaxMs: 0 }).due().later(9e9).agentIsNear();
    assert.equal(unlimited.last.row, 'ahead.dial');
  });
});
