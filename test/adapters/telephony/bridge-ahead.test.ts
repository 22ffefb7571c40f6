/** A bridge made while an agent is called: against the embedded engine or real servers. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import type { Log, MediaEndpoint } from '../../../src/ports.js';
import { silentLog } from '../../../src/adapters/log.js';
import { KEPT_FOR_MS } from '../../../src/adapters/telephony/spare-side.js';
import type { FarParty } from '../../sip/far-party.js';
import { FaultProxy, freePort } from '../../sip/fault-proxy.js';
import { concat, level, loudestClick, toneShare } from '../../sip/far-rtp.js';
import { eventually, type LiveCall, useSite } from './site.js';

const [MUSIC_HZ, CUSTOMER_HZ, AGENT_HZ, STRANGER_HZ] = [300, 600, 900, 1500];
const LISTEN_MS = 400;
const AUDIBLE = 0.02;
const CLICK_MIN = 0.15;

/** Resolves when this is what is heard. */
async function hears(far: FarParty, toneHz: number): Promise<void> {
  await eventually(() => {
    const recent = far.rtp.heardSince(performance.now() - 200);
    assert.ok(toneShare(recent, toneHz) > 0.8, `not ${toneHz} Hz`);
  });
}

describe('a bridge made ahead', function () {
  this.timeout(30_000);
  const site = useSite();
  let customer: LiveCall;
  let agent: FarParty;
  beforeEach(async () => {
    customer = await site().call();
    customer.far.rtp.sendTone(customer.endpoint.localSdp, CUSTOMER_HZ);
    agent = await site().far();
  });

  const besideCustomer = () => site().telephony.media.createEndpoint({ beside: customer.endpoint });

  /** The customer hears the waiting treatment, and would be bridged under it. */
  async function hearsMusic({ endpoint, far }: LiveCall): Promise<void> {
    site().telephony.media.expectBridge(endpoint);
    endpoint.play([await site().toneFile(MUSIC_HZ, 2000)], { loop: true });
    await hears(far, MUSIC_HZ);
  }

  /** And somebody is called. */
  async function waits(): Promise<MediaEndpoint> {
    await hearsMusic(customer);
    return besideCustomer();
  }

  async function talk(spare: MediaEndpoint): Promise<void> {
    agent.rtp.sendTone(spare.localSdp, AGENT_HZ);
    await spare.connect(agent.rtp.sdp);
    await customer.endpoint.bridge(spare);
    await hears(customer.far, AGENT_HZ);
    await hears(agent, CUSTOMER_HZ);
  }

  it('takes no channel for those who only wait, and the agent’s own when one is called', async () => {
    const others = [await site().call(), await site().call()];
    const waiting = [customer, ...others];
    for (const call of waiting) await hearsMusic(call);
    assert.equal(site().telephony.counts()['endpoints'], waiting.length);
    const spare = await besideCustomer();
    assert.equal(site().telephony.counts()['endpoints'], waiting.length + 1);
    await talk(spare);
    assert.equal(site().telephony.counts()['endpoints'], waiting.length + 1);
    await Promise.all([spare.close(), site().hangUp(...waiting)]);
  });

  it('is made under the waiting treatment, which goes on where it was', async () => {
    await hearsMusic(customer);
    const fromMs = performance.now();
    const spare = await besideCustomer();
    await sleep(LISTEN_MS);
    const heard = customer.far.rtp.packets.filter(({ atMs }) => atMs >= fromMs);
    assert.ok(heard.length > 5, `${heard.length} packets`);
    const quiet = heard.filter(({ samples }) => level(samples) < AUDIBLE);
    assert.equal(quiet.length, 0, 'frames without the waiting treatment');
    const loudest = loudestClick(concat(heard.map(({ samples }) => samples)), MUSIC_HZ);
    assert.ok(loudest < CLICK_MIN, `a click of ${loudest.toFixed(2)} of full scale`);
    await talk(spare);
    await Promise.all([spare.close(), site().hangUp(customer)]);
  });

  it('is covered by the waiting treatment, and found when that ends', async () => {
    const spare = await waits();
    await talk(spare);
    // What was made ahead is used up: whoever comes next has an endpoint of their own.
    const next = await besideCustomer();
    assert.notEqual(next.id, spare.id);
    await customer.endpoint.unbridge();
    customer.endpoint.play([await site().toneFile(MUSIC_HZ, 2000)], { loop: true });
    await hears(customer.far, MUSIC_HZ);
    await Promise.all([spare.close(), next.close(), site().hangUp(customer)]);
  });

  it('lets nobody be heard before: neither who rings nor the customer', async () => {
    const spare = await waits();
    agent.rtp.sendTone(spare.localSdp, STRANGER_HZ);
    const fromMs = performance.now();
    await sleep(LISTEN_MS);
    const heard = customer.far.rtp.heardSince(fromMs);
    assert.ok(toneShare(heard, STRANGER_HZ) < 0.05, 'the customer hears who rings');
    assert.ok(toneShare(heard, MUSIC_HZ) > 0.5, 'no waiting treatment');
    const overheard = agent.rtp.heardSince(fromMs);
    assert.ok(overheard.length === 0 || level(overheard) < AUDIBLE, 'who rings hears the customer');
    await Promise.all([spare.close(), site().hangUp(customer)]);
  });

  it('is offered to one agent after the other, but not to two at a time', async () => {
    const spare = await waits();
    const besides = await besideCustomer();
    assert.notEqual(besides.id, spare.id);
    await spare.close();
    const again = await besideCustomer();
    assert.equal(again.id, spare.id);
    await talk(again);
    await Promise.all([again.close(), besides.close(), site().hangUp(customer)]);
  });

  it('is not offered again once somebody was connected to it; an announcement changes nothing', async () => {
    const spare = await waits();
    await customer.endpoint.play([await site().toneFile(STRANGER_HZ, 600)], { loop: false }).done;
    await spare.connect(agent.rtp.sdp);
    await spare.close();
    assert.ok(spare.hasEnded);
    const next = await besideCustomer();
    assert.notEqual(next.id, spare.id);
    await talk(next);
    await Promise.all([next.close(), site().hangUp(customer)]);
  });

  it('is made anew when it has gone meanwhile, and left alone for somebody else', async () => {
    const [spare, other] = [await waits(), await besideCustomer()];
    await other.connect(agent.rtp.sdp);
    agent.rtp.sendTone(other.localSdp, AGENT_HZ);
    await customer.endpoint.bridge(other);
    await hears(customer.far, AGENT_HZ);
    await hears(agent, CUSTOMER_HZ);
    await spare.close();
    assert.ok(spare.hasEnded);
    await Promise.all([other.close(), site().hangUp(customer)]);
  });

  it('is given up by no parting that cuts a file short', async () => {
    const spare = await waits();
    await spare.close();
    const fileMs = KEPT_FOR_MS + 1500;
    const file = await site().toneFile(STRANGER_HZ, fileMs);
    const end = await customer.endpoint.play([file], { loop: false }).done;
    assert.equal(end.kind, 'ended');
    await eventually(() => assert.ok(spare.hasEnded, 'kept for ever'));
    customer.endpoint.play([await site().toneFile(MUSIC_HZ, 2000)], { loop: true });
    await hears(customer.far, MUSIC_HZ);
    await site().hangUp(customer);
  });

  it('goes with the customer', async () => {
    await (await waits()).close();
    await site().hangUp(customer);
  });

  it('is had by an agent who answers while it is being made', async () => {
    const [short, file] = [
      await site().toneFile(MUSIC_HZ, 100),
      await site().toneFile(MUSIC_HZ, 2000),
    ];
    // FreeSWITCH has an offer of its own in the air for some 15 ms of that.
    for (const afterMs of [0, 3, 6, 9, 12]) {
      const waiting = await site().call();
      await waiting.endpoint.play([short], { loop: false }).done;
      site().telephony.media.expectBridge(waiting.endpoint);
      waiting.endpoint.play([file], { loop: true });
      const spare = await site().telephony.media.createEndpoint({ beside: waiting.endpoint });
      await sleep(afterMs);
      await spare.connect(agent.rtp.sdp);
      await waiting.endpoint.bridge(spare);
      await spare.close();
      await site().hangUp(waiting);
    }
    await site().hangUp(customer);
  });

  it('is a bridge as any other when an agent answers before anything is heard', async () => {
    site().telephony.media.expectBridge(customer.endpoint);
    const spare = await besideCustomer();
    customer.endpoint.play([await site().toneFile(MUSIC_HZ, 2000)], { loop: true });
    await talk(spare);
    await Promise.all([spare.close(), site().hangUp(customer)]);
  });

  it('is made before the waiting treatment begins where somebody is called by then', async () => {
    site().telephony.media.expectBridge(customer.endpoint);
    const spare = await besideCustomer();
    customer.endpoint.play([await site().toneFile(MUSIC_HZ, 2000)], { loop: true });
    await hears(customer.far, MUSIC_HZ);
    await talk(spare);
    await Promise.all([spare.close(), site().hangUp(customer)]);
  });

  it('is under way when an announcement comes, which is heard, and the treatment after it', async () => {
    const spare = await waits();
    const { endpoint, far } = customer;
    await endpoint.play([await site().toneFile(STRANGER_HZ, 600)], { loop: false }).done;
    assert.ok(toneShare(far.rtp.heardSince(performance.now() - 500), STRANGER_HZ) > 0.5);
    endpoint.play([await site().toneFile(MUSIC_HZ, 2000)], { loop: true });
    await hears(far, MUSIC_HZ);
    await talk(spare);
    await Promise.all([spare.close(), site().hangUp(customer)]);
  });
});

describe('a media server that refuses what a bridge made ahead takes', function () {
  this.timeout(30_000);
  const site = useSite();

  it('is asked once, said once, and then makes one channel for an agent', async () => {
    const options = site().options();
    const listenPort = await freePort();
    const events = await FaultProxy.open({ host: '127.0.0.1', port: listenPort });
    events.rewrite = (chunk) => chunk.replaceAll('uuid_displace', 'uuid_diplomat');
    let channels = 0;
    events.onPass = (chunk, isTowardsUs) => {
      if (!isTowardsUs && /^connect\n/m.test(chunk)) channels += 1;
    };
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, text) => void warnings.push(text) };
    const freeswitch = {
      ...options.freeswitch,
      listen: `127.0.0.1:${listenPort}`,
      advertise: `127.0.0.1:${events.port}`,
    };
    const telephony = await connectTelephony({ ...options, freeswitch, log });
    const far = await site().far();
    const made: number[] = [];
    try {
      for (const _customer of ['one', 'two', 'three']) {
        const customer = await telephony.media.createEndpoint();
        await customer.connect(far.rtp.sdp);
        telephony.media.expectBridge(customer);
        channels = 0;
        const agent = await telephony.media.createEndpoint({ beside: customer });
        made.push(channels);
        await Promise.all([agent.close(), customer.close()]);
      }
    } finally {
      await telephony.close();
      events.close();
    }
    assert.deepEqual(made, [2, 1, 1]);
    assert.deepEqual(warnings, ['bridges are made at the answer there, and take longer']);
    await site().checkLeaks(telephony);
  });
});
