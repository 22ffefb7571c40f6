/** Office hours and calling window with a real store: callbacks wait on disk, and the clock may jump. */
import assert from 'node:assert/strict';
import { addWeeks, readWeekly } from '../../src/schedule/hours/read-hours.js';
import { serviceConfig } from '../fakes/service-config.js';
import { HOUR_MS, NOON_MS, TroubleBench } from './bench.js';

const LONDON = '+442071234567';
const NEW_YORK = '+12125550123';

describe('when a number may not be dialled now', function () {
  this.timeout(20_000);
  let bench: TroubleBench;
  beforeEach(async () => {
    bench = await TroubleBench.open();
  });
  afterEach(() => bench.close());

  const window = (...lines: string[]) => addWeeks(lines.map((line) => readWeekly(line) ?? []));
  const allow = (callingWindow: string, options = {}) => {
    const service = serviceConfig({ dialRetryMs: 600_000, ...options });
    const time = { ...service.time, callingWindow: window(callingWindow) };
    bench.service = { ...service, time };
  };
  const givenBack = (id: string) =>
    bench.until('the callback in the store', async () => {
      const record = await bench.store.get(id);
      const isBack = record?.claimed === false && record.state === 'SCHEDULED';
      return isBack ? record : undefined;
    });
  const rows = async (id: string) => (await bench.store.story(id)).map(({ row }) => row);

  it('it waits in the store for the window of the customer, and is dialled then', async () => {
    allow('Mon-Sun 09:00-20:00');
    const [early, now] = [await bench.accepted(NEW_YORK), await bench.accepted(LONDON)];
    await bench.until('the call to London', () => bench.dialCount(LONDON) === 1 || undefined);
    const record = await givenBack(early);
    // Noon in London is seven in New York.
    assert.equal(record.dueAtMs, NOON_MS + 2 * HOUR_MS);
    assert.equal(record.attemptCount, 0);
    assert.equal(bench.dialCount(NEW_YORK), 0);
    await bench.pass(2 * HOUR_MS, HOUR_MS / 12);
    await bench.pass(12_000);
    await bench.until('the call to New York', () => bench.dialCount(NEW_YORK) === 1 || undefined);
    assert.deepEqual(await rows(early), ['dial.closed', 'dial.again']);
    assert.ok(now);
  });

  it('a retry waits, too, and keeps its count', async () => {
    allow('Mon-Sun 09:00-12:01', { dialRetryMs: 10_000 });
    const id = await bench.accepted(LONDON);
    bench.clock.setWallClock(NOON_MS + 55_000);
    (await bench.invite(1)).fail(486);
    await bench.retrying(id);
    await bench.pass(11_000);
    const record = await givenBack(id);
    assert.equal(record.attemptCount, 1);
    assert.equal(record.dueAtMs, NOON_MS + 21 * HOUR_MS);
    assert.equal(bench.invites.length, 1);
  });

  it('survives a crash, and a reload that opens the window is seen within a day', async () => {
    allow('Sun 09:00-20:00');
    const nowMs = bench.clock.nowMs();
    const { id } = await bench.store.accept({
      ...{ id: 'patient', serviceName: 'sales', customerNumber: LONDON },
      ...{ createdAtMs: nowMs, desiredAtMs: nowMs, expiresAtMs: nowMs + 99 * HOUR_MS },
      ...{ userData: {}, lookupKeys: {}, requestOptions: {} },
    });
    // Thursday noon: Sunday is three days ahead.
    assert.equal((await givenBack(id)).dueAtMs, NOON_MS + 24 * HOUR_MS);
    await bench.crash();
    allow('Mon-Sun 09:00-20:00');
    await bench.pass(24 * HOUR_MS, HOUR_MS);
    await bench.pass(12_000);
    await bench.until('the call', () => bench.dialCount(LONDON) === 1 || undefined);
  });

  it('ends with its life when nothing opens before', async () => {
    allow('Sun 09:00-20:00');
    const { status, id } = await bench.request(LONDON, {});
    assert.equal(status, 200);
    await givenBack(id);
    await bench.pass(25 * HOUR_MS, HOUR_MS);
    const { reason, attemptCount } = await bench.completed(id);
    assert.deepEqual([reason, attemptCount], ['FAIL_TIMEOUT_TTL', 0]);
  });

  it('can be cancelled and moved like one that nobody has taken up', async () => {
    allow('Mon-Sun 20:00-21:00');
    const id = await bench.accepted(LONDON);
    await givenBack(id);
    assert.equal(await bench.store.requestCancel(id, 'customer', NOON_MS), 'cancelled');
  });

  for (const [name, byMs] of [
    ['forward into the window', 9 * HOUR_MS],
    ['back out of it and forward again', -6 * HOUR_MS],
  ] as const) {
    it(`is dialled once when the clock is set ${name}`, async () => {
      allow('Mon-Sun 20:00-23:59');
      const id = await bench.accepted(LONDON);
      await givenBack(id);
      bench.clock.setWallClock(NOON_MS + byMs);
      await bench.pass(20_000);
      assert.equal(bench.invites.length, byMs > 0 ? 1 : 0);
      bench.clock.setWallClock(NOON_MS + 9 * HOUR_MS);
      await bench.pass(20_000);
      assert.equal((await bench.invite(1)).request.uri.includes(LONDON), true);
      await bench.pass(20_000);
      assert.equal(bench.invites.length, 1);
    });
  }
});

describe('when the clock was ahead and is set back', function () {
  this.timeout(20_000);
  let bench: TroubleBench;
  beforeEach(async () => {
    bench = await TroubleBench.open();
  });
  afterEach(() => bench.close());

  it('what waited in the queue is dialled now, not hours later, and once', async () => {
    bench.isUp = false;
    bench.service = serviceConfig({ dialRetryMs: 600_000 });
    await bench.accepted(LONDON);
    await bench.accepted(NEW_YORK);
    bench.clock.setWallClock(NOON_MS - 7 * HOUR_MS);
    await bench.pass(6000);
    bench.isUp = true;
    await bench.pass(20_000);
    await bench.invite(2);
    await bench.pass(30_000);
    assert.deepEqual([bench.dialCount(LONDON), bench.dialCount(NEW_YORK)], [1, 1]);
  });

  it('what is scheduled keeps its time of day', async () => {
    const _desired_time = new Date(NOON_MS + HOUR_MS).toISOString();
    const { id } = await bench.request(LONDON, { _desired_time });
    bench.clock.setWallClock(NOON_MS - HOUR_MS);
    await bench.pass(30_000);
    assert.equal(bench.invites.length, 0);
    assert.equal((await bench.store.get(id))?.state, 'SCHEDULED');
    bench.clock.setWallClock(NOON_MS + HOUR_MS - 60_000);
    await bench.pass(11_000);
    await bench.invite(1);
  });

  it('a retry that a crash interrupted waits no longer than its pause', async () => {
    const id = await bench.accepted(LONDON);
    (await bench.invite(1)).fail(486);
    await bench.retrying(id);
    bench.clock.setWallClock(NOON_MS - 5 * HOUR_MS);
    await bench.crash();
    await bench.pass(12_000);
    await bench.invite(2);
  });

  it('nothing is dialled twice or forgotten, wherever it jumps', async () => {
    const numbers = Array.from({ length: 6 }, (_, index) => `+1212555010${index}`);
    const ids: string[] = [];
    // A pseudo-random walk of some hours up and down, with answers in between.
    let seed = 7;
    const draw = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (const number of numbers) {
      ids.push(await bench.accepted(number));
      bench.clock.setWallClock(NOON_MS + (draw(13) - 6) * HOUR_MS);
      await bench.pass(3000);
    }
    for (let round = 0; round < 20; round += 1) {
      bench.clock.setWallClock(NOON_MS + (draw(13) - 6) * HOUR_MS);
      await bench.pass(6000, 2000);
      for (const call of bench.invites) call.fail(486);
    }
    const attempts = await Promise.all(ids.map((id) => bench.store.attempts(id)));
    for (const [index, id] of ids.entries()) {
      assert.equal((await bench.completed(id)).reason, 'FAIL_CALL_TO_CUSTOMER');
      assert.equal(attempts[index]?.length, 3);
      assert.equal(bench.dialCount(numbers[index] ?? ''), 3);
    }
    const callIds = bench.invites.map(({ callId }) => callId);
    assert.equal(new Set(callIds).size, callIds.length);
  });
});
