/** A full disk and a locked store under a service with calls in the air, on real SQLite. */
import assert from 'node:assert/strict';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { TroubleBench } from './bench.js';

const CUSTOMER = '+14155550100';
const OTHER = '+14155550101';

describe('with a full disk', function () {
  this.timeout(20_000);
  let bench: TroubleBench;
  beforeEach(async () => {
    bench = await TroubleBench.open({ sizeMaxBytes: 1_000_000 });
  });
  afterEach(() => bench.close());

  it('refuses requests at once with 503 and when to come back, and accepts when there is room', async () => {
    const makeRoom = await bench.fillDisk();
    const refused = await bench.request(CUSTOMER);
    assert.deepEqual(
      [refused.status, refused.code, refused.retryAfter],
      [503, 'CBD_STORE_UNAVAILABLE', '5'],
    );
    assert.deepEqual(await bench.store.find({ customerNumber: CUSTOMER }), []);
    await makeRoom();
    assert.equal((await bench.request(CUSTOMER)).status, 200);
  });

  it('lets a call in the air go on to its end, and writes the end when there is room', async () => {
    const id = await bench.accepted(CUSTOMER);
    const call = await bench.invite(1);
    const makeRoom = await bench.fillDisk(id);
    call.answer();
    await bench.until('the analysis', () => bench.analyser.opened[0]?.isAnswered || undefined);
    bench.analyser.opened[0]?.decide('human');
    const play = await bench.until('the treatment', () => bench.telephony.plays[0]);
    assert.deepEqual(play.files, ['/m/connect.wav']);
    call.dialog?.end('remote');
    await bench.until('the wire to be quiet', () =>
      bench.telephony.liveEndpoints + bench.telephony.liveDialogs === 0 ? true : undefined,
    );
    await bench.pass(5000);
    assert.notEqual((await bench.store.get(id))?.state, 'COMPLETED', 'there was no room for it');
    await makeRoom();
    await bench.pass(2000);
    assert.equal((await bench.completed(id)).reason, 'FAIL_INTERACTION_DELETED');
    assert.equal(bench.dialCount(CUSTOMER), 1);
  });

  it('dials nothing, and what waits is dialled once when there is room', async () => {
    const id = await bench.accepted(CUSTOMER);
    (await bench.invite(1)).fail(486);
    await bench.retrying(id);
    const makeRoom = await bench.fillDisk(id);
    await bench.pass(15_000);
    assert.equal(bench.invites.length, 1, 'a dial without a record may not be');
    await makeRoom();
    await bench.pass(2000);
    await bench.invite(2);
    await bench.pass(5000);
    assert.equal(bench.invites.length, 2);
    const attempts = await bench.store.attempts(id);
    assert.deepEqual(
      attempts.map(({ callId }) => callId),
      bench.invites.map(({ callId }) => callId),
    );
  });

  it('does not dial again at once what died with its end unwritten', async () => {
    const id = await bench.accepted(CUSTOMER);
    const call = await bench.invite(1);
    await bench.fillDisk(id);
    call.answer().end('remote');
    await bench.pass(1000);
    await bench.crash({ sizeMaxBytes: 10_000_000 });
    await bench.retrying(id);
    assert.equal((await bench.store.attempts(id))[0]?.outcome, 'NODE_LOST');
    await bench.pass(9000);
    assert.equal(bench.invites.length, 1);
    await bench.pass(2000);
    assert.equal((await bench.invite(2)).callId, (await bench.store.attempts(id))[1]?.callId);
  });
});

describe('with the store locked by somebody else', function () {
  this.timeout(20_000);
  let bench: TroubleBench;
  beforeEach(async () => {
    bench = await TroubleBench.open({ busyTimeoutMs: 100 });
  });
  afterEach(() => bench.close());

  it('refuses requests with 503, keeps calls in the air, and dials once it is free', async () => {
    const id = await bench.accepted(CUSTOMER);
    const call = await bench.invite(1);
    const unlock = bench.lockStore();
    const first = await bench.request(OTHER);
    assert.deepEqual([first.status, first.retryAfter], [503, '5']);
    const startedAtMs = performance.now();
    assert.equal((await bench.request(OTHER)).status, 503);
    assert.ok(performance.now() - startedAtMs < 90, 'the next one is not made to wait');
    const dialog = call.answer();
    await bench.until('the analysis', () => bench.analyser.opened[0]?.isAnswered || undefined);
    bench.analyser.opened[0]?.decide('human');
    await bench.until('the treatment', () => bench.telephony.plays[0]);
    unlock();
    await bench.until('a store that can be written', () => bench.store.isWritable || undefined);
    await bench.accepted(OTHER);
    await bench.pass(1000);
    await bench.until('the dial', () => bench.dialCount(OTHER) === 1 || undefined);
    dialog.end('remote');
    await bench.pass(2000);
    await bench.completed(id);
    assert.deepEqual([bench.dialCount(CUSTOMER), bench.dialCount(OTHER)], [1, 1]);
  });

  it('starts no second service on the same store', async () => {
    await assert.rejects(openSqliteStore({ file: bench.file }), { code: 'STORE_LOCKED' });
  });
});
