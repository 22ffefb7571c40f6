import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { TrunkWatch } from '../../src/dial/trunk-watch.js';
import type { Trunk } from '../../src/dial/trunk.js';
import type { PlainRequest, RequestOutcome } from '../../src/ports.js';
import { settle, silentLog } from '../fakes/fake-telephony.js';
import { testTrunk } from '../fakes/service-config.js';

function watch(trunk: Partial<Trunk>, ...answers: RequestOutcome[]) {
  const clock = virtualClock();
  const asked: (PlainRequest & { atMs: number })[] = [];
  const down = new Map<string, string>();
  const sip = {
    isConnected: true,
    request: (request: PlainRequest) => {
      asked.push({ ...request, atMs: clock.nowMs() - startMs });
      return Promise.resolve(answers.shift() ?? answered(200));
    },
  };
  const startMs = clock.nowMs();
  let changes = 0;
  const trunks = new TrunkWatch({
    clock,
    random: { fraction: () => 0.5 },
    log: silentLog,
    sip,
    board: {
      setDown: (name, why) => (why === undefined ? down.delete(name) : down.set(name, why)),
      states: () => [],
    },
    onChange: () => (changes += 1),
  });
  const one = { ...testTrunk('sip:gw.example.net'), name: 'gw', ...trunk };
  trunks.configure([one]);
  const expires = () => asked.map(({ expiresMs = 0 }) => expiresMs / 1000);
  const at = () => asked.map(({ atMs }) => atMs / 1000);
  return { trunks, clock, asked, answers, down, sip, one, expires, at, changes: () => changes };
}

const answered = (status: number, headers: Record<string, string> = {}): RequestOutcome => ({
  kind: 'answered',
  status,
  reason: 'x',
  headers,
});
const NOBODY: RequestOutcome = { kind: 'error', why: 'no answer' };
const ANSWER = async (t: ReturnType<typeof watch>, afterMs: number) => {
  await t.clock.advance(afterMs);
  await settle();
};

describe('Registration', () => {
  const REGISTERS = { registerExpiresMs: 600_000, username: 'acme', password: 'secret' };

  it('keeps the trunk from being used until it is there, and refreshes it before it expires', async () => {
    const t = watch(REGISTERS);
    assert.equal(t.down.get('gw'), 'not registered yet');
    await settle();
    assert.equal(t.down.size, 0);
    const { method, uri, from, contact, auth } = t.asked[0] ?? {};
    assert.deepEqual(
      { method, uri, from, contact, auth },
      {
        method: 'REGISTER',
        uri: 'sip:gw.example.net',
        from: '<sip:acme@gw.example.net>',
        contact: '<sip:acme@localhost>',
        auth: { username: 'acme', password: 'secret' },
      },
    );
    await ANSWER(t, 539_999);
    assert.equal(t.asked.length, 1);
    await ANSWER(t, 1);
    assert.deepEqual(t.at(), [0, 540]);
    await t.trunks.close();
    assert.deepEqual(t.expires(), [600, 600, 0], 'and takes it back');
    assert.equal(t.clock.pendingCount, 0);
  });

  it('is refreshed when the trunk wants it, and asked for as long as the trunk allows', async () => {
    const t = watch(
      REGISTERS,
      answered(423, { 'min-expires': '1800' }),
      answered(200, { contact: '<sip:acme@192.0.2.1>;expires=100', expires: '1800' }),
    );
    await settle();
    await ANSWER(t, 0);
    assert.deepEqual(t.expires(), [600, 1800]);
    await ANSWER(t, 80_000);
    assert.deepEqual(t.at(), [0, 0, 80]);
    await t.trunks.close();
  });

  it('asks once for longer: a trunk whose wish grows with each answer is not asked without end', async () => {
    const growing = Array.from({ length: 30 }, (_, index) =>
      answered(423, { 'min-expires': String(601 + index) }),
    );
    const t = watch(REGISTERS, ...growing);
    for (let answer = 0; answer < 20; answer += 1) await ANSWER(t, 10);
    assert.deepEqual(t.expires(), [600, 601]);
    assert.match(t.down.get('gw') ?? '', /423/);
    await t.trunks.close();
  });

  for (const headers of [{ contact: '<sip:acme@192.0.2.1>;expires=0' }, { expires: '0' }] as Record<
    string,
    string
  >[]) {
    it(`is none with ${JSON.stringify(headers)}`, async () => {
      const t = watch(REGISTERS, answered(200, headers), answered(200, headers));
      await settle();
      assert.match(t.down.get('gw') ?? '', /^not registered/);
      await ANSWER(t, 4000);
      assert.equal(t.asked.length, 1, 'and the trunk is left alone for a while');
      await t.trunks.close();
    });
  }

  it('lasts a day at most, whatever the trunk says, and no trunk is asked more than every five seconds', async () => {
    const t = watch(
      REGISTERS,
      answered(200, { contact: '<sip:acme@192.0.2.1>;expires=4294967295' }),
      answered(200, { expires: '1' }),
    );
    await settle();
    await ANSWER(t, 86_400_000 - 60_000);
    await ANSWER(t, 4999);
    assert.equal(t.asked.length, 2);
    await ANSWER(t, 1);
    assert.equal(t.asked.length, 3);
    await t.trunks.close();
  });

  it('goes by the binding that ends first where others have the same account', async () => {
    const t = watch(
      REGISTERS,
      answered(200, {
        contact: '<sip:acme@192.0.2.9>;expires=3000, <sip:acme@192.0.2.1>;expires=100',
      }),
    );
    await settle();
    await ANSWER(t, 80_000);
    assert.deepEqual(t.at(), [0, 80]);
    await t.trunks.close();
  });

  it('pauses longer after each failure, and a minute at least when it is refused', async () => {
    const t = watch(REGISTERS, NOBODY, NOBODY, NOBODY, answered(403));
    await settle();
    assert.equal(t.down.get('gw'), 'not registered: no answer');
    for (let minute = 0; minute < 4; minute += 1) await ANSWER(t, 60_000);
    assert.deepEqual(t.at().slice(0, 5), [0, 5, 15, 35, 95]);
    assert.equal(t.down.size, 0);
    await t.trunks.close();
  });

  it('goes on while the binding lasts when a refresh fails, and not beyond', async () => {
    const t = watch({ ...REGISTERS, registerExpiresMs: 60_000 });
    await settle();
    t.answers.push(...Array.from({ length: 9 }, () => NOBODY));
    await ANSWER(t, 48_000);
    assert.equal(t.down.size, 0);
    await ANSWER(t, 11_999);
    assert.equal(t.down.size, 0);
    await ANSWER(t, 1);
    assert.match(t.down.get('gw') ?? '', /^(registration expired|not registered): no answer/);
    await t.trunks.close();
  });

  it('is made anew when a reload changes the trunk, and left alone when it does not', async () => {
    const t = watch(REGISTERS);
    await settle();
    t.trunks.configure([{ ...t.one }]);
    await settle();
    assert.equal(t.asked.length, 1);
    t.trunks.configure([{ ...t.one, maxCallsPerSecond: 3, weight: 2 }]);
    await settle();
    assert.equal(t.asked.length, 1, 'nor when it changes what no request of ours depends on');
    assert.equal(t.down.size, 0);
    t.trunks.configure([{ ...t.one, username: 'other' }]);
    await settle();
    assert.deepEqual(t.expires(), [600, 0, 600]);
    t.trunks.configure([]);
    await settle();
    assert.deepEqual(t.expires().at(-1), 0);
    assert.equal(t.clock.pendingCount, 0);
  });
});

describe('A registration that is replaced', () => {
  it('is taken back before the new one is made, so that the trunk does not forget the new one', async () => {
    const t = watch({ registerExpiresMs: 600_000 });
    await settle();
    let unregistered: (outcome: RequestOutcome) => void = () => {};
    t.sip.request = (request) => {
      t.asked.push({ ...request, atMs: 0 });
      return new Promise((resolve) => (unregistered = resolve));
    };
    t.trunks.configure([{ ...t.one, registerExpiresMs: 300_000 }]);
    await settle();
    assert.deepEqual(t.expires(), [600, 0]);
    assert.equal(t.down.get('gw'), 'not registered yet');
    unregistered(answered(200));
    await settle();
    assert.deepEqual(t.expires(), [600, 0, 300]);
    unregistered(answered(200));
    await settle();
    assert.equal(t.down.size, 0);
    const closed = t.trunks.close();
    await settle();
    unregistered(answered(200));
    await closed;
  });

  it('is taken back even if it came only after it was given up', async () => {
    const t = watch({ registerExpiresMs: 600_000 });
    t.trunks.configure([]);
    await settle();
    assert.deepEqual(t.expires(), [600, 0]);
    assert.equal(t.clock.pendingCount, 0);
  });
});

describe('OPTIONS', () => {
  const ASKED = { optionsIntervalMs: 30_000 };

  for (const [what, answer] of [
    ['silence', NOBODY],
    ['503', answered(503)],
    ['408', answered(408)],
  ] as const) {
    it(`take a trunk out after ${what} twice, and bring it back after two answers`, async () => {
      const t = watch(ASKED);
      await settle();
      t.answers.push(answer, answered(200), answer, answer, answered(405), answer, answered(200));
      await ANSWER(t, 90_000);
      assert.equal(t.down.size, 0, 'one word in a row says nothing');
      await ANSWER(t, 30_000);
      assert.match(t.down.get('gw') ?? '', /^OPTIONS/);
      await ANSWER(t, 90_000);
      assert.equal(t.down.size, 1);
      await ANSWER(t, 30_000);
      assert.equal(t.down.size, 0);
      assert.equal(t.changes(), 2);
      await t.trunks.close();
      assert.equal(t.clock.pendingCount, 0);
    });
  }

  it('say nothing of the trunk while our own signalling server is away', async () => {
    const t = watch(ASKED);
    await settle();
    t.sip.isConnected = false;
    await ANSWER(t, 120_000);
    assert.equal(t.asked.length, 1);
    assert.equal(t.down.size, 0);
    await t.trunks.close();
  });
});
