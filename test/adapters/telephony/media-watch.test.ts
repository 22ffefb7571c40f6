import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { virtualClock } from '../../../src/adapters/clock/virtual-clock.js';
import { MediaWatch } from '../../../src/adapters/telephony/media-watch.js';
import { settle } from '../../fakes/fake-telephony.js';
import { eventually, type LiveCall, useSite } from './site.js';

function watched() {
  const clock = virtualClock();
  const seen = { asked: 0, silent: 0 };
  const server: { packets: number | undefined } = { packets: 50 };
  const watch = new MediaWatch({
    clock,
    silenceMaxMs: 8000,
    countPackets: () => {
      seen.asked += 1;
      const { packets } = server;
      return packets === undefined ? Promise.reject(new Error('busy')) : Promise.resolve(packets);
    },
    onSilent: () => (seen.silent += 1),
  });
  const pass = async (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += 1000) {
      await clock.advance(1000);
      await settle();
    }
  };
  return { clock, seen, server, watch, pass };
}

describe('the media watch', () => {
  it('tells once that the count of packets has stood still for so long, and asks no more', async () => {
    const { clock, seen, pass } = watched();
    await pass(9000);
    assert.deepEqual(seen, { asked: 4, silent: 0 }, 'the first count was new');
    await pass(1000);
    assert.equal(seen.silent, 1);
    assert.equal(clock.pendingCount, 0);
  });

  it('counts anew with each packet, and when the server cannot be asked', async () => {
    const { seen, server, watch, pass } = watched();
    for (const packets of [51, 52, undefined, 52]) {
      await pass(6000);
      server.packets = packets;
    }
    await pass(6000);
    assert.equal(seen.silent, 0);
    watch.stop();
    await pass(20_000);
    assert.equal(seen.silent, 0);
  });
});

describe('an endpoint that is watched', function () {
  this.timeout(60_000);
  const site = useSite();
  const LIMIT_MS = 2000;

  function watchedCall(call: LiveCall) {
    const seen = { hasEnded: false };
    call.endpoint.onEnded(() => (seen.hasEnded = true));
    call.far.rtp.sendTone(call.endpoint.localSdp, 600);
    call.endpoint.watchMedia(LIMIT_MS);
    return seen;
  }

  it('ends when the far side falls silent without a word, and not before, while it hears music', async () => {
    const call = await site().call();
    const seen = watchedCall(call);
    call.endpoint.play([await site().toneFile(440, 600)], { loop: true });
    await sleep(2 * LIMIT_MS);
    assert.equal(seen.hasEnded, false, 'RTP comes');
    call.far.rtp.stopSending();
    await eventually(() => assert.equal(seen.hasEnded, true), 3 * LIMIT_MS);
    await site().hangUp(call);
  });

  it('ends so in the middle of a bridge, too, while the other side still talks', async () => {
    const customer = await site().call();
    const agent = await site().call();
    agent.far.rtp.sendTone(agent.endpoint.localSdp, 900);
    const seen = watchedCall(customer);
    await customer.endpoint.bridge(agent.endpoint);
    await sleep(2 * LIMIT_MS);
    assert.equal(seen.hasEnded, false, 'RTP comes');
    customer.far.rtp.stopSending();
    await eventually(() => assert.equal(seen.hasEnded, true), 3 * LIMIT_MS);
    await site().hangUp(customer, agent);
  });

  it('is asked no more once it is closed', async () => {
    const call = await site().call();
    call.endpoint.watchMedia(LIMIT_MS);
    await site().hangUp(call);
    call.endpoint.watchMedia(LIMIT_MS);
    await sleep(LIMIT_MS);
    assert.equal(call.endpoint.hasEnded, true);
  });
});
