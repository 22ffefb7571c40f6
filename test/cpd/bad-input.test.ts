/** What a line really sends at times. A verdict or "unknown" with the reason, and never one from nothing. */
import assert from 'node:assert/strict';
import { CpdDetector } from '../../src/cpd/detector.js';
import { replay, type ReplayResult } from '../../src/cpd/replay.js';
import type { CpdEvent } from '../../src/cpd/types.js';
import { join, media, noise, repeat, silence, tone } from './sounds.js';

const hello = join(silence(400), media('far-end/hello.wav'), silence(2500));
const greeting = media('far-end/greeting.wav');
const voicemail = join(silence(400), greeting, silence(200), tone([1000], 500), silence(3000));
const PARTIES = ['human', 'machine', 'fax'];
const HOUR_MS = 3_600_000;

const shift = (sound: Int16Array, by: number): Int16Array =>
  sound.map((x) => Math.max(-32768, Math.min(32767, x + by)));

const clip = (sound: Int16Array, factor: number): Int16Array =>
  sound.map((x) => Math.max(-32768, Math.min(32767, Math.round(x * factor))));

/** Drops packets of 20 ms at random: zeros in their place, or gaps that the detector is told of. */
function lossy(sound: Int16Array, share: number, isTold: boolean): ReplayResult['verdict'] {
  const detector = new CpdDetector();
  detector.answered();
  let state = 12345;
  for (let at = 0; at < sound.length; at += 160) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const isLost = state / 2 ** 32 < share;
    if (isLost && isTold) detector.gap(20);
    else detector.push(isLost ? silence(20) : sound.subarray(at, at + 160));
  }
  detector.finish();
  return detector.verdict ?? 'unknown';
}

function assertExplained({ verdict, reason, events }: ReplayResult): void {
  assert.ok(reason.length > 10, `a reason for ${verdict}`);
  assert.ok(!/NaN|undefined|Infinity/.test(JSON.stringify(events)), JSON.stringify(events));
}

describe('the detector given bad input', () => {
  it('makes nothing of zeros, of -1 for "no RTP", and of any other constant', () => {
    for (const value of [0, -1, 1, 5000, -32768, 32767]) {
      const result = replay(new Int16Array(8 * 20_000).fill(value));
      assert.ok(!PARTIES.includes(result.verdict), `${value}: ${result.verdict}`);
      assert.equal(result.first.verdict, result.verdict);
      assert.equal(result.beepAtMs, null);
      assertExplained(result);
    }
  });

  it('makes nothing of no audio at all, and says so', () => {
    const detector = new CpdDetector();
    const empty = replay(new Int16Array(0), { answeredAtMs: null });
    assert.equal(empty.verdict, 'unknown');
    assertExplained(empty);
    detector.answered();
    detector.gap(60_000);
    assert.equal(detector.verdict, 'silence');
  });

  it('hears through a DC offset, even one that clips', () => {
    for (const offset of [-12_000, 500, 6000]) {
      assert.equal(replay(shift(hello, offset)).verdict, 'human', `offset ${offset}`);
      assert.equal(replay(shift(voicemail, offset)).verdict, 'machine', `offset ${offset}`);
    }
  });

  it('hears through clipping', () => {
    for (const factor of [4, 20]) {
      assert.equal(replay(clip(hello, factor)).verdict, 'human', `x ${factor}`);
      assert.equal(replay(clip(voicemail, factor)).verdict, 'machine', `x ${factor}`);
    }
  });

  it('knows a person and a machine with 30 % of the packets lost', () => {
    for (const isTold of [true, false]) {
      assert.equal(lossy(hello, 0.3, isTold), 'human');
      assert.equal(lossy(join(greeting, greeting, silence(3000)), 0.3, isTold), 'machine');
      assert.ok(!PARTIES.includes(lossy(noise(15_000, 0.001), 0.3, isTold)));
    }
  });

  it('makes no party of quiet whose sampling rate is wrong, and explains what it makes of speech', () => {
    for (const sampleRateHz of [8000, 16000] as const) {
      const quiet = replay(noise(12_000, 0.001), { sampleRateHz });
      assert.ok(!PARTIES.includes(quiet.verdict));
      assertExplained(replay(voicemail, { sampleRateHz }));
    }
    // Half as fast or twice as fast: speech still, if odd.
    const slow = Int16Array.from({ length: 2 * voicemail.length }, (_, i) => voicemail[i >> 1]!);
    assertExplained(replay(slow));
    assertExplained(replay(voicemail.filter((_, i) => i % 2 === 0)));
  });

  it('takes frames of any size, also none', () => {
    const listen = (sizes: readonly number[]): CpdEvent[] => {
      const detector = new CpdDetector();
      detector.answered();
      for (let at = 0, n = 0; at < voicemail.length; n++) {
        const size = sizes[n % sizes.length]!;
        detector.push(voicemail.subarray(at, at + size));
        at += size;
      }
      detector.finish();
      return detector.takeEvents();
    };
    assert.deepEqual(listen([1, 0, 7, 333, 2048]), listen([160]));
    assert.deepEqual(listen([80, 240, 480]), listen([160]));
  });

  it('ignores gaps that make no sense', () => {
    const detector = new CpdDetector();
    detector.answered();
    for (const ms of [-5, 0, Number.NaN, Number.NEGATIVE_INFINITY]) detector.gap(ms);
    assert.equal(detector.elapsedMs, 0);
    detector.gap(Number.POSITIVE_INFINITY);
    assert.ok(detector.elapsedMs <= 60_000);
  });

  it('keeps its head and its memory over an hour of everything', function () {
    this.timeout(300_000);
    const detector = new CpdDetector();
    const minute = join(voicemail, tone([425], 500), noise(9000, 0.05), hello, silence(15_000));
    detector.answered();
    let events = 0;
    for (let passedMs = 0; passedMs < HOUR_MS; passedMs += minute.length / 8) {
      for (let at = 0; at < minute.length; at += 1600)
        detector.push(minute.subarray(at, at + 1600));
      detector.gap(2000);
      events += detector.takeEvents().length;
    }
    detector.finish();
    assert.ok(detector.elapsedMs >= HOUR_MS);
    assert.ok(events < 200, `${events} events`);
    assert.ok(detector.trace.length < 300, `${detector.trace.length} entries`);
    assert.ok(detector.trace.some(({ what }) => what === 'verdict'));
    assert.equal(detector.verdict, 'machine');
    assert.ok(!/NaN|Infinity/.test(JSON.stringify(detector.trace)));
  });

  it('makes nothing of twenty minutes of nothing, and still knows a person after it', function () {
    this.timeout(300_000);
    const missing = new Int16Array(80_000).fill(-1);
    const lostInNoise = noise(10_000, 0.05).map((x, i) => (Math.floor(i / 160) % 10 < 3 ? 0 : x));
    const detector = new CpdDetector();
    for (const sound of [missing, lostInNoise])
      for (let passedMs = 0; passedMs < HOUR_MS / 6; passedMs += sound.length / 8)
        detector.push(sound);
    const heard = detector.takeEvents().map((event) => ('now' in event ? event.now : event.type));
    assert.deepEqual(heard, ['silence', 'noise']);
    detector.answered();
    detector.push(hello);
    assert.equal(detector.verdict, 'human');
  });

  it('notes its decision however long the trace has become before it', () => {
    const detector = new CpdDetector();
    for (let n = 0; n < 400; n++) {
      detector.push(tone([600 + 5 * (n % 100)], 80));
      detector.push(silence(80));
    }
    detector.answered();
    detector.push(hello);
    assert.ok(detector.trace.length < 300);
    assert.ok(detector.trace.some(({ what, values }) => what === 'verdict' && values.reason));
  });

  it('says nothing twice when it is told twice', () => {
    const events: CpdEvent[] = [];
    const detector = new CpdDetector({}, (event) => events.push(event));
    detector.answered();
    detector.push(hello);
    detector.answered();
    detector.finish();
    detector.finish();
    assert.equal(events.filter(({ type }) => type === 'verdict').length, 1);
  });

  it('bounds a rhythm without end', () => {
    const { events } = replay(repeat(400, tone([425], 200), silence(200)), { answeredAtMs: null });
    assert.ok(events.length < 100);
  });
});
