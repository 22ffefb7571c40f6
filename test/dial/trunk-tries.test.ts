import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { judgeFailure } from '../../src/dial/sip-result.js';
import type { TrunkPlace } from '../../src/dial/trunk-board.js';
import { TrunkTries, type TryWritten } from '../../src/dial/trunk-tries.js';
import type { Trunk } from '../../src/dial/trunk.js';
import type { InviteFailure } from '../../src/ports.js';
import { settle } from '../fakes/fake-telephony.js';
import { testTrunk } from '../fakes/service-config.js';

const planOn = (trunk: Trunk) => ({
  ...{ kind: 'dial' as const, uri: `${trunk.uri}/plan`, trunk, country: 'US' },
  ...{ customerNumber: '+12125550100', number: '+12125550100' },
});

function tries(places: TrunkPlace[] = [], first: Partial<Trunk> = {}, undiallable = '') {
  const clock = virtualClock();
  const notes: string[] = [];
  const rests: [string, number][] = [];
  const recorded: (readonly string[])[] = [];
  const wishes: (readonly string[])[] = [];
  const patience: (number | undefined)[] = [];
  let ids = 0;
  /** What the store says to the tries to come; `written` when nothing is left. */
  const answers: TryWritten[] = [];
  const one = new TrunkTries(
    {
      clock,
      random: { uuid: () => `call-${(ids += 1) + 1}` },
      takeTrunk: ({ tried = [], patienceMs }) => {
        wishes.push(tried);
        patience.push(patienceMs);
        return places.shift() ?? { kind: 'none', why: 'no other trunk is left' };
      },
      restTrunk: (name, forMs) => rests.push([name, forMs]),
      planFor: (trunk) =>
        trunk.name === undiallable
          ? { kind: 'refused', why: 'the number cannot be dialled', number: '' }
          : planOn(trunk),
      mayRedirectTo: (uri) => uri.includes('allowed'),
      record: (all) => {
        recorded.push(all.map(({ trunk, callId, sipStatus }) => `${trunk} ${callId} ${sipStatus}`));
        return Promise.resolve(answers.shift() ?? 'written');
      },
      note: (what) => notes.push(what),
    },
    planOn({ ...testTrunk('sip:a'), name: 'a', ...first }),
    'call-1',
  );
  const next = (status: number, more: Partial<InviteFailure> = {}) => {
    const failure: InviteFailure = { kind: 'failed', status, reason: '', ...more };
    return one.next(failure, judgeFailure(failure));
  };
  /** The INVITE that follows, if one does. */
  const sent = async (status: number, more: Partial<InviteFailure> = {}) => {
    const found = await next(status, more);
    return found && 'callId' in found ? found : undefined;
  };
  return { next, sent, clock, notes, recorded, wishes, patience, rests, answers };
}

const on = (name: string): TrunkPlace => ({
  kind: 'taken',
  trunk: { ...testTrunk(`sip:${name}`), name },
});

describe('TrunkTries', () => {
  it('goes from trunk to trunk, each time with a Call-ID of its own that is on disk', async () => {
    const t = tries([on('b'), on('c')]);
    assert.equal((await t.sent(503))?.callId, 'call-2');
    assert.equal((await t.sent(500))?.plan.trunk.name, 'c');
    assert.equal(await t.next(503), undefined);
    assert.deepEqual(t.wishes, [['a'], ['a', 'b'], ['a', 'b', 'c']]);
    assert.deepEqual(t.recorded.at(-1), ['a call-1 503', 'b call-2 500', 'c call-3 undefined']);
    assert.deepEqual(t.notes, ['next-trunk', 'next-trunk', 'no-other-trunk']);
  });

  it('sends nothing that could not be written down', async () => {
    const t = tries([on('b')]);
    t.answers.push('refused');
    assert.equal(await t.next(503), undefined);
    const broken = tries([on('b')]);
    broken.answers.push('not-written');
    assert.deepEqual(await broken.next(503), { brokenOff: 'not-written' });
  });

  it('waits a moment for a place, and not long', async () => {
    const t = tries([{ kind: 'wait', why: 'CPS', waitMs: 400 }, on('b')]);
    const next = t.sent(503);
    await settle();
    assert.equal(t.wishes.length, 1);
    await t.clock.advance(400);
    assert.equal((await next)?.plan.trunk.name, 'b');
    const full = tries([{ kind: 'wait', why: 'all are full' }, on('b')]);
    const noTrunk = { brokenOff: 'no-trunk' };
    assert.deepEqual(await full.next(503), noTrunk, 'a call may talk for an hour');
  });

  it('passes over a trunk that all processes have filled, and is broken off when none is left', async () => {
    const t = tries([on('b'), on('c')]);
    t.answers.push('full');
    assert.equal((await t.sent(503))?.plan.trunk.name, 'c');
    assert.deepEqual(t.wishes, [['a'], ['a', 'b']]);
    assert.deepEqual(t.recorded.at(-1), ['a call-1 503', 'c call-3 undefined']);
    const full = tries([on('b')]);
    full.answers.push('full');
    assert.deepEqual(await full.next(503), { brokenOff: 'no-trunk' });
    assert.deepEqual(full.notes, ['next-trunk', 'not-sent', 'no-other-trunk']);
  });

  it('has less patience with the pace of a trunk the longer it has waited', async () => {
    const t = tries([
      { kind: 'wait', why: 'CPS', waitMs: 100 },
      { kind: 'wait', why: 'CPS', waitMs: 80 },
      on('b'),
    ]);
    const next = t.sent(503);
    await t.clock.advance(100);
    await t.clock.advance(80);
    assert.equal((await next)?.plan.trunk.name, 'b');
    assert.deepEqual(t.patience, [150, 50, 0]);
  });

  it('waits two seconds for a place at most, however often the clock is set back', async () => {
    const waits = Array.from({ length: 9 }, (): TrunkPlace => ({
      kind: 'wait',
      why: 'CPS',
      waitMs: 400,
    }));
    const t = tries(waits);
    const next = t.next(503);
    for (let turn = 0; turn < 9; turn += 1) {
      await t.clock.advance(400);
      t.clock.setWallClock(t.clock.nowMs() - 3_600_000);
    }
    assert.deepEqual(await next, { brokenOff: 'no-trunk' });
    assert.equal(t.wishes.length, 6);
  });

  it('asks once more for a trunk that all processes have just had their calls of this second from', async () => {
    const t = tries([on('b'), { kind: 'wait', why: 'CPS', waitMs: 120 }, on('b')]);
    t.answers.push('too-fast');
    const next = t.sent(503);
    await t.clock.advance(120);
    assert.equal((await next)?.plan.trunk.name, 'b');
    assert.deepEqual(t.wishes, [['a'], ['a'], ['a']]);
    const busy = tries([on('b'), on('b'), on('c')]);
    busy.answers.push('too-fast', 'too-fast');
    assert.equal((await busy.sent(503))?.plan.trunk.name, 'c');
    assert.deepEqual(busy.wishes, [['a'], ['a'], ['a', 'b']]);
  });

  it('goes on to a third trunk when the number cannot be written on the second', async () => {
    const t = tries([on('b'), on('c')], {}, 'b');
    assert.equal((await t.sent(503))?.plan.trunk.name, 'c');
    assert.deepEqual(t.wishes, [['a'], ['a', 'b']]);
    assert.equal(await tries([on('b')], {}, 'b').next(503), undefined, 'nothing is left');
  });

  it('leaves a trunk alone for as long as its 503 asks for, and as no word about this call does', async () => {
    const resting = tries([on('b')]);
    assert.equal((await resting.sent(503, { retryAfterMs: 20_000 }))?.plan.trunk.name, 'b');
    assert.deepEqual(resting.rests, [['a', 20_000]]);
    for (const status of [403, 404, 480, 486, 500, 504]) {
      const t = tries([on('b')]);
      await t.next(status, { retryAfterMs: 20_000 });
      assert.deepEqual(t.rests, [], String(status));
    }
  });

  it('does not leave a trunk alone because of whom it redirected to', async () => {
    const t = tries([on('b')]);
    await t.sent(302, { contacts: ['sip:x@allowed'] });
    assert.equal((await t.sent(503, { retryAfterMs: 300_000 }))?.plan.trunk.name, 'b');
    assert.deepEqual(t.rests, []);
    await t.next(503, { retryAfterMs: 20_000 });
    assert.deepEqual(t.rests, [['b', 20_000]], 'the next trunk has answered itself');
  });

  it('is broken off when its service is paused: on another trunk, where a 3xx points, with a longer timer', async () => {
    for (const [status, more] of [
      [503, {}],
      [302, { contacts: ['sip:x@allowed'] }],
      [422, { minSessionMs: 1_800_000 }],
    ] as const) {
      const t = tries([on('b')], { sessionExpiresMs: 90_000 });
      t.answers.push('paused');
      assert.deepEqual(await t.next(status, more), { brokenOff: 'paused' }, String(status));
    }
  });

  it('follows two redirections on the same trunk, and only to where calls may go', async () => {
    const t = tries();
    const to = (...contacts: string[]) => t.sent(302, { contacts });
    assert.equal((await to('sip:x@evil', 'sip:x@allowed'))?.uri, 'sip:x@allowed');
    const second = await to('sip:y@allowed');
    assert.deepEqual([second?.uri, second?.plan.trunk.name], ['sip:y@allowed', 'a']);
    assert.equal(await to('sip:z@allowed'), undefined);
    assert.equal(await tries().next(302, { contacts: ['sip:x@evil'] }), undefined);
    assert.equal(await tries().next(300), undefined, 'nowhere');
    assert.deepEqual(t.notes, ['redirected', 'redirected', 'redirect-refused']);
    assert.deepEqual(t.wishes, [], 'no other trunk is asked for');
  });

  it('remembers the realms of the trunk where that points elsewhere, a longer timer there included', async () => {
    const t = tries([on('b')], { sessionExpiresMs: 90_000 });
    const realms = { 'Proxy-Authorization': 'proxy' };
    const there = await t.sent(302, { contacts: ['sip:x@allowed'], realms });
    assert.deepEqual(there?.realms, realms);
    const longer = await t.sent(422, { minSessionMs: 1_800_000, realms });
    assert.deepEqual([longer?.uri, longer?.realms], ['sip:x@allowed', realms]);
    assert.equal((await t.sent(503, { realms }))?.realms, undefined, 'another trunk');
  });

  it('offers the session timer that a 422 asks for, once', async () => {
    const t = tries([], { sessionExpiresMs: 90_000 });
    assert.equal((await t.sent(422, { minSessionMs: 1_800_000 }))?.sessionExpiresMs, 1_800_000);
    assert.equal(await t.next(422, { minSessionMs: 3_600_000 }), undefined);
    const both = tries([on('b')], { sessionExpiresMs: 90_000 });
    await both.sent(422, { minSessionMs: 1_800_000 });
    assert.equal((await both.sent(503))?.plan.trunk.name, 'b');
    const again = await both.sent(422, { minSessionMs: 600_000 });
    assert.deepEqual([again?.plan.trunk.name, again?.sessionExpiresMs], ['b', 600_000]);
    const odd = tries([], { sessionExpiresMs: 90_000 });
    assert.equal(await odd.next(422, { minSessionMs: 60_000 }), undefined, 'it was longer already');
    assert.equal(await odd.next(422), undefined);
  });
});
