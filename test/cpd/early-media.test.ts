import assert from 'node:assert/strict';
import { replay, type ReplayOptions } from '../../src/cpd/replay.js';
import type { CpdEvent } from '../../src/cpd/types.js';
import { throughLine, type Line } from './line.js';
import { gain, join, media, mix, noise, repeat, silence, tone } from './sounds.js';

const early = (sound: Int16Array, options: ReplayOptions = {}) =>
  replay(sound, { ...options, answeredAtMs: null });
const LINES: readonly Line[] = [
  { law: 'a', noiseDb: -60, lostShare: 0, seed: 1 },
  { law: 'mu', noiseDb: -45, lostShare: 0.02, seed: 2 },
];
const ring = (times: number) => repeat(times, tone([425], 1000), silence(4000));
const soundsOf = (events: readonly CpdEvent[]) =>
  events.flatMap((event) => (event.type === 'early-media' ? [event.now] : []));

describe('What a line carries before the answer', () => {
  for (const line of LINES) {
    const name = `${line.law}-law, noise at ${line.noiseDb} dB, ${100 * line.lostShare} % lost`;
    const hear = (sound: Int16Array) => early(throughLine(sound, line));

    it(`is an announcement when somebody speaks: ${name}`, () => {
      for (const file of ['machine.wav', 'find-agent-fail.wav', 'far-end/greeting.wav']) {
        const result = hear(join(silence(500), media(file), silence(500)));
        assert.equal(result.verdict, 'announcement', `${file}: ${result.reason}`);
      }
    });

    it(`is music in place of ringback: ${name}`, () => {
      assert.equal(hear(media('waiting.wav')).verdict, 'music');
    });
  }

  it('is noise, or silence', () => {
    assert.equal(early(noise(5000, 0.05)).verdict, 'noise');
    assert.equal(early(join(noise(5000, 0.0005))).verdict, 'silence');
    assert.equal(early(silence(5000)).verdict, 'silence');
  });

  it('is the tone that is played, and not what comes back of it', () => {
    const played = repeat(6, tone([425], 250, 0.2), silence(250));
    const echo = gain(join(silence(120), played.subarray(0, played.length - 8 * 120)), 0.1);
    const { verdict, reason } = early(mix(played, echo), { country: 'SE' });
    assert.equal(verdict, 'busy', reason);
  });

  it('is unknown when there is next to nothing of it', () => {
    assert.equal(early(silence(300)).verdict, 'unknown');
    assert.equal(early(new Int16Array(0)).verdict, 'unknown');
  });

  it('is a steady tone, and no ringback, while it does not stop', () => {
    const result = early(tone([425], 6000));
    assert.equal(result.verdict, 'unknown');
    assert.match(result.reason, /a steady tone of 425 Hz/);
  });

  it('is said each time it changes, and amounts to the most telling of it', () => {
    const sound = join(ring(2), media('machine.wav'), silence(4000));
    const { events, verdict } = early(sound);
    assert.deepEqual(soundsOf(events), ['ringback', 'announcement', 'silence']);
    assert.equal(verdict, 'announcement');
    assert.ok(!events.some(({ type }) => type === 'speech-onset'), 'no clock is armed');
  });

  it('amounts to the tone of the network, whatever follows it', () => {
    const busy = join(silence(300), repeat(4, tone([425], 500), silence(500)));
    const { events, verdict } = early(join(busy, repeat(2, media('far-end/greeting.wav'))), {
      country: 'DE',
    });
    assert.equal(verdict, 'busy');
    assert.deepEqual(soundsOf(events), ['busy', 'announcement']);
    assert.ok(events.every((event) => event.type !== 'verdict' || event.beforeAnswer));
  });

  it('names what a rhythm may be when the country is not known', () => {
    const { events } = early(join(silence(300), repeat(5, tone([425], 250), silence(250))));
    const said = events.find((event) => event.type === 'tone');
    assert.deepEqual(said?.type === 'tone' && [said.tone, said.candidates], [
      'busy-or-congestion',
      ['reorder', 'busy'],
    ]);
  });

  it("leaves a fax's answer tone for after the answer", () => {
    const sound = join(silence(300), tone([2100], 3000), silence(500));
    assert.notEqual(early(sound).verdict, 'fax');
    assert.equal(replay(sound, { answeredAtMs: 1500 }).verdict, 'fax');
  });
});

describe('Ringback after the answer', () => {
  const hello = join(media('far-end/hello.wav'), silence(3000));

  it('is neither speech nor a beep, and the wait for a voice starts after it', () => {
    // Answered in the middle of a burst by something that goes on ringing for 15 s.
    const sound = join(ring(4), silence(500), hello);
    const result = replay(sound, { answeredAtMs: 5400, silenceTimeoutMs: 5000 });
    assert.equal(result.verdict, 'human', result.reason);
    assert.ok(result.decidedAtMs > 20_000);
    assert.ok(!result.events.some(({ type }) => type === 'beep' || type === 'revised'));
  });

  it('gives way to silence when nobody takes the call that rang on', () => {
    const result = replay(join(ring(2), silence(12_000)), { answeredAtMs: 400 });
    assert.equal(result.verdict, 'silence', result.reason);
    assert.ok(result.decidedAtMs > 11_000, `${result.decidedAtMs}`);
  });
});
