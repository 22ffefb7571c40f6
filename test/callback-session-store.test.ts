import assert from 'node:assert/strict';
import type { Place } from '../src/dial/set-up-governor.js';
import type { StepAnnouncer } from '../src/report/announcer.js';
import { settle } from './fakes/fake-telephony.js';
import { startSession } from './callback-session-bed.js';

describe('CallbackSession and what it writes', () => {
  it('writes down what each leg sees on the wire, plays and hears, and stops when it is over', async () => {
    const t = startSession();
    await settle();
    const see = (callId: string, direction: '->' | '<-', message: string) =>
      t.telephony.watchers.get(callId)?.({ atMs: 1, direction, message, cseq: '1 INVITE' });
    const customer = t.telephony.calls[0];
    see(customer?.callId ?? '', '->', 'INVITE');
    see(customer?.callId ?? '', '<-', '200 OK');
    customer?.answer();
    await settle();
    t.analyser.opened[0]?.decide('human');
    await settle();
    const agent = t.telephony.calls[1];
    see(agent?.callId ?? '', '->', 'INVITE');
    agent?.answer();
    await settle();
    t.playing()[0]?.end();
    await settle();
    customer?.dialog?.end('remote');
    await t.over();
    assert.deepEqual(
      t.store.trail.map((line) => line.replace(/(endpoint|with) .*/, '$1')),
      [
        'customer endpoint',
        'customer -> INVITE',
        'customer <- 200 OK',
        'customer heard human at 1000 ms: the test said so',
        'agent endpoint',
        'customer play connect.wav',
        'agent -> INVITE',
        'customer play-ended connect.wav',
        'customer bridge with',
      ],
    );
    // Steps take them along: a crossing to the store costs more than a line.
    const taken = t.store.commits.filter(({ change }) => change.step && change.trail?.length);
    assert.ok(taken.length >= 3, `${taken.length} of the steps`);
    assert.equal(t.telephony.watchers.size, 0);
  });

  it('logs each step with callback, attempt and Call-ID, so that a log leads to the wire', async () => {
    const t = startSession();
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    const callId = t.telephony.calls[0]?.callId;
    assert.deepEqual(
      t.logged.map((fields) => {
        const { callbackId, attempt, callId: id, event } = fields as Record<string, unknown>;
        return [callbackId, attempt, id, event];
      }),
      [
        ['cb-1', 1, callId, 'due'],
        ['cb-1', 1, callId, 'attempt-result'],
      ],
    );
    t.session.post({ type: 'cancelled', by: 'customer' });
    await t.over();
  });

  it('measures the delays a customer notices, and counts how attempts and callbacks end', async () => {
    const t = startSession();
    await settle();
    await t.clock.advance(300);
    t.telephony.calls[0]?.ring();
    await t.clock.advance(4000);
    const dialog = t.telephony.calls[0]?.answer();
    await settle();
    await t.clock.advance(700);
    t.analyser.opened[0]?.decide('human');
    await settle();
    dialog?.end('remote');
    await t.over();
    const text = await t.metrics.text();
    const value = (name: string) =>
      new RegExp(`^dialback_${name}\\{[^}]*\\} (.*)$`, 'm').exec(text)?.[1];
    assert.equal(value('set_up_seconds_sum'), '0');
    assert.equal(value('post_dial_delay_seconds_sum'), '0.3');
    assert.equal(value('answer_to_first_sound_seconds_sum'), '0.7');
    assert.match(text, /^dialback_attempts_total\{trunk="[^"]+",result="Ok"\} 1$/m);
    assert.match(text, /reason="FAIL_INTERACTION_DELETED"\} 1$/m);
  });

  it('writes the attempt with its Call-ID to disk before the INVITE leaves', async () => {
    const t = startSession();
    let dialled = false;
    const sent = t.telephony.sip.invite;
    t.telephony.sip.invite = (request) => {
      const opened = t.store.commits.find(({ change }) => change.attempt?.callId !== undefined);
      assert.equal(opened?.durable, true);
      assert.equal(opened?.change.dialLock, 'take');
      assert.equal(opened?.change.attempt?.callId, request.callId);
      dialled = true;
      return sent(request);
    };
    await settle();
    assert.ok(dialled);
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('does not dial while the store refuses, and dials when it takes the attempt', async () => {
    const t = startSession();
    t.store.refusals.push(new Error('disk full'), {
      ok: false,
      why: 'number-busy',
      heldBy: 'cb-0',
    });
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 0);
    await t.clock.advance(1000);
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    const dial = t.store.commits.find(({ change }) => change.dialLock === 'take')?.change;
    assert.equal(dial?.step?.atMs, t.clock.nowMs(), 'tried again as of now, not of then');
    t.session.post({ type: 'cancelled', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
  });

  it('is on no trunk any more when others are asked for the place that it leaves', async () => {
    const t = startSession();
    t.store.refusals.push({ ok: false, why: 'number-busy', heldBy: 'cb-0' });
    const full = { code: 'trunk', why: 'maxConcurrentCalls is 1' } as const;
    const hindrance = () => (t.session.trunkInUse === undefined ? undefined : full);
    const places: Place[] = [];
    const commit = t.store.commit.bind(t.store);
    t.store.commit = async (...asked) => {
      if (places.length === 0) {
        places.push(t.setUps.queue('customer', { hindrance }));
        await t.clock.advance(500);
        assert.equal(places[0]?.isGranted, false);
      }
      return commit(...asked);
    };
    await settle();
    assert.equal(places[0]?.isGranted, true);
    places[0]?.release();
    t.session.post({ type: 'cancelled', by: 'admin' });
    assert.equal(await t.over(), 'CANCELLED_BY_ADMIN');
  });

  it('can be cancelled while the store refuses the dial', async () => {
    const t = startSession();
    t.store.refusals.push({ ok: false, why: 'number-busy', heldBy: 'cb-0' });
    await settle();
    t.session.post({ type: 'cancelled', by: 'admin' });
    assert.equal(await t.over(), 'CANCELLED_BY_ADMIN');
    assert.equal(t.telephony.calls.length, 0);
  });

  it('ends as cancelled when a cancel reached the store before the dial', async () => {
    const t = startSession();
    t.store.refusals.push({ ok: false, why: 'cancel-requested', by: 'customer' });
    assert.equal(await t.over(), 'CANCELLED');
    assert.equal(t.telephony.calls.length, 0);
  });

  it('does not let a live call wait for a full disk, and writes the end when there is room', async () => {
    const ends: string[] = [];
    const announcer: StepAnnouncer = {
      notices: () => [],
      taken: () => undefined,
      endWritten: (id) => ends.push(id),
      givenUp: () => ({ notices: [], told: () => undefined }),
    };
    const t = startSession({}, undefined, {}, announcer);
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.store.broken = new Error('disk full');
    t.analyser.opened[0]?.decide('human');
    await settle();
    assert.deepEqual(t.playing()[0]?.files, ['/m/connect.wav'], 'the customer is treated');
    t.telephony.calls[0]?.dialog?.end('remote');
    await settle();
    assert.deepEqual(t.telephony.counts(), { endpoints: 0, dialogs: 0 }, 'the calls are over');
    assert.ok(!t.store.rows.includes('hang-up.end'));
    assert.deepEqual(ends, []);
    t.store.broken = undefined;
    await t.clock.advance(1000);
    assert.equal(await t.over(), 'FAIL_INTERACTION_DELETED');
    const end = t.store.commits.findLast(({ change }) => change.step);
    assert.equal(end?.change.record?.state, 'COMPLETED');
    assert.deepEqual(ends, ['cb-1'], 'whoever reads the end finds it');
    assert.equal(t.store.commits.at(-1)?.change.leg?.kind, 'over', 'and its number is free');
  });

  it('lets go of a callback that the store says is no longer ours', async () => {
    const t = startSession();
    t.store.refusals.push({ ok: false, why: 'completed' });
    await t.session.finished;
    assert.equal(t.telephony.calls.length, 0);
    t.setUps.stop();
    assert.equal(t.clock.pendingCount, 0);
  });
});
