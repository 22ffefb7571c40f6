/** What two answered calls do with each other: against the embedded engine or real servers. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { systemRandom } from '../../../src/adapters/random.js';
import { goDirect, type DirectOutcome } from '../../../src/handoff/direct-media.js';
import { toneShare } from '../../sip/far-rtp.js';
import { eventually, type LiveCall, useSite } from './site.js';

const SETTLE_MS = 300;
/** A second of two sides, and the head of the file. */
const RECORDED_BYTES = 44 + 2 * 2 * 8000;
const REFER_MS = 10_000;
const DEPS = { clock: systemClock(), random: systemRandom() };

function kept(outcome: DirectOutcome): string {
  return outcome.kind === 'kept' ? outcome.why : outcome.kind;
}

function originOf(sdp: string) {
  const [, name, version, where] = /^o=(\S+ \d+) (\d+) (.*)$/m.exec(sdp) ?? [];
  return { name, version: BigInt(version ?? 0), where };
}

describe('two legs', function () {
  this.timeout(60_000);
  const site = useSite();
  let customer: LiveCall;
  let agent: LiveCall;
  beforeEach(async () => {
    customer = await site().call();
    agent = await site().call();
    customer.far.rtp.sendTone(customer.endpoint.localSdp, 600);
    agent.far.rtp.sendTone(agent.endpoint.localSdp, 900);
  });

  it('field notes 5: bridge, unbridge, re-bridge', async () => {
    await customer.endpoint.bridge(agent.endpoint);
    await customer.far.rtp.hears(900);
    await agent.far.rtp.hears(600);
    await customer.endpoint.unbridge();
    await customer.far.rtp.isQuiet();
    await customer.endpoint.bridge(agent.endpoint);
    await agent.far.rtp.hears(600);
    await site().hangUp(customer, agent);
  });

  it('are bridged in the middle of a sound, which is over then', async () => {
    const playing = customer.endpoint.play([await site().toneFile(300, 2000)], { loop: true });
    await customer.far.rtp.hears(300);
    await customer.endpoint.bridge(agent.endpoint);
    assert.equal((await playing.done).kind, 'stopped');
    await customer.far.rtp.hears(900);
    await agent.far.rtp.hears(600);
    await site().hangUp(customer, agent);
  });

  it('field notes 5: agent hangs up while bridged; the customer can hear a file at once', async () => {
    await customer.endpoint.bridge(agent.endpoint);
    await customer.far.rtp.hears(900);
    agent.far.call.bye();
    await eventually(() => assert.ok(agent.dialog.hasEnded));
    await agent.endpoint.close();
    const file = await site().toneFile(700, 2000);
    const playing = customer.endpoint.play([file], { loop: false });
    await customer.far.rtp.hears(700);
    assert.equal((await playing.done).kind, 'ended');
    assert.equal(customer.dialog.hasEnded, false);
    await site().hangUp(customer);
  });

  it('field notes 5: direct media, and FS back in', async () => {
    // drachtio discards the 200 to a re-INVITE that follows a 180, which no telephone sends there.
    for (const { far } of [customer, agent]) far.onInvite = (call) => call.answer();
    const outcomes = await Promise.all([
      customer.dialog.reinvite(agent.far.rtp.sdp),
      agent.dialog.reinvite(customer.far.rtp.sdp),
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.kind === 'error' ? outcome.why : outcome.kind)),
      ['answered', 'answered'],
    );
    await Promise.all([customer.endpoint.close(), agent.endpoint.close()]);
    customer.far.rtp.sendTone(agent.far.rtp.sdp, 600);
    agent.far.rtp.sendTone(customer.far.rtp.sdp, 900);
    await customer.far.rtp.hears(900);
    await agent.far.rtp.hears(600);
    assert.equal(customer.dialog.hasEnded, false);

    const endpoint = await site().telephony.media.createEndpoint();
    await endpoint.connect(customer.far.rtp.sdp);
    assert.equal((await customer.dialog.reinvite(endpoint.localSdp)).kind, 'answered');
    agent.far.rtp.stopSending();
    const playing = endpoint.play([await site().toneFile(700, 2000)], { loop: false });
    await customer.far.rtp.hears(700);
    await playing.stop();
    await site().hangUp({ ...customer, endpoint }, agent);
  });

  it('leaves the media server by offering each side the other’s description, in our name', async () => {
    const dialled = customer.far.call;
    for (const { far } of [customer, agent]) far.onInvite = (call) => call.answer();
    await customer.endpoint.bridge(agent.endpoint);
    assert.deepEqual(await goDirect(customer, agent, DEPS), { kind: 'direct' });
    await Promise.all([customer.endpoint.close(), agent.endpoint.close()]);
    customer.far.rtp.sendTone(agent.far.rtp.sdp, 600);
    agent.far.rtp.sendTone(customer.far.rtp.sdp, 900);
    await customer.far.rtp.hears(900);
    await agent.far.rtp.hears(600);
    // RFC 3264 8: in one dialog the origin stays, and its version goes up by one.
    const [first, second] = agent.far.requests('INVITE').map(({ body }) => originOf(body));
    assert.deepEqual(second, { ...first, version: (first?.version ?? 0n) + 1n });
    // Hold: what one side offers goes to the other.
    const held = customer.far.rtp.sdp.replace(/\r\n$/, '\r\na=sendonly\r\n');
    dialled.request_('INVITE', { sdp: held });
    await eventually(() => assert.equal(agent.far.requests('INVITE').length, 3));
    assert.match(agent.far.requests('INVITE')[2]?.body ?? '', /a=sendonly/);
    await site().hangUp(customer, agent);
  });

  it('stays with the media server when either side refuses', async () => {
    await customer.endpoint.bridge(agent.endpoint);
    agent.far.onInvite = (call) => call.respond(488, 'Not Acceptable Here');
    assert.match(kept(await goDirect(customer, agent, DEPS)), /^agent: 488/);
    agent.far.onInvite = (call) => call.answer();
    customer.far.onInvite = (call) => call.respond(488, 'Not Acceptable Here');
    assert.match(kept(await goDirect(customer, agent, DEPS)), /^customer: 488/);
    await customer.far.rtp.hears(900);
    await agent.far.rtp.hears(600);
    await site().hangUp(customer, agent);
  });

  /** What a finished recording holds: left and right. */
  async function recorded(path: string): Promise<readonly [Int16Array, Int16Array]> {
    let file = Buffer.alloc(0);
    for (let tries = 0; tries < 50 && file.length < RECORDED_BYTES; tries += 1) {
      await sleep(100);
      file = await readFile(path);
    }
    await rm(path);
    const samples = new Int16Array(
      new Uint8Array(file.subarray(44)).buffer,
      0,
      (file.length - 44) >> 1,
    );
    return [samples.filter((_, i) => i % 2 === 0), samples.filter((_, i) => i % 2 === 1)];
  }

  it('records both apart, the customer left and the agent right', async () => {
    const path = join(tmpdir(), `dialback-${randomUUID()}.wav`);
    await customer.endpoint.bridge(agent.endpoint);
    await customer.endpoint.record(path);
    await customer.far.rtp.hears(900, { forMs: 1500 });
    await site().hangUp(customer, agent);
    const [left, right] = await recorded(path);
    assert.ok(left.length > 8000, 'a second at least');
    // A late frame leaves a hole, which costs some of the share; the other's voice would leave nothing.
    assert.ok(toneShare(left, 600) > 0.5, 'the customer says 600 Hz');
    assert.ok(toneShare(right, 900) > 0.5, 'the agent says 900 Hz');
  });

  it('records nothing any more once that was stopped, and talks on', async () => {
    const path = join(tmpdir(), `dialback-${randomUUID()}.wav`);
    await customer.endpoint.bridge(agent.endpoint);
    await customer.endpoint.record(path);
    await customer.far.rtp.hears(900, { forMs: 1500 });
    await customer.endpoint.stopRecording();
    agent.far.rtp.sendTone(agent.endpoint.localSdp, 1500);
    await customer.far.rtp.hears(1500, { forMs: 1500 });
    await site().hangUp(customer, agent);
    const [, right] = await recorded(path);
    assert.ok(right.length > 8000, 'a second at least');
    assert.ok(toneShare(right, 900) > 0.5, 'what was said before');
    assert.ok(toneShare(right, 1500) < 0.05, 'nothing of what was said later');
  });

  it('goes on as before when the far side refuses another session description, however often', async () => {
    agent.far.onInvite = (call) => call.respond(488, 'Not Acceptable Here');
    for (let i = 0; i < 2; i += 1) {
      assert.deepEqual(await agent.dialog.reinvite(customer.far.rtp.sdp), {
        kind: 'refused',
        status: 488,
        reason: 'Not Acceptable Here',
      });
    }
    await customer.endpoint.bridge(agent.endpoint);
    await agent.far.rtp.hears(600);
    await site().hangUp(customer, agent);
  });

  describe('field notes 5: REFER', () => {
    const notify = (status: string, state: string) =>
      agent.far.call.request_('NOTIFY', {
        headers: { event: 'refer', 'subscription-state': state },
        body: { type: 'message/sipfrag', text: `SIP/2.0 ${status}\r\n` },
      });

    it('is followed from its 202 to what the last NOTIFY says', async () => {
      agent.far.onRequest = (call, request) => {
        if (request.method !== 'REFER') return;
        call.respondTo(request, 202, 'Accepted');
        notify('100 Trying', 'active;expires=60');
        notify('200 OK', 'terminated;reason=noresource');
      };
      const outcome = await agent.dialog.refer('sip:queue7@127.0.0.1:5999', REFER_MS);
      assert.deepEqual(outcome, { kind: 'transferred', status: 200 });
      const refer = await agent.far.request('REFER');
      assert.equal(refer.header('refer-to'), '<sip:queue7@127.0.0.1:5999>');
      assert.equal(agent.dialog.hasEnded, false, 'its BYE is ours to send');
      await site().hangUp(customer, agent);
    });

    it('is a refusal when the far side refuses, or cannot reach whom it was referred to', async () => {
      agent.far.onRequest = (call, request) => {
        if (request.method === 'REFER') call.respondTo(request, 603, 'Decline');
      };
      assert.deepEqual(await agent.dialog.refer('sip:queue7@127.0.0.1:5999', REFER_MS), {
        kind: 'refused',
        status: 603,
        reason: 'Decline',
      });
      agent.far.onRequest = (call, request) => {
        if (request.method !== 'REFER') return;
        call.respondTo(request, 202, 'Accepted');
        notify('486 Busy Here', 'terminated;reason=noresource');
      };
      assert.deepEqual(await agent.dialog.refer('sip:queue7@127.0.0.1:5999', REFER_MS), {
        kind: 'refused',
        status: 486,
        reason: 'Busy Here',
      });
      await site().hangUp(customer, agent);
    });

    it('is still followed after the time that was given to it', async () => {
      agent.far.onRequest = (call, request) => {
        if (request.method === 'REFER') call.respondTo(request, 202, 'Accepted');
      };
      const outcome = await agent.dialog.refer('sip:queue7@127.0.0.1:5999', 500);
      assert.equal(outcome.kind === 'unknown' && outcome.why, 'no final NOTIFY within 500 ms');
      assert(outcome.kind === 'unknown');
      notify('180 Ringing', 'active;expires=60');
      assert.equal(await Promise.race([outcome.later, sleep(SETTLE_MS, 'nothing')]), 'nothing');
      notify('200 OK', 'terminated;reason=noresource');
      assert.equal(await Promise.race([outcome.later, sleep(10_000, 'nothing')]), undefined);
      await site().hangUp(customer, agent);
    });

    it('has no known result when the far side takes it and hangs up', async () => {
      agent.far.onRequest = (call, request) => {
        if (request.method !== 'REFER') return;
        call.respondTo(request, 202, 'Accepted');
        call.bye();
      };
      const outcome = await agent.dialog.refer('sip:queue7@127.0.0.1:5999', REFER_MS);
      assert.equal(outcome.kind, 'unknown');
      await site().hangUp(customer, agent);
    });

    it('refuses a target that is no SIP URI before it is sent', async () => {
      const outcome = await agent.dialog.refer('sip:a>\r\nX: y', REFER_MS);
      assert.equal(outcome.kind, 'unknown');
      assert.deepEqual(agent.far.requests('REFER'), []);
      await site().hangUp(customer, agent);
    });
  });
});
