import assert from 'node:assert/strict';
import type { Leftover } from '../src/schedule/callback-store.js';
import { settle } from './fakes/fake-telephony.js';
import { agentQueue } from './handoff/queue/queue-world.js';
import { serviceConfig } from './fakes/service-config.js';
import { crashAfter, sessionHost } from './session-host-bed.js';

describe('SessionHost after a restart', () => {
  it('takes an attempt that a crash cut off as made, and tries again later', async () => {
    const { flowState } = await crashAfter(async () => settle());
    const t = sessionHost();
    const attempt = {
      callbackId: 'cb-1',
      attempt: 1,
      callId: 'lost',
      number: '+15550100',
      startedAtMs: 0,
    };
    const leftover: Leftover = { ...t.record({ flowState }), openAttempt: attempt };
    t.host.recover(leftover);
    await settle();
    assert.equal(t.telephony.calls.length, 0, 'not dialled again at once');
    assert.equal(t.store.commits[0]?.change.attempt?.outcome, 'NODE_LOST');
    await t.clock.advance(300_000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const dial = t.store.commits.find(({ change }) => change.dialLock === 'take');
    assert.equal(dial?.change.attempt?.attempt, 2, 'no attempt is made twice');
    await t.host.drain(0);
  });

  it('waits out the rest of a retry pause after a restart', async () => {
    const { flowState, dueAtMs } = await crashAfter(async (t) => {
      t.telephony.calls[0]?.fail(486);
      await settle();
    });
    const t = sessionHost();
    t.host.recover({ ...t.record({ flowState, dueAtMs }) });
    await settle();
    await t.clock.advance(299_999);
    assert.equal(t.telephony.calls.length, 0);
    await t.clock.advance(1);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    await t.host.drain(0);
  });

  it('starts a claimed callback that was never dialled', async () => {
    const t = sessionHost();
    t.host.recover(t.record());
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    await t.host.drain(0);
  });

  it('ends what is found too late to be made, without dialling', async () => {
    const t = sessionHost();
    t.host.start(t.record({ expiresAtMs: t.clock.nowMs() }));
    t.host.recover(t.record({ id: 'cb-2', expiresAtMs: t.clock.nowMs() - 1 }));
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    assert.deepEqual(
      t.store.commits.map(({ change }) => change.record?.reason),
      ['FAIL_TIMEOUT_TTL', 'FAIL_TIMEOUT_TTL'],
    );
  });

  it('tells of a callback that it gives up, once that is on disk', async () => {
    const told: string[] = [];
    const t = sessionHost(undefined, undefined, {
      notices: () => [],
      taken: () => undefined,
      endWritten: () => undefined,
      givenUp: ({ id }, reason, atMs) => ({
        notices: [{ event: reason, target: 'http://a', atMs, deliveriesMax: 1, data: {} }],
        told: () => told.push(id),
      }),
    });
    t.store.broken = new Error('full');
    t.host.start(t.record({ expiresAtMs: t.clock.nowMs() }));
    await settle();
    assert.deepEqual(told, []);
    assert.equal(t.host.owedEnds, 1);
    t.store.broken = undefined;
    await t.clock.advance(1000);
    assert.deepEqual([told, t.host.owedEnds], [['cb-1'], 0]);
    const [notice] = t.store.commits[0]?.change.notices ?? [];
    assert.equal(notice?.event, 'FAIL_TIMEOUT_TTL');
  });

  it('honours a cancel that the dead process had not taken yet', async () => {
    const { flowState, dueAtMs } = await crashAfter(async (t) => {
      t.telephony.calls[0]?.fail(486);
      await settle();
    });
    const t = sessionHost();
    t.host.recover({ ...t.record({ flowState, dueAtMs, cancelRequested: 'customer' }) });
    await settle();
    assert.equal(t.store.commits.at(-1)?.change.record?.reason, 'CANCELLED');
    assert.equal(t.host.count, 0);
  });
});

describe('SessionHost, with hours', () => {
  it('starts what was given back and is due again once the earlier session is over', async () => {
    const service = serviceConfig({ isTimeLimited: true });
    const t = sessionHost({ ...service, time: { ...service.time, officeHours: 'office' } });
    const always = [{ from: 0, to: 1440 }];
    const week = (spans: typeof always) => Array.from({ length: 7 }, () => spans);
    const office = (spans: typeof always) => ({
      officeHours: {
        office: { zone: 'UTC', weekly: week(spans), holidays: [], opened: [], closed: [] },
      },
      capacities: {},
    });
    t.config.times = office([]);
    t.host.start(t.record());
    // The store may hand it out again before the session has let go of everything.
    while (!t.store.rows.includes('dial.closed')) await Promise.resolve();
    t.config.times = office(always);
    const flowState = t.store.commits.at(-1)?.change.flowState;
    assert.ok(flowState);
    t.host.start(t.record({ flowState, dueAtMs: t.clock.nowMs() }));
    await t.clock.advance(0);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.deepEqual(t.store.commits[0]?.change.record, {
      state: 'SCHEDULED',
      attemptCount: 0,
      callState: undefined,
      dueAtMs: t.clock.nowMs() + 24 * 3600 * 1000,
      claimed: false,
    });
    await t.host.drain(0);
  });

  it('counts the wait for an agent on through a restart', async () => {
    const service = serviceConfig({ waitsForAgent: true, aheadWaitMaxMs: 60_000 });
    const none = { agents: [], queues: [agentQueue('support', [])] };
    const before = sessionHost(service, none);
    before.host.start(before.record());
    await settle();
    const flowState = before.store.commits.at(-1)?.change.flowState;
    assert.equal(flowState?.name, 'reserving-agent');
    await before.host.drain(0);
    const after = sessionHost(service, none);
    await after.clock.advance(50_000);
    after.host.recover(after.record({ flowState }));
    await after.clock.advance(9000);
    assert.equal(after.host.count, 1);
    await after.clock.advance(2000);
    await settle();
    assert.equal(after.store.commits.at(-1)?.change.record?.reason, 'FAIL_TIMEOUT_TTL');
    assert.equal(after.host.count, 0);
  });
});
