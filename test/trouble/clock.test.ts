/** Somebody sets the wall clock while callbacks wait, ring and are talked with. */
import assert from 'node:assert/strict';
import { HOUR_MS, NOON_MS, TroubleBench } from './bench.js';

const CUSTOMER = '+14155550100';
const RETRY_MS = 10_000;

describe('when the wall clock is set', function () {
  this.timeout(20_000);
  let bench: TroubleBench;
  beforeEach(async () => {
    bench = await TroubleBench.open();
  });
  afterEach(() => bench.close());
  const uniqueCallIds = () => new Set(bench.invites.map(({ callId }) => callId)).size;

  for (const [name, byMs] of [
    ['forward by a day', 24 * HOUR_MS],
    ['back by a day', -24 * HOUR_MS],
  ] as const) {
    it(`${name}, a ringing call rings on and is retried once, after its pause`, async () => {
      const id = await bench.accepted(CUSTOMER);
      const call = await bench.invite(1);
      bench.clock.setWallClock(NOON_MS + byMs);
      await bench.pass(5000);
      assert.equal(call.cancelledWith, undefined);
      call.fail(486);
      await bench.retrying(id);
      await bench.pass(RETRY_MS - 2000);
      assert.equal(bench.invites.length, 1);
      await bench.pass(3000);
      await bench.invite(2);
      await bench.pass(RETRY_MS);
      assert.equal(bench.invites.length, 2);
      assert.equal((await bench.store.attempts(id)).length, 2);
    });

    it(`${name} during a retry pause, the pause stays what it was`, async () => {
      const id = await bench.accepted(CUSTOMER);
      (await bench.invite(1)).fail(486);
      await bench.retrying(id);
      await bench.pass(1000);
      bench.clock.setWallClock(NOON_MS + byMs);
      await bench.pass(RETRY_MS - 2000);
      assert.equal(bench.invites.length, 1);
      await bench.pass(2000);
      await bench.invite(2);
      assert.equal(uniqueCallIds(), 2);
    });

    it(`${name} while customer and agent talk, the call is left alone`, async () => {
      const id = await bench.accepted(CUSTOMER);
      const customer = await bench.invite(1);
      customer.answer();
      await bench.until('the analysis', () => bench.analyser.opened[0]?.isAnswered || undefined);
      bench.analyser.opened[0]?.decide('human');
      (await bench.invite(2)).answer();
      (await bench.until('the treatment', () => bench.telephony.plays[0])).end();
      await bench.until('the bridge', () => bench.telephony.endpoints[0]?.bridgedTo);
      bench.clock.setWallClock(NOON_MS + byMs);
      await bench.pass(30_000, 5000);
      assert.equal(bench.telephony.liveDialogs, 2);
      customer.dialog?.end('remote');
      assert.equal((await bench.completed(id)).reason, 'AGENT_CONNECTED');
      assert.equal(bench.invites.length, 2);
    });
  }

  it('forward, a scheduled callback is dialled once; and not again when it is set back', async () => {
    const desired = new Date(NOON_MS + HOUR_MS).toISOString();
    const { status } = await bench.request(CUSTOMER, { _desired_time: desired });
    assert.equal(status, 200);
    await bench.pass(5000);
    assert.equal(bench.invites.length, 0);
    bench.clock.setWallClock(NOON_MS + 2 * HOUR_MS);
    await bench.pass(15_000, 5000);
    await bench.invite(1);
    bench.clock.setWallClock(NOON_MS);
    await bench.pass(15_000, 5000);
    bench.clock.setWallClock(NOON_MS + 2 * HOUR_MS);
    await bench.pass(10_000, 5000);
    assert.equal(bench.invites.length, 1);
  });

  it('back, after a crash, a number with an orphan waits as long as it would have', async () => {
    const id = await bench.accepted(CUSTOMER);
    await bench.invite(1);
    await bench.store.commit(id, { attempt: { attempt: 1 } }, { durable: true });
    bench.clock.setWallClock(NOON_MS - HOUR_MS);
    await bench.crash();
    const [leg] = await bench.store.takeOverLegs(bench.clock.nowMs());
    // The telephony of the test ends every orphan: nothing is left to wait for.
    assert.equal(leg, undefined);
    await bench.retrying(id);
    await bench.pass(RETRY_MS + 2000);
    await bench.invite(2);
    assert.equal(uniqueCallIds(), 2);
  });
});
