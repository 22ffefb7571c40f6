import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { WaitingCustomer } from '../../src/handoff/waiting-customer.js';
import type { QueueStanding } from '../../src/handoff/queue-search.js';
import { mediaFault } from '../../src/treatment/media-file.js';
import { FakeTelephony, silentLog } from '../fakes/fake-telephony.js';
import { HANDOFF } from '../fakes/service-config.js';

const numbers = { 1: ['one.wav'], 2: ['two.wav'], 3: ['three.wav'] };
const announcements = {
  position: ['you-are.wav', '{position}'],
  expectedWait: ['it-takes.wav', '{minutes}', 'minutes.wav'],
  everyMs: 30_000,
};

async function waiting(
  standing: () => QueueStanding | undefined,
  missing?: string,
  isThere: () => boolean = () => true,
) {
  const clock = virtualClock();
  const endpoint = await new FakeTelephony().media.createEndpoint();
  const said: (readonly string[])[] = [];
  const customer = new WaitingCustomer(
    {
      clock,
      log: silentLog,
      files: {
        probe: (path) =>
          Promise.resolve(
            path.endsWith(`/${missing}`) ? mediaFault('MEDIA_MISSING', '') : undefined,
          ),
        fetch: () => Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: '' }),
      },
    },
    {
      player: {
        interject: (_endpoint, files) => {
          said.push(files);
          return Promise.resolve();
        },
      },
      handoff: { ...HANDOFF, announcements, numbers },
      places: { directory: '/m', packagedDirectory: '/p' },
      endpoint: () => (isThere() ? endpoint : undefined),
      standing,
    },
  );
  return { clock, said, customer };
}

describe('A waiting customer', () => {
  it('is told the place and the expected wait every so often, as they are then', async () => {
    const standing = { position: 3, expectedWaitMs: 150_000 };
    const { clock, said, customer } = await waiting(() => standing);
    await clock.advance(30_000);
    assert.deepEqual(said, [
      ['/m/you-are.wav', '/m/three.wav', '/m/it-takes.wav', '/m/three.wav', '/m/minutes.wav'],
    ]);
    Object.assign(standing, { position: 1, expectedWaitMs: undefined });
    await clock.advance(30_000);
    assert.deepEqual(said[1], ['/m/you-are.wav', '/m/one.wav']);
    customer.stop();
    assert.equal(clock.pendingCount, 0);
  });

  it('is told nothing that is not known, has no files, or would have a hole', async () => {
    const { clock, said, customer } = await waiting(() => ({ position: 17 }));
    await clock.advance(60_000);
    customer.stop();
    const mute = await waiting(() => ({ position: 1 }), 'one.wav');
    await mute.clock.advance(60_000);
    mute.customer.stop();
    assert.deepEqual([...said, ...mute.said], []);
  });

  it('leaves no timer behind when the call has gone', async () => {
    let isThere = true;
    const { clock, said } = await waiting(
      () => ({ position: 1 }),
      undefined,
      () => isThere,
    );
    isThere = false;
    await clock.advance(30_000);
    assert.deepEqual([said, clock.pendingCount], [[], 0]);
  });

  it('is told nothing once nobody is waited for any more', async () => {
    let isSought = true;
    const { clock, said, customer } = await waiting(() => (isSought ? { position: 1 } : undefined));
    isSought = false;
    await clock.advance(60_000);
    assert.deepEqual(said, []);
    customer.stop();
  });
});
