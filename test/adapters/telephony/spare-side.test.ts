import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { type SpareEndpoint, SpareSide } from '../../../src/adapters/telephony/spare-side.js';

class FakeSpare implements SpareEndpoint {
  readonly id = 'spare';
  readonly localSdp = 'v=0\r\nc=IN IP4 192.0.2.7\r\n';
  hasEnded = false;
  farSide = '';
  refuses = false;
  lend(remoteSdp: string): Promise<void> {
    this.farSide = remoteSdp;
    return this.refuses ? Promise.reject(new Error('no such command')) : Promise.resolve();
  }
  close(): Promise<void> {
    this.hasEnded = true;
    return Promise.resolve();
  }
}

describe('the agent’s side made ahead', () => {
  const clock = virtualClock();
  const failures: unknown[] = [];
  const joins = { begin: true };
  const spareOf = (make: () => Promise<FakeSpare>) =>
    new SpareSide<FakeSpare>({
      clock,
      make,
      join: () => Promise.resolve(joins.begin),
      onFailed: (thrown) => failures.push(thrown),
    });
  afterEach(() => {
    failures.length = 0;
    joins.begin = true;
    assert.equal(clock.pendingCount, 0);
  });

  it('has the media server itself for a far side, which takes everything and says nothing', async () => {
    const endpoint = new FakeSpare();
    await spareOf(() => Promise.resolve(endpoint)).made();
    assert.match(endpoint.farSide, /^c=IN IP4 192\.0\.2\.7\r\n(?:.*\r\n)*m=audio 9 /m);
  });

  it('is not waited for longer than half a second', async () => {
    const spare = spareOf(() => new Promise(() => undefined));
    const joined = spare.join();
    await clock.advance(500);
    assert.equal(await joined, false);
    assert.equal(await spare.isJoinedWith('spare'), false);
  });

  it('is closed and given to nobody when it is of no use', async () => {
    const endpoint = new FakeSpare();
    endpoint.refuses = true;
    const spare = spareOf(() => Promise.resolve(endpoint));
    assert.equal(await spare.take(), undefined);
    assert.deepEqual([endpoint.hasEnded, spare.isOver, failures.length], [true, true, 1]);
  });

  it('counts as joined only when the bridge has begun, and until the customer is parked', async () => {
    const make = () => Promise.resolve(new FakeSpare());
    joins.begin = false;
    const without = spareOf(make);
    assert.equal(await without.join(), false);
    joins.begin = true;
    const spare = spareOf(make);
    assert.equal(await spare.join(), true);
    assert.equal(await spare.isJoinedWith('spare'), true);
    assert.equal(await spare.isJoinedWith('other'), false);
    spare.parted();
    assert.equal(await spare.isJoinedWith('spare'), false);
  });

  it('is closed when the customer has gone, unless an agent still has it', async () => {
    const [idle, lent] = [new FakeSpare(), new FakeSpare()];
    const spares = [idle, lent].map((endpoint) => spareOf(() => Promise.resolve(endpoint)));
    await spares[1]?.take();
    await Promise.all(spares.map((spare) => spare.release()));
    assert.deepEqual([idle.hasEnded, lent.hasEnded], [true, false]);
    assert.equal(await spares[1]?.take(), undefined);
  });
});
