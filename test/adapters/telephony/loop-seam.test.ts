/** A loop as the customer hears it: no gap and no click where it begins again. Both engines. */
import assert from 'node:assert/strict';
import { concat, level, loudestClick, tone, type HeardPacket } from '../../sip/far-rtp.js';
import { eventually, useSite } from './site.js';

const RATE_HZ = 8000;
const TONE_HZ = 500;
const PERIOD = RATE_HZ / TONE_HZ;
const AMPLITUDE = 0.5;
const GAP_MAX_MS = 40;
/** Of full scale. G.711 alone makes 0.06 of it; a jump of half the tone's amplitude 0.25 and more. */
const CLICK_MIN = 0.15;

describe('a loop', function () {
  this.timeout(60_000);
  const site = useSite();

  for (const [name, periods] of [
    ['ends with a frame', 300],
    ['ends within a frame, as most files do', 301],
  ] as const) {
    it(`has no gap over ${GAP_MAX_MS} ms and no click when its file ${name}`, async () => {
      const call = await site().call();
      const file = await site().file('loop.wav', tone(TONE_HZ, periods * PERIOD, AMPLITUDE));
      const playing = call.endpoint.play([file], { loop: true });
      // Four rounds and more, counted in packets.
      await eventually(() => assert.ok(sounding(call.far.rtp.packets).length > 210), 20_000);
      await playing.stop();
      const heard = unbroken(sounding(call.far.rtp.packets));
      const rounds = heard.length / (periods * PERIOD);
      assert.ok(rounds > 3, `several seams in a row are heard: ${rounds.toFixed(1)} rounds`);
      assert.ok(longestGapMs(heard) <= GAP_MAX_MS, `a gap of ${longestGapMs(heard)} ms`);
      const loudest = loudestClick(heard, TONE_HZ);
      assert.ok(loudest < CLICK_MIN, `a click of ${loudest.toFixed(2)} of full scale`);
      await site().hangUp(call);
    });
  }
});

/** From the first packet with sound to the last. */
function sounding(packets: readonly HeardPacket[]): readonly HeardPacket[] {
  const isLoud = ({ samples }: HeardPacket) => level(samples) > AMPLITUDE / 4;
  const first = packets.findIndex(isLoud);
  const last = packets.findLastIndex(isLoud);
  // The first frame and the last are cut somewhere.
  return packets.slice(first + 1, last);
}

/** The longest stretch of which no packet was lost on the way. */
function unbroken(packets: readonly HeardPacket[]): Int16Array {
  let best: readonly HeardPacket[] = [];
  let from = 0;
  packets.forEach(({ sequence }, i) => {
    const next = packets[i + 1];
    if (next && next.sequence === ((sequence + 1) & 0xffff)) return;
    if (i + 1 - from > best.length) best = packets.slice(from, i + 1);
    from = i + 1;
  });
  return concat(best.map(({ samples }) => samples));
}

function longestGapMs(samples: Int16Array): number {
  let longest = 0;
  let quiet = 0;
  for (let at = 0; at + PERIOD <= samples.length; at += PERIOD) {
    quiet = level(samples.subarray(at, at + PERIOD)) < AMPLITUDE / 4 ? quiet + 1 : 0;
    longest = Math.max(longest, quiet);
  }
  return (longest * PERIOD * 1000) / RATE_HZ;
}
