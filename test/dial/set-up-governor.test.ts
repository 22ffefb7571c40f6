import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { governedTelephony } from '../../src/dial/governed-telephony.js';
import {
  type Hindrance,
  NO_LIMITS,
  type Place,
  SetUpGovernor,
} from '../../src/dial/set-up-governor.js';
import type { SetUpLimits } from '../../src/ports.js';
import { FakeTelephony, settle } from '../fakes/fake-telephony.js';

function setUp(more: Partial<SetUpLimits> = {}) {
  const clock = virtualClock();
  const limits = { ...NO_LIMITS, ...more };
  const governor = new SetUpGovernor({ clock, limits: () => limits });
  /** Names of those whose turn came, in order. */
  const order: string[] = [];
  const queue = (name: string, kind: 'agent' | 'customer' = 'customer'): Place => {
    const place = governor.queue(kind);
    void place.granted.then(() => order.push(name));
    return place;
  };
  /** A customer who is set up at once when the turn comes. */
  const quick = (name: string) => {
    const place = queue(name);
    void place.granted.then(() => place.release());
    return place;
  };
  return { clock, limits, governor, order, queue, quick };
}

describe('SetUpGovernor', () => {
  it('lets them in one after the other, evenly spaced, in the order they came', async () => {
    const { clock, order, quick, governor } = setUp({ maxPerSecond: 5 });
    for (const name of ['a', 'b', 'c', 'd']) quick(name);
    await clock.advance(0);
    assert.deepEqual(order, ['a']);
    await clock.advance(199);
    assert.deepEqual(order, ['a']);
    await clock.advance(1);
    assert.deepEqual(order, ['a', 'b']);
    await clock.advance(400);
    assert.deepEqual(order, ['a', 'b', 'c', 'd']);
    assert.deepEqual(governor.counts(), {
      waitingToDial: 0,
      waitingAgents: 0,
      setUpsInProgress: 0,
    });
  });

  it('lets nobody in while as many set-ups as allowed are in progress', async () => {
    const { clock, order, queue } = setUp({ maxInProgress: 2 });
    const [first] = [queue('a'), queue('b'), queue('c')];
    await clock.advance(10_000);
    assert.deepEqual(order, ['a', 'b']);
    first.release();
    await clock.advance(0);
    assert.deepEqual(order, ['a', 'b', 'c']);
  });

  it('lets an agent in before those who want to dial, and makes up for it', async () => {
    const { clock, order, queue, quick } = setUp({ maxPerSecond: 5 });
    for (const name of ['a', 'b', 'c']) quick(name);
    const agent = queue('agent', 'agent');
    await clock.advance(0);
    agent.release();
    assert.deepEqual(order, ['a', 'agent']);
    await clock.advance(399);
    assert.deepEqual(order, ['a', 'agent']);
    await clock.advance(1);
    assert.deepEqual(order, ['a', 'agent', 'b']);
    await clock.advance(200);
    assert.deepEqual(order, ['a', 'agent', 'b', 'c']);
  });

  it('forgets who leaves the line', async () => {
    const { clock, order, quick } = setUp({ maxPerSecond: 1 });
    quick('a');
    const b = quick('b');
    quick('c');
    await clock.advance(0);
    b.release();
    b.release();
    await clock.advance(1000);
    assert.deepEqual(order, ['a', 'c']);
  });

  it('waits for a hindrance to pass: by its own time, or until it is poked', async () => {
    const { clock, governor } = setUp();
    let hindrance: Hindrance | undefined = { code: 'trunk', why: 'once a second', waitMs: 300 };
    const place = governor.queue('customer', { hindrance: () => hindrance });
    hindrance = { code: 'trunk', why: 'no line free' };
    await clock.advance(300);
    assert.equal(place.isGranted, false);
    hindrance = undefined;
    await clock.advance(60_000);
    assert.equal(place.isGranted, false, 'nobody said that it passed');
    governor.poke();
    assert.equal(place.isGranted, true);
  });

  it('keeps some sessions of the media servers for agents', async () => {
    const { clock, limits, order, queue } = setUp({ maxSessions: 100, freeSessions: 5 });
    queue('customer');
    queue('agent', 'agent');
    await clock.advance(5000);
    assert.deepEqual(order, ['agent']);
    limits.freeSessions = 6;
    await clock.advance(1000);
    assert.deepEqual(order, ['agent', 'customer']);
  });

  it('begins fewer when set-ups get slow', async () => {
    const { clock, governor } = setUp();
    const work = (tookMs: number) =>
      governor.run('endpoint', () => new Promise<void>((resolve) => clock.after(tookMs, resolve)));
    for (let n = 0; n < 20; n += 1) {
      void work(10);
      await clock.advance(50);
    }
    const before = governor.perSecond;
    for (let n = 0; n < 20; n += 1) {
      void work(900);
      await clock.advance(100);
    }
    assert.ok(governor.perSecond < before, `${governor.perSecond} of ${before}`);
  });

  it('stops for good, with no timer left', async () => {
    const { clock, governor, order, quick } = setUp({ maxPerSecond: 1 });
    quick('a');
    quick('b');
    governor.stop();
    await clock.advance(5000);
    assert.deepEqual(order, ['a']);
    assert.equal(clock.pendingCount, 0);
  });
});

describe('governedTelephony', () => {
  it('counts and times endpoints; one that goes beside another takes a place of its own', async () => {
    const clock = virtualClock();
    const fake = new FakeTelephony();
    const limits = { ...NO_LIMITS, maxInProgress: 1 };
    const governor = new SetUpGovernor({ clock, limits: () => limits });
    const { media } = governedTelephony(fake, governor);
    const customer = await media.createEndpoint();
    const dialling = governor.queue('customer');
    assert.equal(dialling.isGranted, true);
    const creating = media.createEndpoint({ beside: customer });
    await settle();
    assert.equal(fake.endpoints.length, 1, 'a set-up is in progress');
    assert.equal(governor.counts().waitingAgents, 1);
    dialling.release();
    await creating;
    assert.equal(fake.endpoints.length, 2);
    assert.equal(governor.counts().setUpsInProgress, 0);
  });

  describe('endpoints that cannot be had', () => {
    /** @returns the rate before, and after several seconds of them */
    async function failing(isCustomerGone: boolean, more = {}) {
      const clock = virtualClock();
      const fake = new FakeTelephony();
      const governor = new SetUpGovernor({ clock, limits: () => NO_LIMITS });
      const { media } = governedTelephony(fake, governor);
      const customer = await media.createEndpoint();
      const before = governor.perSecond;
      if (isCustomerGone) await customer.close();
      fake.media.createEndpoint = () =>
        Promise.reject(Object.assign(new Error('Connection timeout'), more));
      for (let n = 0; n < 4; n += 1) {
        await assert.rejects(media.createEndpoint({ beside: customer }));
        await clock.advance(600);
      }
      assert.equal(governor.counts().setUpsInProgress, 0);
      return { before, after: governor.perSecond };
    }

    it('make it begin fewer calls', async () => {
      const { before, after } = await failing(false);
      assert.ok(after <= before / 4, `${after} of ${before}`);
    });

    it('make no difference when no server could be asked for them', async () => {
      const { before, after } = await failing(false, { isUnasked: true });
      assert.equal(after, before);
    });

    it('make no difference when the customer had hung up before the agent had his', async () => {
      const { before, after } = await failing(true);
      assert.equal(after, before);
    });
  });
});
