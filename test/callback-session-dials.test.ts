import assert from 'node:assert/strict';
import { supportPlans } from './fakes/queue-desk.js';
import { settle } from './fakes/fake-telephony.js';
import { serviceConfig } from './fakes/service-config.js';
import { startSession } from './callback-session-bed.js';

describe('CallbackSession, when it dials', () => {
  it('ends the callback instead of dialling a number that has come on the do-not-call list', async () => {
    const t = startSession({ dialRetryMs: 1000 });
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    t.barred.add('+15550100');
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(await t.over(), 'CANCELLED_BY_ADMIN');
    assert.match(await t.metrics.text(), /refusals_total\{where="dial",why="do-not-call"\} 1/);
    assert.match(JSON.stringify(t.logged), /number refused \(do-not-call\)/);
  });

  it('retries a busy customer until the attempts are used up', async () => {
    const t = startSession({ maxDialAttempts: 2, dialRetryMs: 300_000 });
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.equal(t.session.state.name, 'waiting-to-retry');
    await t.clock.advance(299_999);
    assert.equal(t.telephony.calls.length, 1);
    await t.clock.advance(1);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    assert.notEqual(t.telephony.calls[0]?.callId, t.telephony.calls[1]?.callId);
    t.telephony.calls[1]?.fail(486);
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER');
    const last = t.store.commits.findLast(({ change }) => change.step);
    assert.deepEqual(
      [last?.change.record?.state, last?.change.record?.reason, last?.durable],
      ['COMPLETED', 'FAIL_CALL_TO_CUSTOMER', true],
    );
  });

  it('dials the customer’s other numbers in turn, each under its own lock, and passes over barred ones', async () => {
    const lookupKeys = {
      _alternate_number_1: '+15550102',
      _alternate_number_2: '+15550103',
      _alternate_number_3: '+15550104',
    };
    const options = { maxDialAttempts: 3, dialRetryMs: 1000 };
    const t = startSession(options, undefined, { lookupKeys });
    await settle();
    // A number that nobody has is no end while there are others.
    t.telephony.calls[0]?.fail(404);
    await settle();
    assert.equal(t.session.state.name, 'waiting-to-retry');
    t.barred.add('+15550102');
    for (const call of [1, 2]) {
      await t.clock.advance(1000);
      await settle();
      t.telephony.calls[call]?.fail(486);
      await settle();
    }
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER');
    const taken = t.store.commits.filter(({ change }) => change.dialLock === 'take');
    assert.deepEqual(
      taken.map(({ change }) => [change.attempt?.number, change.lockNumber]),
      ['+15550100', '+15550103', '+15550103'].map((number) => [number, number]),
    );
    const dialled = t.telephony.calls.map(({ request }) => /^sip:([^@]+)@/.exec(request.uri)?.[1]);
    assert.deepEqual(dialled, ['+15550100', '+15550103', '+15550103']);
  });

  it('keeps the configuration an attempt began with, and dials the next with what holds then', async () => {
    const t = startSession({ ringTimeoutMs: 20_000, customerConnectTreatment: undefined });
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.config.service = serviceConfig({ waitingForAgentTreatment: undefined, maxDialAttempts: 2 });
    t.desk.configure(supportPlans('sip:new@pbx'));
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/waiting.wav'], 'as configured at the dial');
    assert.equal(t.telephony.calls[1]?.request.uri, 'sip:new@pbx', 'a queue is everybody’s');
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();

    const next = startSession({ maxDialAttempts: 2 });
    await settle();
    next.telephony.calls[0]?.fail(486);
    await settle();
    next.config.service = serviceConfig({
      maxDialAttempts: 5,
      customerConnectTreatment: undefined,
    });
    next.desk.configure(supportPlans('sip:new@pbx'));
    await next.clock.advance(300_000);
    await settle();
    next.telephony.calls[1]?.answer();
    await settle();
    next.analyser.opened[1]?.decide('human');
    await settle();
    assert.deepEqual(next.playing()[0]?.files, ['/m/waiting.wav'], 'no connect treatment any more');
    assert.equal(next.telephony.calls[2]?.request.uri, 'sip:new@pbx');
    next.session.post({ type: 'cancelled', by: 'customer' });
    await next.over();
  });

  it('ends a dial without a trunk in call state 41', async () => {
    const t = startSession({ maxDialAttempts: 1 }, []);
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER');
    assert.equal(t.store.commits.at(-1)?.change.record?.callState, 41);
  });

  it('tries the next trunk within the attempt, each INVITE on disk before it leaves', async () => {
    const t = startSession({}, ['sip:trunk', 'sip:second']);
    await settle();
    const [first] = t.telephony.calls;
    const before = t.store.commits.length;
    first?.fail(503, { q850Cause: 34 });
    await settle();
    const second = t.telephony.calls[1];
    assert.equal(second?.request.uri, 'sip:+15550100@second');
    assert.notEqual(second?.request.callId, first?.request.callId);
    const wrote = t.store.commits.slice(before).filter(({ change }) => change.leg);
    assert.deepEqual(
      wrote.slice(0, 2).map(({ durable, change: { leg } }) => [durable, leg?.kind, leg?.callId]),
      [
        [true, 'over', first?.request.callId],
        [true, 'begun', second?.request.callId],
      ],
    );
    const { attempt } = wrote[1]?.change ?? {};
    assert.deepEqual(
      attempt?.tries?.map(({ trunk, sipStatus, q850Cause }) => [trunk, sipStatus, q850Cause]),
      [
        ['sip:trunk', 503, 34],
        ['sip:second', undefined, undefined],
      ],
    );
    assert.equal(attempt?.attempt, 1);
    assert.equal(attempt?.trunk, 'sip:second');
    assert.equal(t.session.trunkInUse, 'sip:second');
    assert.ok(
      t.store.rows.every((row) => row === 'dial.first'),
      'the flow has seen nothing of it',
    );
    second?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();
  });

  it('goes back to the store when it is paused between two trunks: the attempt counts for nothing', async () => {
    const t = startSession({ maxDialAttempts: 1 }, ['sip:trunk', 'sip:second']);
    await settle();
    t.store.refusals.push({ ok: false, why: 'paused' });
    t.telephony.calls[0]?.fail(503, { reason: 'Full' });
    const state = await t.session.finished;
    assert.equal(state.name, 'waiting-to-retry');
    assert.equal(t.telephony.calls.length, 1);
    const { change, durable } = t.store.commits.findLast((one) => one.change.step) ?? {};
    assert.equal(durable, true);
    assert.equal(change?.step?.row, 'attempt.paused');
    assert.deepEqual(
      [change?.record?.state, change?.record?.claimed, change?.record?.dueAtMs],
      ['SCHEDULED', false, t.clock.nowMs()],
    );
    const { attempt, sipStatus, cpdReason, endedAtMs } = change?.attempt ?? {};
    assert.deepEqual([attempt, sipStatus, endedAtMs], [1, 503, t.clock.nowMs()]);
    assert.match(cpdReason ?? '', /paused/);
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 });
    t.setUps.stop();
    assert.equal(t.clock.pendingCount, 0, 'no timer left');
  });

  it('uses up no attempt when the media server fails before the INVITE', async () => {
    const t = startSession({ maxDialAttempts: 1, dialRetryMs: 60_000 });
    t.telephony.mediaProblem = 'Connection timeout';
    await settle();
    assert.equal(t.session.state.name, 'waiting-to-retry');
    assert.equal(t.store.rows.at(-1), 'attempt.no-endpoint');
    assert.equal(t.telephony.calls.length, 0);
    t.telephony.mediaProblem = undefined;
    await t.clock.advance(60_000);
    await settle();
    assert.match(t.telephony.calls[0]?.request.uri ?? '', /15550100/);
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.equal(t.session.state.name, 'ended');
    t.setUps.stop();
    assert.equal(t.clock.pendingCount, 0, 'no timer left');
  });

  it('is dialled again after the pause when all processes have filled the trunk that is left', async () => {
    const numbers = { lookupKeys: { _alternate_number_1: '+15550102' } };
    const trunks = ['sip:trunk', 'sip:second'];
    const t = startSession({ maxDialAttempts: 1, dialRetryMs: 60_000 }, trunks, numbers);
    await settle();
    t.store.refusals.push({ ok: false, why: 'call-limit', of: 'trunk', name: 'sip:second' });
    t.telephony.calls[0]?.fail(503);
    await settle();
    assert.equal(t.session.state.name, 'waiting-to-retry');
    assert.equal(t.store.rows.at(-1), 'attempt.no-trunk');
    await t.clock.advance(60_000);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    assert.match(t.telephony.calls[1]?.request.uri ?? '', /15550100/, 'the same number');
    t.telephony.calls[1]?.fail(486);
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER', 'that one counted');
  });

  it('dials no other trunk once a cancel is on disk that has not been heard of here', async () => {
    const t = startSession({}, ['sip:trunk', 'sip:second']);
    await settle();
    t.store.refusals.push({ ok: false, why: 'cancel-requested', by: 'customer' });
    t.telephony.calls[0]?.fail(503);
    assert.equal(await t.over(), 'CANCELLED');
    assert.equal(t.telephony.calls.length, 1);
  });

  it('dials no other trunk while the disk cannot take its Call-ID, and counts no attempt for it', async () => {
    const t = startSession({ maxDialAttempts: 1, dialRetryMs: 0 }, ['sip:trunk', 'sip:second']);
    await settle();
    t.store.broken = new Error('disk full');
    t.telephony.calls[0]?.fail(503);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(t.session.state.name, 'waiting-to-retry');
    await t.clock.advance(5000);
    await settle();
    assert.equal(t.telephony.calls.length, 1, 'nothing is dialled that is not on disk');
    t.store.broken = undefined;
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 2);
    t.telephony.calls[1]?.fail(486);
    assert.equal(await t.over(), 'FAIL_CALL_TO_CUSTOMER', 'that one counted');
  });

  it('waits with a dial until the trunk has room, and uses one Call-ID for it', async () => {
    const t = startSession();
    t.limits.hindrance = { code: 'trunk', why: 'maxConcurrentCalls is 1' };
    await settle();
    await t.clock.advance(5000);
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.store.commits.length, 0, 'nothing is written for a dial that may not be');
    t.limits.hindrance = undefined;
    t.setUps.poke();
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    assert.equal(t.store.commits[0]?.change.attempt?.startedAtMs, t.clock.nowMs());
    assert.equal(t.store.commits[0]?.change.attempt?.trunk, 'sip:trunk');
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('ends at once when it is cancelled in the line of those who want to dial', async () => {
    const t = startSession();
    t.limits.hindrance = { code: 'trunk', why: 'maxConcurrentCalls is 1' };
    await settle();
    assert.equal(t.setUps.counts().waitingToDial, 1);
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
    assert.equal(t.telephony.calls.length, 0);
  });

  it('dials with the service as it is when its turn comes', async () => {
    const t = startSession();
    t.limits.hindrance = { code: 'trunk', why: 'maxConcurrentCalls is 1' };
    await settle();
    t.config.service = serviceConfig({ ringTimeoutMs: 7000 });
    t.limits.hindrance = undefined;
    t.setUps.poke();
    await settle();
    await t.clock.advance(7000);
    await settle();
    assert.equal(t.telephony.calls[0]?.cancelledWith, 'rang 7000 ms');
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();
  });

  it('counts the life of a callback from its desired time, not from its first dial', async () => {
    const t = startSession({
      maxDialAttempts: 5,
      ttlMs: 2 * 86_400_000,
      dialRetryMs: 3 * 86_400_000,
    });
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    // The record says one day, whatever is left of the option's two.
    await t.clock.advance(86_400_000 - 1);
    assert.notEqual(t.session.state.name, 'ended');
    await t.clock.advance(1);
    assert.equal(await t.over(), 'FAIL_TIMEOUT_TTL');
  });
});

describe('CallbackSession, when hours are closed', () => {
  it('gives the callback back to the store in the step that says so, with nothing left in the air', async () => {
    const t = startSession();
    t.config.closed = { forMs: 3_600_000, why: '_business_hours_service support is closed' };
    const state = await t.session.finished;
    assert.equal(state.name, 'waiting-to-retry');
    assert.equal(t.telephony.calls.length, 0);
    assert.equal(t.clock.pendingCount, 0);
    const [commit, ...others] = t.store.commits;
    assert.deepEqual(others, []);
    assert.equal(commit?.durable, true);
    assert.equal(commit.change.record?.claimed, false);
    assert.equal(commit.change.record.state, 'SCHEDULED');
    assert.equal(commit.change.record.dueAtMs, t.clock.nowMs() + 3_600_000);
    assert.equal(commit.change.flowState?.name, 'waiting-to-retry');
    t.setUps.stop();
  });

  it('waits itself while the store cannot take it back, and looks again before the dial', async () => {
    const t = startSession();
    t.config.closed = { forMs: 60_000, why: 'callingWindow is closed' };
    t.store.broken = new Error('disk full');
    await settle();
    await t.clock.advance(59_000);
    assert.equal(t.telephony.calls.length, 0);
    t.store.broken = undefined;
    t.config.closed = undefined;
    await t.clock.advance(2000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('does not dial when they close while it waits for its turn', async () => {
    const t = startSession();
    t.limits.hindrance = { code: 'trunk', waitMs: 1000, why: 'busy' };
    await settle();
    t.config.closed = { forMs: 60_000, why: 'callingWindow is closed' };
    t.limits.hindrance = undefined;
    t.setUps.poke();
    await t.clock.advance(2000);
    assert.equal((await t.session.finished).name, 'waiting-to-retry');
    assert.equal(t.telephony.calls.length, 0);
    t.setUps.stop();
  });
});
