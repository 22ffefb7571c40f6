import assert from 'node:assert/strict';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import {
  KEPT_FOR_MS,
  type SpareEndpoint,
  SpareSide,
} from '../../../src/adapters/telephony/spare-side.js';

class FakeSpare implements SpareEndpoint {
  readonly id = 'spare';
  readonly localSdp = 'v=0\r\nc=IN IP4 192.0.2.7\r\n';
  hasEnded = false;
  farSide = '';
  refuses = false;
  takesBack = (): boolean => false;
  lend(remoteSdp: string, takesBack: () => boolean): Promise<void> {
    Object.assign(this, { farSide: remoteSdp, takesBack });
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
  let partings = 0;
  let isPlaying = false;
  const spareOf = (make: () => Promise<FakeSpare>) =>
    new SpareSide<FakeSpare>({
      clock,
      make,
      join: () => Promise.resolve(joins.begin),
      part: () => Promise.resolve(void (partings += 1)),
      mayPart: () => !isPlaying,
      onFailed: (thrown) => failures.push(thrown),
    });
  afterEach(() => {
    failures.length = 0;
    joins.begin = true;
    partings = 0;
    assert.equal(clock.pendingCount, 0);
  });

  it('has the media server itself for a far side, which takes everything and says nothing', async () => {
    const endpoint = new FakeSpare();
    await spareOf(() => Promise.resolve(endpoint)).take();
    assert.match(endpoint.farSide, /^c=IN IP4 192\.0\.2\.7\r\n(?:.*\r\n)*m=audio 9 /m);
  });

  it('holds up no sound while it is being made', async () => {
    const spare = spareOf(() => new Promise(() => undefined));
    assert.equal(await spare.join(), false);
    assert.equal(await spare.isJoinedWith('spare'), false);
  });

  it('is for one agent at a time, and whoever comes second does not wait for it', async () => {
    const spare = spareOf(() => new Promise(() => undefined));
    void spare.take();
    assert.equal(await spare.take(), undefined);
  });

  it('is not made a second time for whoever asked when it cannot be made', async () => {
    const spare = spareOf(() => Promise.reject(new Error('full')));
    await assert.rejects(spare.take(), /full/);
    assert.equal(spare.isOver, true);
  });

  it('is kept for the next agent, and parted from and closed when none comes', async () => {
    const endpoint = new FakeSpare();
    const spare = spareOf(() => Promise.resolve(endpoint));
    await spare.take();
    await spare.join();
    assert.equal(endpoint.takesBack(), true);
    await clock.advance(KEPT_FOR_MS - 1);
    assert.equal(await spare.take(), endpoint);
    await clock.advance(KEPT_FOR_MS);
    assert.deepEqual([endpoint.hasEnded, partings], [false, 0]);
    assert.equal(endpoint.takesBack(), true);
    await clock.advance(KEPT_FOR_MS);
    assert.deepEqual([endpoint.hasEnded, spare.isOver, partings], [true, true, 1]);
    assert.equal(endpoint.takesBack(), false);
  });

  it('is parted from only once no sound is cut by that, and may be had by the next agent until then', async () => {
    const endpoint = new FakeSpare();
    const spare = spareOf(() => Promise.resolve(endpoint));
    await spare.take();
    await spare.join();
    isPlaying = true;
    assert.equal(endpoint.takesBack(), true);
    await clock.advance(5 * KEPT_FOR_MS);
    assert.deepEqual([endpoint.hasEnded, partings], [false, 0]);
    assert.equal(await spare.take(), endpoint);
    assert.equal(endpoint.takesBack(), true);
    await clock.advance(2 * KEPT_FOR_MS);
    isPlaying = false;
    await clock.advance(1000);
    assert.deepEqual([endpoint.hasEnded, partings], [true, 1]);
  });

  it('is closed by the agent’s side that got it too late', async () => {
    const endpoint = new FakeSpare();
    let made = (_: FakeSpare): void => undefined;
    const spare = spareOf(() => new Promise((resolve) => (made = resolve)));
    const taken = spare.take();
    void spare.release();
    made(endpoint);
    assert.deepEqual([await taken, endpoint.hasEnded], [undefined, true]);
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
    await without.take();
    assert.equal(await without.join(), false);
    joins.begin = true;
    const spare = spareOf(make);
    await spare.take();
    assert.equal(await spare.join(), true);
    assert.equal(await spare.isJoinedWith('spare'), true);
    assert.equal(await spare.isJoinedWith('other'), false);
    spare.parted();
    assert.equal(await spare.isJoinedWith('spare'), false);
  });

  it('is closed when the customer has gone, unless an agent still has it', async () => {
    const [idle, lent] = [new FakeSpare(), new FakeSpare()];
    const spares = [idle, lent].map((endpoint) => spareOf(() => Promise.resolve(endpoint)));
    for (const spare of spares) await spare.take();
    assert.equal(idle.takesBack(), true);
    await Promise.all(spares.map((spare) => spare.release()));
    assert.deepEqual([idle.hasEnded, lent.hasEnded], [true, false]);
    assert.equal(await spares[1]?.take(), undefined);
  });
});
