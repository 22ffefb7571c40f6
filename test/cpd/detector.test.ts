import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CpdDetector } from '../../src/cpd/detector.js';
import { replay } from '../../src/cpd/replay.js';
import type { CpdEvent } from '../../src/cpd/types.js';
import { gain, join, media, mix, noise, silence, tone } from './sounds.js';

const hello = media('far-end/hello.wav');
const greeting = media('far-end/greeting.wav');
const voicemail = join(greeting, silence(300), tone([1000], 400), silence(3000));

const find = <T extends CpdEvent['type']>(events: readonly CpdEvent[], type: T) =>
  events.find((event): event is Extract<CpdEvent, { type: T }> => event.type === type);

/** Feeds a sound in frames of the given size and returns everything that was said. */
function listen(sound: Int16Array, frameSamples: number, options = {}): readonly CpdEvent[] {
  const detector = new CpdDetector(options);
  detector.answered();
  for (let i = 0; i < sound.length; i += frameSamples)
    detector.push(sound.subarray(i, i + frameSamples));
  detector.finish();
  return detector.takeEvents();
}

describe('The detector, once the call is answered', () => {
  it('takes a short hello and then silence for a human, within a second of the word', () => {
    const result = replay(join(silence(300), hello, silence(3000)));
    assert.equal(result.verdict, 'human');
    const wordEndMs = 300 + hello.length / 8;
    assert.ok(result.decidedAtMs - wordEndMs < 800, `decided at ${result.decidedAtMs}`);
    assert.match(result.reason, /speech for \d+ ms, then a pause of \d+ ms/);
  });

  it('waits for the speech however late it comes', () => {
    const result = replay(join(silence(4000), hello, silence(2000)));
    assert.equal(result.verdict, 'human');
    assert.ok(result.decidedAtMs > 4500);
  });

  it('takes a voicemail for a machine and finds the end of its greeting and its beep', () => {
    const result = replay(voicemail);
    const greetingEndMs = greeting.length / 8;
    assert.equal(result.verdict, 'machine');
    assert.ok(Math.abs(result.greetingEndMs! - greetingEndMs) < 250, `${result.greetingEndMs}`);
    const beep = find(result.events, 'beep');
    assert.ok(beep);
    assert.ok(Math.abs(beep.startMs - (greetingEndMs + 300)) < 40);
    assert.ok(Math.abs(beep.endMs - (greetingEndMs + 700)) < 40);
    assert.ok(Math.abs(beep.frequencyHz - 1000) <= 3);
  });

  it('ends a greeting without a beep at its last word once the pause is long enough', () => {
    const result = replay(join(greeting, silence(4000)), { greetingEndPauseMs: 1500 });
    assert.equal(result.beepAtMs, null);
    assert.ok(Math.abs(result.greetingEndMs! - greeting.length / 8) < 250);
  });

  it('is certain of a machine when a short greeting is followed by a beep', () => {
    const agent = media('far-end/agent.wav');
    const result = replay(join(agent, silence(200), tone([850], 300), silence(2000)));
    assert.equal(result.verdict, 'machine');
    assert.match(result.reason, /beep/);
  });

  it('waits for the end of a beep that comes before the pause is long enough for a human', () => {
    const twice = join(hello, silence(150), hello);
    const { first, reason } = replay(join(twice, silence(100), tone([1000], 400), silence(2000)));
    assert.equal(first.verdict, 'machine');
    assert.match(reason, /a beep of 1000 Hz/);
    // A hum that goes on for ever is no beep, and holds nobody up for long.
    const hum = mix(join(silence(700), tone([700], 9000, 0.02)), join(twice, silence(8000)));
    assert.equal(replay(hum).first.verdict, 'human');
  });

  it('takes back "human", once, when a beep follows', () => {
    const result = replay(
      join(greeting.subarray(0, 8000), silence(1200), tone([1000], 400), silence(2000)),
    );
    assert.equal(result.first.verdict, 'human');
    assert.equal(result.verdict, 'machine');
    assert.equal(result.events.filter((event) => event.type === 'revised').length, 1);
  });

  it('takes back "human" when the far end goes on and on', () => {
    const result = replay(join(hello, silence(900), greeting, silence(3000)));
    assert.equal(result.first.verdict, 'human');
    assert.equal(result.verdict, 'machine');
  });

  it('takes speech that goes on for a machine by that alone, when the profile says so', () => {
    for (const [profile, leastMs, mostMs] of [
      ['machine-first', 1600, 1800],
      ['balanced', 1900, 2000],
      ['human-first', 3500, 3600],
    ] as const) {
      const { first, decidedAtMs, events } = replay(join(silence(800), greeting), { profile });
      assert.equal(first.verdict, 'machine', profile);
      assert.equal(find(events, 'verdict')?.code, 'long-speech', profile);
      const afterMs = decidedAtMs - (find(events, 'speech-onset')?.atMs ?? NaN);
      assert.ok(afterMs >= leastMs && afterMs <= mostMs, `${profile}: ${afterMs} ms`);
    }
  });

  it('need not hear the rest when only the verdict is asked for', () => {
    const back = join(hello, silence(900), greeting, silence(3000));
    for (const sound of [voicemail, back, join(hello, silence(3000)), silence(8000)]) {
      const whole = replay(sound);
      const brief = replay(sound, { stopsWhenSettled: true });
      assert.deepEqual(
        [brief.first, brief.verdict, brief.decidedAtMs],
        [whole.first, whole.verdict, whole.decidedAtMs],
      );
    }
    assert.equal(replay(voicemail, { stopsWhenSettled: true }).beepAtMs, null);
  });

  it('does not take back "human" for a second hello', () => {
    const result = replay(join(hello, silence(1500), hello, silence(1500), hello, silence(3000)));
    assert.equal(result.verdict, 'human');
    assert.equal(find(result.events, 'revised'), undefined);
  });

  it('calls digital silence silence after the configured time', () => {
    for (const silenceTimeoutMs of [1500, 5000]) {
      const result = replay(silence(8000), { silenceTimeoutMs });
      assert.equal(result.verdict, 'silence');
      assert.ok(Math.abs(result.decidedAtMs - silenceTimeoutMs) < 40);
    }
  });

  it('calls a noisy line on which nobody speaks silence, never a machine', () => {
    assert.equal(replay(noise(9000, 0.003)).verdict, 'silence');
    assert.notEqual(replay(noise(14_000, 0.05)).verdict, 'machine');
  });

  it('takes missing packets for silence', () => {
    const detector = new CpdDetector();
    detector.answered();
    detector.push(hello);
    detector.gap(1000);
    assert.equal(detector.verdict, 'human');
  });

  it('bridges holes of two packets in the middle of speech', () => {
    const holed = greeting.slice();
    for (let at = 4000; at + 320 < holed.length; at += 4000) holed.fill(0, at, at + 320);
    assert.equal(replay(join(holed, silence(3000))).verdict, 'machine');
  });

  it('gives the same answer at any level a phone line has', () => {
    for (const factor of [0.05, 0.3, 1.8]) {
      assert.equal(
        replay(gain(join(hello, silence(3000)), factor)).verdict,
        'human',
        `x ${factor}`,
      );
      const machine = replay(gain(voicemail, factor));
      assert.equal(machine.verdict, 'machine', `x ${factor}`);
      assert.notEqual(machine.beepAtMs, null, `x ${factor}`);
    }
  });

  it('hears through line noise 20 dB below the voice', () => {
    const line = (sound: Int16Array) => mix(sound, noise(sound.length / 8, 0.01));
    assert.equal(replay(line(join(silence(400), hello, silence(3000)))).verdict, 'human');
    assert.equal(replay(line(voicemail)).verdict, 'machine');
  });

  it('hears the quiet syllables of a greeting that lies in noise, which are no pauses', () => {
    for (const quietMs of [800, 1000]) {
      const uneven = greeting.map((x, i) =>
        Math.round(x * ((i / 8) % (700 + quietMs) < 700 ? 1 : 0.35)),
      );
      const sound = join(silence(600), uneven, silence(3000));
      const { first, reason } = replay(mix(sound, noise(sound.length / 8, 0.03, 2)));
      assert.equal(first.verdict, 'machine', reason);
    }
  });

  it('does not take noise after a word for more of it', () => {
    const sound = mix(
      join(silence(1000), hello, silence(3000)),
      noise(4000 + hello.length / 8, 0.03, 2),
    );
    const { verdict, decidedAtMs } = replay(sound);
    assert.equal(verdict, 'human');
    assert.ok(decidedAtMs - 1000 - hello.length / 8 < 1000, `${decidedAtMs}`);
  });

  it('gives the same events for any frame size', () => {
    const expected = listen(voicemail, 160);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (frameSamples) => {
        assert.deepEqual(listen(voicemail, frameSamples), expected);
      }),
      { numRuns: 12 },
    );
  });

  it('gives the same verdicts for audio at 16 kHz', () => {
    const doubled = (sound: Int16Array) =>
      Int16Array.from({ length: sound.length * 2 }, (_, i) => {
        const a = sound[i >> 1]!;
        return i % 2 ? Math.round((a + (sound[(i >> 1) + 1] ?? a)) / 2) : a;
      });
    const result = replay(doubled(voicemail), { sampleRateHz: 16000 });
    assert.equal(result.verdict, 'machine');
    assert.ok(Math.abs(find(result.events, 'beep')!.frequencyHz - 1000) <= 3);
    assert.equal(
      replay(doubled(join(hello, silence(2000))), { sampleRateHz: 16000 }).verdict,
      'human',
    );
  });

  it('never throws, gives one verdict and at most one revision, whatever it hears', () => {
    const part = fc.oneof(
      fc.integer({ min: 20, max: 1500 }).map((ms) => silence(ms)),
      fc
        .record({ hz: fc.integer({ min: 60, max: 3900 }), ms: fc.integer({ min: 20, max: 1500 }) })
        .map(({ hz, ms }) => tone([hz], ms, 0.2)),
      fc
        .record({ ms: fc.integer({ min: 20, max: 1500 }), seed: fc.nat() })
        .map(({ ms, seed }) => noise(ms, 0.1, seed)),
      fc.constantFrom(hello, greeting),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const { events } = replay(join(...parts));
        assert.equal(events.filter((event) => event.type === 'verdict').length, 1);
        const revised = events.filter((event) => event.type === 'revised');
        assert.ok(revised.length <= 1);
        assert.ok(revised.every((event) => event.from === 'human'));
      }),
      { numRuns: 40 },
    );
  });

  it('refuses an option outside its range, naming it', () => {
    assert.throws(() => new CpdDetector({ silenceTimeoutMs: 10 }), /silenceTimeoutMs is 10/);
    assert.throws(() => new CpdDetector({ profile: 'fast' as 'balanced' }), /profile is "fast"/);
  });

  it('notes in its trace why it decided', () => {
    const { trace } = replay(voicemail);
    for (const what of ['answered', 'speech', 'pause', 'tone', 'verdict', 'greeting ended'])
      assert.ok(
        trace.some((entry) => entry.what === what),
        what,
      );
  });
});

describe('The profiles', () => {
  const sentence = join(greeting.subarray(0, 8 * 2600), silence(3000));

  it('let a person speak for longer when a lost person is the worse error', () => {
    assert.equal(replay(sentence, { profile: 'human-first' }).verdict, 'human');
    assert.equal(replay(sentence, { profile: 'machine-first' }).verdict, 'machine');
  });

  it('give way to single values', () => {
    assert.equal(replay(sentence, { timing: { machineSpeechMs: 2000 } }).verdict, 'machine');
  });
});
