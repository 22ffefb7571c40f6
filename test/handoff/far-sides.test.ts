import assert from 'node:assert/strict';
import { settle } from '../fakes/fake-telephony.js';
import { supportPlans } from '../fakes/queue-desk.js';
import { handoffBed, NOTHING_LEFT } from './bed.js';
import { agentPlan, agentQueue } from './queue/queue-world.js';

describe('a far side that is heard before its answer', () => {
  const early = supportPlans('sip:support@pbx', 'sip:other@pbx');
  const passed = {
    agents: [],
    queues: early.queues.map((queue) => ({ ...queue, earlyMedia: 'pass' as const })),
  };
  const heard = async (handoff: Parameters<typeof handoffBed>[0] = {}) => {
    const bed = await handoffBed(handoff, {}, passed);
    const call = await bed.search();
    call.ring(183, 'v=0 early');
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'early-media', queueId: 'q', isHeard: true }]);
    void bed.player.stop('waiting');
    bed.farSides.listenIn('q', bed.customer);
    await settle();
    assert.deepEqual(bed.playing(), []);
    assert.notEqual(bed.endpoint.bridgedTo, undefined);
    return { bed, call };
  };

  it('is not connected anew when it answers', async () => {
    const { bed, call } = await heard();
    assert.equal(bed.endpoint.bridgeCount, 1);
    call.answer();
    await settle();
    assert.equal(bed.posted.at(-1)?.type, 'agent-answered');
    await bed.bridge('q');
    assert.equal(bed.endpoint.bridgeCount, 1);
    assert.equal(bed.known().transfer, 'bridged');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is not heard while its agent is screened, and connected anew afterwards', async () => {
    const { bed, call } = await heard({ whisper: ['sales.wav'] });
    const order: string[] = [];
    const unbridge = bed.endpoint.unbridge.bind(bed.endpoint);
    bed.endpoint.unbridge = async () => {
      await settle();
      order.push('apart');
      return unbridge();
    };
    call.answer();
    await settle();
    order.push(...bed.playing().map((files) => files.join()));
    assert.deepEqual(bed.posted.at(-1), { type: 'early-media', queueId: 'q', isHeard: false });
    await settle();
    order.push(...bed.playing().map((files) => files.join()));
    assert.deepEqual(order, ['apart', '/m/sales.wav'], 'no whisper into the customer’s ear');
    bed.player.play(bed.endpoint, { playId: 'waiting', file: 'waiting.wav', loop: true });
    await settle();
    assert.deepEqual(bed.playing(), [['/m/sales.wav'], ['/m/waiting.wav']]);
    bed.telephony.plays.find(({ files }) => files[0] === '/m/sales.wav')?.end();
    await settle();
    assert.equal(bed.posted.at(-1)?.type, 'agent-answered');
    await bed.bridge('q');
    assert.equal(bed.endpoint.bridgeCount, 2);
    assert.notEqual(bed.endpoint.bridgedTo, undefined);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is heard although the one before is still being parted from', async () => {
    const { bed, call } = await heard();
    const unbridge = bed.endpoint.unbridge.bind(bed.endpoint);
    let part = (): void => {};
    bed.endpoint.unbridge = async () => {
      bed.endpoint.unbridge = unbridge;
      await new Promise<void>((resolve) => (part = resolve));
      return unbridge();
    };
    call.fail(480);
    await settle();
    bed.lastCall().ring(183, 'v=0 early, too');
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'early-media', queueId: 'q', isHeard: true });
    bed.farSides.listenIn('q', bed.customer);
    part();
    await settle();
    assert.equal(bed.endpoint.bridgeCount, 2);
    assert.notEqual(bed.endpoint.bridgedTo, undefined);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is parted from before the customer is played to again', async () => {
    const { bed, call } = await heard();
    call.fail(480);
    await settle();
    assert.deepEqual(bed.posted.at(-1), { type: 'early-media', queueId: 'q', isHeard: false });
    bed.player.play(bed.endpoint, { playId: 'again', file: 'waiting.wav', loop: true });
    await settle();
    assert.equal(bed.endpoint.bridgedTo, undefined);
    assert.equal(bed.playing().length, 1);
    assert.equal(bed.lastCall().request.uri, 'sip:other@pbx', 'the search goes on');
    await bed.player.stop('again');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });

  it('is parted from when the search is given up', async () => {
    const { bed, call } = await heard();
    bed.farSides.drop('q', 'waited too long', 'gave-up');
    await settle();
    assert.equal(bed.endpoint.bridgedTo, undefined);
    assert.equal(call.cancelledWith, 'waited too long');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});

describe('a place held ahead of the dial', () => {
  it('becomes a call beside the customer’s endpoint once the customer is there', async () => {
    const plans = { agents: [agentPlan('ann')], queues: [agentQueue('support', ['ann'])] };
    const bed = await handoffBed({}, {}, plans);
    const queue = { type: 'queue', queueId: 'q', queue: 'support', attemptsMax: 5 } as const;
    bed.farSides.search(queue, undefined);
    await settle();
    assert.deepEqual(bed.posted, [{ type: 'agent-near', queueId: 'q', why: 'ann is kept free' }]);
    assert.equal(bed.telephony.calls.length, 1, 'the customer’s only');
    bed.farSides.callAgent('q', bed.customer);
    await settle();
    assert.equal(bed.lastCall().request.uri, 'sip:ann@pbx.example.net');
    assert.equal(bed.telephony.wishes.at(-1)?.beside, bed.endpoint);
    bed.farSides.drop('q', 'the customer hung up', 'abandoned');
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
  });
});

describe('the user data of a callback', () => {
  it('is not left out without a word in the story', async () => {
    const bed = await handoffBed();
    await bed.search();
    assert.ok(!bed.notes.includes('user-data-left-out'));
    bed.farSides.drop('q', 'again');
    bed.userData['essay'] = 'x'.repeat(1000);
    const { request } = await bed.search();
    assert.equal(request.headers?.['X-GMS-User-Data'], undefined);
    assert.deepEqual(await bed.end(), NOTHING_LEFT);
    assert.equal(bed.notes.filter((note) => note === 'user-data-left-out').length, 1);
  });
});
