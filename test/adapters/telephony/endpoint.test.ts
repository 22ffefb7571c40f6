import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { concat, type FarRtp, type HeardPacket, toneShare } from '../../sip/far-rtp.js';
import { watchStalls } from '../../sip/sound-and-time.js';
import { eventually, useSite } from './site.js';

/** A packet of 20 ms and a late scheduler. */
const GAP_MAX_MS = 40;

describe('a media endpoint', function () {
  this.timeout(60_000);
  const site = useSite();

  it('offers plain G.711 and is gone after close, however often', async () => {
    const endpoint = await site().telephony.media.createEndpoint();
    assert.match(endpoint.localSdp, /^m=audio \d+ RTP\/AVP 0/m);
    assert.equal(site().telephony.counts()['endpoints'], 1);
    await Promise.all([endpoint.close(), endpoint.close()]);
    assert.equal(endpoint.hasEnded, true);
  });

  it('field notes 4: local absolute file; the far side hears it whole', async () => {
    const call = await site().call();
    const file = await site().toneFile(700, 1000);
    const playedAtMs = performance.now();
    const end = await call.endpoint.play([file], { loop: false }).done;
    assert.deepEqual(end, { kind: 'ended', playedMs: 1000 });
    await call.far.rtp.isQuiet();
    const sounding = call.far.rtp.loud(playedAtMs);
    assert.ok(toneShare(concat(sounding.map(({ samples }) => samples)), 700) > 0.9);
    assert.ok(Math.abs(sounding.length - 50) <= 2, `${sounding.length} packets of 50`);
    await site().hangUp(call);
  });

  it('field notes 4: array of files; played in their order', async () => {
    const call = await site().call();
    const files = await Promise.all([site().toneFile(500, 400), site().toneFile(1500, 400)]);
    await call.endpoint.play(files, { loop: false }).done;
    await call.far.rtp.isQuiet();
    const heard = call.far.rtp.loud().map(({ samples }) => samples);
    assert.ok(toneShare(concat(heard.slice(2, 18)), 500) > 0.9);
    assert.ok(toneShare(concat(heard.slice(-18, -2)), 1500) > 0.9);
    await site().hangUp(call);
  });

  it('field notes 4: missing file, alone or in an array of files; fails, first or later, once or in a loop', async () => {
    const call = await site().call();
    const file = await site().toneFile(500, 200);
    const missing = '/nowhere/at-all.wav';
    for (const files of [[missing], [missing, file], [file, missing]]) {
      for (const loop of [false, true]) {
        const end = await call.endpoint.play(files, { loop }).done;
        assert.equal(end.kind, 'failed', `${JSON.stringify(files)} loop ${loop}`);
        assert.ok(end.kind === 'failed' && end.why.includes(missing));
      }
    }
    await site().hangUp(call);
  });

  it('field notes 4: relative name; refused, as what FreeSWITCH would take apart', async () => {
    const call = await site().call();
    for (const name of ['/a!b.wav', '/${x}.wav', 'relative.wav', '/a\nb.wav', "/a'b.wav"]) {
      const end = await call.endpoint.play([name], { loop: false }).done;
      assert.equal(end.kind, 'failed', name);
    }
    await site().hangUp(call);
  });

  it('field notes 4: loop and stop; without a gap, and ended at once by one uuid_break', async () => {
    const call = await site().call();
    // 440 Hz has whole periods in 600 ms: any seam would be a gap or a click.
    const file = await site().toneFile(440, 600);
    const playback = call.endpoint.play([file], { loop: true });
    await call.far.rtp.hears(440, { forMs: 2 * 600 + 400 });
    const stalls = watchStalls();
    const stoppedAtMs = performance.now();
    await playback.stop();
    const resolvedAfterMs = performance.now() - stoppedAtMs;
    await call.far.rtp.isQuiet();
    assert.equal((await playback.done).kind, 'stopped');
    const sounding = call.far.rtp.loud();
    assert.ok(widestGapMs(sounding) <= GAP_MAX_MS, `gap of ${widestGapMs(sounding)} ms`);
    const silentAfterMs = sounding.at(-1)!.atMs - stoppedAtMs;
    const mostMs = 100 + 4 * stalls.longestMs();
    assert.ok(silentAfterMs < mostMs, `sound for ${silentAfterMs} of ${mostMs} ms after the stop`);
    assert.ok(resolvedAfterMs < mostMs, `stop took ${resolvedAfterMs} of ${mostMs} ms`);
    await site().hangUp(call);
  });

  it('field notes 4: stop; how much was heard is the position, not the read-ahead', async () => {
    const call = await site().call();
    const playback = call.endpoint.play([await site().toneFile(440, 5000)], { loop: false });
    await eventually(() => assert.ok(call.far.rtp.loud().length > 50));
    await playback.stop();
    await call.far.rtp.isQuiet();
    const end = await playback.done;
    const heardMs = 20 * call.far.rtp.loud().length;
    assert.ok(end.kind === 'stopped' && end.playedMs !== undefined);
    assert.ok(Math.abs(end.playedMs - heardMs) <= 100, `${end.playedMs} of ${heardMs} ms heard`);
    await site().hangUp(call);
  });

  it('field notes 4: play + DTMF; the key is told, and the file plays on', async () => {
    const call = await site().call();
    const keys: [string, number][] = [];
    call.endpoint.onDigit((digit, durationMs) => keys.push([digit, durationMs]));
    call.far.rtp.sendTone(call.endpoint.localSdp, 800, 0);
    const playback = call.endpoint.play([await site().toneFile(440, 1500)], { loop: false });
    await eventually(() => assert.ok(call.far.rtp.loud().length > 10));
    await call.far.rtp.pressKey(call.endpoint.localSdp, '5', 120);
    await eventually(() => assert.equal(keys.length, 1));
    const [digit, durationMs] = keys[0] ?? [];
    assert.equal(digit, '5');
    assert.ok(Math.abs((durationMs ?? 0) - 120) <= 20, `${durationMs} ms`);
    assert.deepEqual(await playback.done, { kind: 'ended', playedMs: 1500 });
    await site().hangUp(call);
  });

  it('is stopped by a key without being told, where that is asked for, and only then', async () => {
    const call = await site().call();
    const wire = call.endpoint.localSdp;
    call.far.rtp.sendTone(wire, 800, 0);
    const file = await site().toneFile(440, 1500);
    const stopped = call.endpoint.play([file, file], {
      loop: false,
      isGapless: true,
      stopsAtKey: true,
    });
    await eventually(() => assert.ok(call.far.rtp.loud().length > 10));
    await call.far.rtp.pressKey(wire, '5', 120);
    const end = await stopped.done;
    assert.ok(end.kind === 'stopped' && (end.playedMs ?? 0) < 1400, JSON.stringify(end));
    const heard = call.far.rtp.loud().length;
    const next = call.endpoint.play([file], { loop: false });
    await eventually(() => assert.ok(call.far.rtp.loud().length > heard + 10));
    await call.far.rtp.pressKey(wire, '5', 120);
    assert.deepEqual(await next.done, { kind: 'ended', playedMs: 1500 });
    await site().hangUp(call);
  });

  it('field notes 4: silence_stream; plays silence of a length', async () => {
    const call = await site().call();
    const startedAtMs = performance.now();
    const end = await call.endpoint.play(['silence_stream://500'], { loop: false }).done;
    assert.equal(end.kind, 'ended');
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs > 400 && tookMs < 4000, `${tookMs} ms`);
    await site().hangUp(call);
  });

  it('plays as soon as it is connected what is asked for while it connects', async () => {
    const far = await site().far();
    const endpoint = await site().telephony.media.createEndpoint();
    const outcome = await site().invite(far, { localSdp: endpoint.localSdp }).outcome;
    assert.ok(outcome.kind === 'answered');
    const connecting = endpoint.connect(outcome.dialog.remoteSdp);
    const playback = endpoint.play([await site().toneFile(700, 300)], { loop: false });
    await connecting;
    assert.equal((await playback.done).kind, 'ended');
    await far.rtp.isQuiet();
    assert.ok(toneShare(concatLoud(far.rtp, 0), 700) > 0.8);
    await site().hangUp({ endpoint, dialog: outcome.dialog, far });
  });

  it('field notes 1: GOTCHA 2, do not play before the first modify; refused, and heard after it', async () => {
    const endpoint = await site().telephony.media.createEndpoint();
    const file = await site().toneFile(500, 200);
    assert.deepEqual(await endpoint.play([file], { loop: false }).done, {
      kind: 'failed',
      why: 'PLAY_REFUSED: the endpoint has no far side yet',
    });
    await endpoint.connect((await site().far()).rtp.sdp);
    assert.equal((await endpoint.play([file], { loop: false }).done).kind, 'ended');
    await endpoint.close();
  });

  it('stops a playback that has not begun', async () => {
    const call = await site().call();
    const playback = call.endpoint.play([await site().toneFile(440, 2000)], { loop: true });
    await playback.stop();
    assert.equal((await playback.done).kind, 'stopped');
    await call.far.rtp.isQuiet();
    assert.ok(call.far.rtp.loud().length <= 5);
    await site().hangUp(call);
  });

  it('field notes 4: two ep.play at the same time; the first is stopped before the second', async () => {
    const call = await site().call();
    const first = call.endpoint.play([await site().toneFile(500, 3000)], { loop: true });
    await call.far.rtp.hears(500);
    const second = call.endpoint.play([await site().toneFile(1500, 500)], { loop: false });
    assert.equal((await first.done).kind, 'stopped');
    assert.deepEqual(await second.done, { kind: 'ended', playedMs: 500 });
    // The first one would go on for ever, were it to come back.
    await call.far.rtp.isQuiet();
    await site().hangUp(call);
  });

  it('field notes 4: ep.destroy during play; the playback settles', async () => {
    const call = await site().call();
    const playback = call.endpoint.play([await site().toneFile(500, 3000)], { loop: false });
    await sleep(200);
    await site().hangUp(call);
    assert.equal((await playback.done).kind, 'stopped');
    const late = call.endpoint.play(['/any.wav'], { loop: false });
    assert.equal((await late.done).kind, 'failed');
  });

  it('field notes 5: bridge and unbridge; speech both ways, and files again afterwards', async () => {
    const [customer, agent] = [await site().call(), await site().call()];
    customer.far.rtp.sendTone(customer.endpoint.localSdp, 600);
    agent.far.rtp.sendTone(agent.endpoint.localSdp, 900);
    await customer.endpoint.bridge(agent.endpoint);
    await customer.far.rtp.hears(900);
    await agent.far.rtp.hears(600);
    await customer.endpoint.unbridge();
    await customer.far.rtp.isQuiet();
    const apartAtMs = performance.now();
    const file = await site().toneFile(700, 300);
    assert.equal((await customer.endpoint.play([file], { loop: false }).done).kind, 'ended');
    await customer.far.rtp.isQuiet();
    assert.ok(toneShare(concatLoud(customer.far.rtp, apartAtMs), 700) > 0.8);
    await site().hangUp(customer, agent);
  });

  it('is not bridged before it has a far side', async () => {
    const call = await site().call();
    const bare = await site().telephony.media.createEndpoint();
    await assert.rejects(call.endpoint.bridge(bare), /connected first/);
    await assert.rejects(bare.bridge(call.endpoint), /connected first/);
    await bare.close();
    await site().hangUp(call);
  });

  it('ends the music before it bridges', async () => {
    const [customer, agent] = [await site().call(), await site().call()];
    const music = customer.endpoint.play([await site().toneFile(500, 1000)], { loop: true });
    await sleep(200);
    await customer.endpoint.bridge(agent.endpoint);
    assert.equal((await music.done).kind, 'stopped');
    await site().hangUp(customer, agent);
  });
});

function concatLoud(rtp: FarRtp, fromMs: number): Int16Array {
  return concat(rtp.loud(fromMs).map(({ samples }) => samples));
}

/**
 * The longest hole in what a receiver would play: packets by sequence number, each 20 ms long, so that
 * a late but complete delivery is no gap.
 */
function widestGapMs(sounding: readonly HeardPacket[]): number {
  let widest = 0;
  sounding.forEach((packet, n) => {
    const before = sounding[n - 1];
    if (before) widest = Math.max(widest, ((packet.sequence - before.sequence) & 0xffff) - 1);
  });
  return widest * 20;
}

describe('an endpoint of a media server that sees our files elsewhere', function () {
  this.timeout(60_000);
  const ELSEWHERE = '/not/here';
  const site = useSite({ mediaView: { directory: ELSEWHERE, seenAs: tmpdir() } });

  it('plays them there', async () => {
    const call = await site().call();
    const seenThere = await site().toneFile(700, 200);
    const ours = join(ELSEWHERE, relative(tmpdir(), seenThere));
    const end = await call.endpoint.play([ours], { loop: false }).done;
    assert.deepEqual(end, { kind: 'ended', playedMs: 200 });
    await site().hangUp(call);
  });
});
