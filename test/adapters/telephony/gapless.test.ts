import assert from 'node:assert/strict';
import { concat, level, toneShare } from '../../sip/far-rtp.js';
import { eventually, useSite } from './site.js';

const AUDIBLE = 0.02;
const ORDER = { loop: false, isGapless: true };

describe('a gapless list', function () {
  this.timeout(60_000);
  const site = useSite();

  it('has no pause between its files', async () => {
    const call = await site().call();
    const tones = [500, 900, 1500, 700];
    const files = await Promise.all(tones.map((hz) => site().toneFile(hz, 300)));
    const end = await call.endpoint.play(files, ORDER).done;
    assert.equal(end.kind, 'ended');
    await call.far.rtp.isQuiet();
    const loud = call.far.rtp.loud();
    assert.ok(Math.abs(loud.length - 60) <= 3, `${loud.length} packets of 60`);
    const [first, last] = [loud[0], loud.at(-1)];
    const { packets } = call.far.rtp;
    assert.ok(first && last);
    const between = packets.indexOf(last) - packets.indexOf(first);
    assert.ok(between - loud.length <= 3, `${between - loud.length} silent packets in between`);
    const samples = concat(loud.map((packet) => packet.samples));
    assert.ok(toneShare(samples.slice(160, 2240), 500) > 0.9);
    assert.ok(toneShare(samples.slice(-2240, -160), 700) > 0.9);
    await site().hangUp(call);
  });

  it('says how much of it was heard, without the silence that FreeSWITCH puts before', async () => {
    const call = await site().call();
    const files = await Promise.all([site().toneFile(500, 800), site().toneFile(900, 3000)]);
    const playback = call.endpoint.play(files, ORDER);
    await call.far.rtp.hears(900, { forMs: 1400 });
    await playback.stop();
    const end = await playback.done;
    await call.far.rtp.isQuiet();
    const heardMs = 20 * call.far.rtp.loud().length;
    await site().hangUp(call);
    assert.ok(end.kind === 'stopped');
    const { playedMs = 0 } = end;
    assert.ok(Math.abs(playedMs - heardMs) <= 60, `${playedMs} of ${heardMs}`);
  });

  it('is played over and over without a pause in the loop', async () => {
    const call = await site().call();
    const files = await Promise.all([site().toneFile(500, 200), site().toneFile(1000, 200)]);
    const playback = call.endpoint.play(files, { loop: true, isGapless: true });
    await eventually(() => assert.ok(call.far.rtp.loud().length > 100));
    await playback.stop();
    const sounding = call.far.rtp.packets.map(({ samples }) => level(samples) > AUDIBLE);
    const inside = sounding.slice(sounding.indexOf(true), sounding.lastIndexOf(true));
    assert.ok(inside.length > 80);
    assert.ok(inside.filter((isLoud) => !isLoud).length <= 2);
    await site().hangUp(call);
  });
});
