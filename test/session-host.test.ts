import assert from 'node:assert/strict';
import type { CallbackRecord } from '../src/schedule/callback-store.js';
import { settle } from './fakes/fake-telephony.js';
import { agentPlan, agentQueue } from './handoff/queue/queue-world.js';
import { serviceConfig } from './fakes/service-config.js';
import { sessionHost } from './session-host-bed.js';

describe('SessionHost', () => {
  it('starts a due callback, counts it while it is in the air, and says when it is over', async () => {
    const t = sessionHost();
    t.host.start(t.record());
    t.host.start(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 1, 'one session per callback');
    assert.deepEqual([t.host.count, t.host.load.total], [1, 1]);
    assert.equal(t.host.cancel('cb-1', 'customer'), true);
    await settle();
    assert.deepEqual([t.host.count, t.ended()], [0, 1]);
    assert.equal(t.host.cancel('cb-1', 'customer'), false);
  });

  it('does not count a callback that waits for its next attempt as a call', async () => {
    const t = sessionHost();
    t.host.start(t.record());
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.deepEqual([t.host.count, t.host.load.total], [1, 0]);
    await t.host.drain(0);
  });

  it('gives a callback back for the next day when its service has dialled as often as it may', async () => {
    const base = serviceConfig();
    const t = sessionHost({ ...base, limits: { ...base.limits, maxAttemptsPerDay: 1 } });
    const endsAtMs = t.clock.nowMs() + 3_600_000;
    t.store.refusals.push({
      ...{ ok: false, why: 'counter', key: 'attempts of service sales', endsAtMs },
    });
    t.host.start(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    const { change } = t.store.commits.at(-1) ?? {};
    assert.deepEqual(
      [change?.record?.dueAtMs, change?.record?.claimed, change?.step?.because],
      [endsAtMs, false, 'maxAttemptsPerDay is 1; looked at again in 3600 s'],
    );
    assert.equal(t.host.count, 0);
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await settle();
    assert.equal(t.host.count, 0, 'nobody asks again before the day ends');
    await t.clock.advance(3_600_000);
    t.host.start(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const dial = t.store.commits.find(({ change: { dialLock } }) => dialLock === 'take')?.change;
    assert.equal(dial?.counters?.[0]?.max, 1);
    await t.host.drain(0);
  });

  it('keeps to what all processes together may dial, and asks again when there may be room', async () => {
    const t = sessionHost();
    Object.assign(t.store, { shared: {} });
    const full = { ok: false, why: 'call-limit', of: 'trunk', name: 'sip:trunk' } as const;
    t.store.refusals.push(full, { ...full, waitMs: 200 });
    t.host.start(t.record());
    await settle();
    await t.clock.advance(100);
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.host.heldBecause('cb-1')?.code, 'trunk');
    assert.equal(t.store.refusals.length, 1, 'nobody asks again at once');
    await t.clock.advance(400);
    await settle();
    assert.equal(t.store.refusals.length, 0);
    await t.clock.advance(100);
    assert.match(t.host.heldBecause('cb-1')?.why ?? '', /maxCallsPerSecond/);
    await t.clock.advance(100);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const { change } = t.store.commits.find((one) => one.change.dialLock === 'take') ?? {};
    assert.deepEqual(
      change?.callLimits?.map(({ of, name }) => [of, name]),
      [['trunk', 'sip:trunk']],
    );
    await t.host.drain(0);
  });

  it('lets a service dial up to its own limit, and says why the next one waits', async () => {
    const base = serviceConfig();
    const t = sessionHost({ ...base, limits: { ...base.limits, maxConcurrentCalls: 1 } });
    t.host.start(t.record());
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(t.host.heldBecause('cb-1'), undefined);
    assert.equal(t.host.heldBecause('cb-2')?.code, 'service-calls');
    assert.equal(t.host.roomOf('sales').free, -1);
    t.telephony.calls[0]?.fail(486);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    await t.host.drain(0);
  });

  it('dials a customer of a pacing queue only when an agent is free for one more', async () => {
    const queue = { ...agentQueue('support', ['ann']), pacing: { soonFreeMs: 0 } };
    const plans = { agents: [agentPlan('ann')], queues: [queue] };
    const t = sessionHost(serviceConfig(), plans);
    t.host.start(t.record());
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(t.host.heldBecause('cb-2')?.code, 'no-agent');
    t.telephony.calls[0]?.fail(486);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    await t.host.drain(0);
  });

  it('ends a callback whose service is no longer configured', async () => {
    const t = sessionHost();
    t.host.start(t.record({ serviceName: 'gone' }));
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.store.commits[0]?.change.record?.reason, 'FAIL_ERROR');
  });

  it('goes on with a service that was taken away for those being called back, not for others', async () => {
    const t = sessionHost();
    t.host.start(t.record());
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    t.config.services = {};
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(300_000);
    await settle();
    assert.equal(t.telephony.calls.length, 2, 'the second attempt of the first');
    assert.equal(t.host.count, 1);
    t.host.cancel('cb-1', 'customer');
    await settle();
  });

  it('lets live calls finish while it drains, and ends them at the deadline', async () => {
    const t = sessionHost();
    t.host.start(t.record());
    await settle();
    let isDrained = false;
    const drained = t.host.drain(10_000).then(() => (isDrained = true));
    await settle();
    assert.equal(isDrained, false);
    t.host.start(t.record({ id: 'cb-2' }));
    assert.equal(t.host.count, 1, 'nothing new is started');
    await t.clock.advance(10_000);
    await drained;
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 });
    assert.equal(t.clock.pendingCount, 0);
  });

  it('places no call while it drains, and does not wait for what waits for a retry', async () => {
    const t = sessionHost();
    t.host.start(t.record());
    t.host.start(t.record({ id: 'cb-2', customerNumber: '+15550101' }));
    await t.clock.advance(1000);
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    let isDrained = false;
    const drained = t.host.drain(3_600_000).then(() => (isDrained = true));
    await settle();
    t.telephony.calls[1]?.fail(486);
    await settle();
    await drained;
    assert.ok(isDrained, 'both wait for a retry: nothing is left to finish');
    assert.equal(t.telephony.calls.length, 2);
    assert.equal(t.clock.pendingCount, 0);
  });
});

describe('SessionHost, for services that look for an agent first', () => {
  const service = serviceConfig({ waitsForAgent: true, maxDialAttempts: 1, agentRetryMs: 1000 });
  const plans = {
    agents: [agentPlan('ann', { startsAs: 'not-ready' })],
    queues: [agentQueue('support', ['ann'])],
  };
  const waiting = async (more: Partial<CallbackRecord> = {}) => {
    const t = sessionHost(service, plans);
    t.host.start(t.record(more));
    await settle();
    return t;
  };

  it('dials nobody and holds no line until an agent is there', async () => {
    const t = await waiting();
    assert.deepEqual([t.telephony.calls.length, t.host.count, t.host.load.total], [0, 1, 0]);
    assert.equal(t.desk.queues()[0]?.ahead, 1);
    t.desk.setAgent('ann', 'ready');
    await settle();
    assert.deepEqual([t.telephony.calls.length, t.host.load.total], [1, 1]);
    assert.equal(t.desk.agents()[0]?.state, 'reserved');
    t.telephony.calls[0]?.fail(480);
    await settle();
    assert.equal(t.desk.agents()[0]?.state, 'ready', 'the customer was not there');
    assert.deepEqual(t.desk.counts(), { queueRequests: 0, queueOffers: 0, queueTimers: 0 });
  });

  it('lets go of the place when the callback is cancelled', async () => {
    const t = await waiting();
    t.host.cancel('cb-1', 'customer');
    await settle();
    assert.equal(t.desk.queues()[0]?.ahead, 0);
    assert.equal(t.host.count, 0);
  });

  it('does not wait for an agent when it drains, and asks the queue again after a restart', async () => {
    const t = await waiting();
    await t.host.drain(3_600_000);
    assert.equal(t.desk.queues()[0]?.ahead, 0);
    const flowState = t.store.commits.findLast(({ change }) => change.flowState)?.change.flowState;
    assert.equal(flowState?.name, 'reserving-agent');
    const again = sessionHost(service, plans);
    again.host.recover(again.record({ ...(flowState && { flowState }) }));
    await settle();
    await again.clock.advance(1000);
    await settle();
    assert.equal(again.desk.queues()[0]?.ahead, 1);
    again.desk.setAgent('ann', 'ready');
    await settle();
    assert.equal(again.telephony.calls.length, 1);
    await again.host.drain(0);
  });

  it('asks again after a restart in the middle of the pause', async () => {
    const t = sessionHost(service, { agents: [], queues: [] });
    t.host.start(t.record());
    await settle();
    const flowState = t.store.commits.findLast(({ change }) => change.flowState)?.change.flowState;
    assert.notEqual(flowState?.context.timers['agent-retry'], undefined);
    await t.host.drain(0);
    const again = sessionHost(service, plans);
    again.host.start(again.record({ ...(flowState && { flowState }) }));
    await settle();
    assert.equal(again.desk.queues()[0]?.ahead, 1);
    await again.host.drain(0);
  });
});
