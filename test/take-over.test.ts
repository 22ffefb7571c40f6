import assert from 'node:assert/strict';
import { virtualClock } from '../src/adapters/clock/virtual-clock.js';
import type { CancelledBy, Leftover } from '../src/schedule/callback-store.js';
import type { SharedStore } from '../src/schedule/shared-store.js';
import { TakeOver } from '../src/take-over.js';
import { FakeStore } from './fakes/fake-store.js';
import { FakeTelephony, settle, silentLog } from './fakes/fake-telephony.js';

/** The other processes, as a test wants them; `undefined` for a store of one process. */
class Others implements SharedStore {
  readonly lost = new Set<(why: string) => Promise<void>>();
  readonly gone = new Set<() => void>();
  readonly adopted = new Set<(ownerIds: readonly string[]) => void>();
  readonly cancel = new Set<(id: string, by: CancelledBy) => void>();
  mayDial = (): boolean => true;
  onLeaseLost = (handler: (why: string) => Promise<void>) => listen(this.lost, handler);
  onOthersGone = (handler: () => void) => listen(this.gone, handler);
  onAdopted = (handler: (ownerIds: readonly string[]) => void) => listen(this.adopted, handler);
  onCancel = (handler: (id: string, by: CancelledBy) => void) => listen(this.cancel, handler);
}

function listen<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}

function setUp(shared?: Others) {
  const events: string[] = [];
  /** What is found at each look, first one first. */
  const found: string[][] = [];
  const state = { isBroken: false, isBrokenAfterLegs: false, calls: [] as string[] };
  const clock = virtualClock();
  const telephony = new FakeTelephony();
  telephony.orphanEnd = ({ callId }) => {
    events.push(`end leg ${callId}`);
    return 'ended';
  };
  const store = Object.assign(new FakeStore(), {
    shared,
    takeOverLegs: () => {
      if (state.isBroken) return Promise.reject(new Error('the disk is gone'));
      const legs = (found[0] ?? []).map((id) => ({
        callId: `of ${id}`,
        callbackId: id,
        ringsUntilMs: 0,
      }));
      return Promise.resolve(legs);
    },
    endLostInboundCalls: (endedAtMs: number) => {
      const calls = state.calls.splice(0);
      return Promise.resolve(calls.map((id) => ({ ...LOST, id, endedAtMs })));
    },
    takeOverLeftovers: () => {
      if (state.isBrokenAfterLegs) return Promise.reject(new Error('the connection is gone'));
      return Promise.resolve((found.shift() ?? []).map((id) => ({ id }) as Leftover));
    },
  });
  const host = {
    recover: ({ id }: Leftover) => void events.push(`recover ${id}`),
    abandon: (why: string) => Promise.resolve(void events.push(`abandon: ${why}`)),
    cancel: (id: string, by: CancelledBy) => Boolean(events.push(`cancel ${id} by ${by}`)),
  };
  const inbound = {
    hangUpAll: (why: string) => Promise.resolve(void events.push(`end inbound: ${why}`)),
  };
  const endOwnedBy = (ownerId: string) =>
    Promise.resolve(void events.push(`end all of ${ownerId}`));
  const deps = {
    store,
    host,
    inbound,
    telephony,
    endOwnedBy,
    clock,
    records: { inbound: ({ id }: { id: string }) => void events.push(`record of ${id}`) },
    metrics: {
      inbound: (service: string, outcome: string) => void events.push(`${service} ${outcome}`),
    },
    log: silentLog,
  };
  return { takeOver: new TakeOver(deps), events, found, state, clock };
}

const LOST = {
  ...{ callId: 'theirs', serviceName: 'sales', sourceAddress: '192.0.2.10', startedAtMs: 1 },
  outcome: 'lost',
  why: 'NODE_LOST',
} as const;

describe('TakeOver', () => {
  it('ends what was left on the wire before its callbacks go on', async () => {
    const { takeOver, events, found } = setUp();
    found.push(['a', 'b']);
    await takeOver.start();
    assert.deepEqual(events, ['end leg of a', 'end leg of b', 'recover a', 'recover b']);
  });

  it('ends calls from outside once nothing of them is on the wire, each with a record', async () => {
    const { takeOver, events, found, state } = setUp();
    found.push(['inbound-a', 'b']);
    state.calls = ['inbound-a'];
    await takeOver.start();
    const legs = ['end leg of inbound-a', 'end leg of b'];
    assert.deepEqual(events.slice(0, 4), [...legs, 'record of inbound-a', 'sales lost']);
  });

  it('does not start on a store that cannot be read', async () => {
    const { takeOver, state } = setUp();
    state.isBroken = true;
    await assert.rejects(takeOver.start(), /the disk is gone/);
  });

  it('does it again when a process is gone, once for all that is told meanwhile', async () => {
    const others = new Others();
    const { takeOver, events, found } = setUp(others);
    await takeOver.start();
    found.push(['theirs'], ['too early']);
    for (let times = 0; times < 5; times += 1) others.gone.forEach((tell) => tell());
    await settle();
    assert.deepEqual(events, ['end leg of theirs', 'recover theirs']);
  });

  it('goes on after a take-over that failed', async () => {
    const others = new Others();
    const { takeOver, events, found, state } = setUp(others);
    await takeOver.start();
    state.isBroken = true;
    others.gone.forEach((tell) => tell());
    await settle();
    state.isBroken = false;
    found.push(['theirs']);
    others.gone.forEach((tell) => tell());
    await settle();
    assert.deepEqual(events, ['end leg of theirs', 'recover theirs']);
  });

  it('asks again by itself for what it has taken over and could not read', async () => {
    const others = new Others();
    const { takeOver, events, found, state, clock } = setUp(others);
    await takeOver.start();
    found.push(['theirs']);
    state.isBrokenAfterLegs = true;
    others.gone.forEach((tell) => tell());
    await clock.advance(2500);
    // In the store nobody is gone any more: nothing tells of it a second time.
    state.isBrokenAfterLegs = false;
    await clock.advance(1000);
    assert.deepEqual(events.at(-1), 'recover theirs');
    await takeOver.stop();
    assert.equal(clock.pendingCount, 0);
  });

  it('asks no more once it is stopped', async () => {
    const others = new Others();
    const { takeOver, state, clock } = setUp(others);
    await takeOver.start();
    state.isBroken = true;
    others.gone.forEach((tell) => tell());
    await clock.advance(500);
    await takeOver.stop();
    assert.equal(clock.pendingCount, 0);
  });

  it('ends the own calls when the lease runs out, and what a dead owner has on the servers', async () => {
    const others = new Others();
    const { takeOver, events } = setUp(others);
    await takeOver.start();
    await Promise.all([...others.lost].map((tell) => tell('the process stood still')));
    others.adopted.forEach((tell) => tell(['x', 'y']));
    const [why, ...servers] = ['the lease ran out', 'end all of x', 'end all of y'];
    assert.deepEqual(events, [`abandon: ${why}`, `end inbound: ${why}`, ...servers]);
  });

  it('passes a cancel on that came to another process', async () => {
    const others = new Others();
    const { takeOver, events } = setUp(others);
    await takeOver.start();
    others.cancel.forEach((tell) => tell('a', 'customer'));
    assert.deepEqual(events, ['cancel a by customer']);
  });

  it('hears and begins nothing any more once it is stopped', async () => {
    const others = new Others();
    const { takeOver, events, found } = setUp(others);
    await takeOver.start();
    found.push(['theirs']);
    others.gone.forEach((tell) => tell());
    await takeOver.stop();
    assert.deepEqual(events, []);
    assert.equal(others.lost.size + others.gone.size + others.adopted.size + others.cancel.size, 0);
  });
});
