import assert from 'node:assert/strict';
import { alaw, mulaw } from 'alawmulaw';
import fc from 'fast-check';
import { recognise, type Recognised, type Sound } from '../../src/farend/recognise.js';
import { BUSY, CED, REORDER, SIT, synthesise, type Tone } from '../../src/farend/tones.js';
import { loadSounds, TREATMENTS, VOICES } from './media.js';

const RATE = 8000;
const FRAME = 160;
const LAWS = { alaw, mulaw };
const RUNS = 10;

/** A small generator of its own, so that a failing run can be repeated from its seed. */
function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Put {
  readonly pcm: Int16Array;
  readonly atMs: number;
}

function line(lengthMs: number, ...puts: readonly Put[]): Int16Array {
  const pcm = new Int16Array((lengthMs * RATE) / 1000);
  for (const put of puts) {
    const at = Math.round((put.atMs * RATE) / 1000);
    pcm.set(put.pcm.subarray(0, Math.max(0, pcm.length - at)), at);
  }
  return pcm;
}

/** What a telephone line does: G.711, a gain, lost packets. */
function transmit(
  pcm: Int16Array,
  { law = 'mulaw', gain = 1, loss = 0, seed = 1 }: TransmitOptions = {},
): Int16Array {
  const out = LAWS[law].decode(LAWS[law].encode(pcm.map((sample) => sample * gain)));
  const next = random(seed);
  for (let start = 0; start < out.length; start += FRAME) {
    if (next() < loss) out.fill(0, start, start + FRAME);
  }
  return out;
}

interface TransmitOptions {
  readonly law?: 'alaw' | 'mulaw';
  readonly gain?: number;
  readonly loss?: number;
  readonly seed?: number;
}

function noise(lengthMs: number, amplitude: number, seed: number): Int16Array {
  const next = random(seed);
  return new Int16Array((lengthMs * RATE) / 1000).map(() => (next() * 2 - 1) * amplitude);
}

function repeatTone(tone: Tone, lengthMs: number): Int16Array {
  const once = synthesise(tone);
  return new Int16Array((lengthMs * RATE) / 1000).map((_, i) => once[i % once.length] ?? 0);
}

describe('recognise', () => {
  let treatments: Sound[];
  let voices: Sound[];
  let all: Sound[];
  const named = (name: string): Sound => all.find((sound) => sound.name === name)!;
  const names = (found: readonly Recognised[]): string[] => found.map(({ name }) => name);

  before(async () => {
    treatments = await loadSounds(TREATMENTS);
    voices = await loadSounds(VOICES);
    all = [...treatments, ...voices];
  });

  it('finds each sound in itself, whole, and in no other', () => {
    for (const sound of all) {
      const [found, ...others] = recognise(sound.pcm, all);
      assert.equal(found?.name, sound.name);
      assert.ok(found.heardFraction > 0.98 && found.startMs === 0, JSON.stringify(found));
      assert.deepEqual(others, [], sound.name);
      for (const other of all) {
        if (other !== sound) assert.deepEqual(recognise(sound.pcm, [other]), []);
      }
    }
  });

  it('finds a whole play at any offset, through either law, any level and 2 % loss', () => {
    const scene = fc.record({
      which: fc.nat(7),
      atMs: fc.nat(6000),
      law: fc.constantFrom('alaw' as const, 'mulaw' as const),
      gain: fc.double({ min: 0.15, max: 1.2, noNaN: true }),
      seed: fc.nat(),
    });
    const check = fc.property(scene, ({ which, atMs, law, gain, seed }) => {
      const sound = all[which]!;
      const lengthMs = sound.pcm.length / 8;
      const recording = transmit(line(15_000, { pcm: sound.pcm, atMs }), {
        law,
        gain,
        seed,
        loss: 0.02,
      });
      const found = recognise(recording, all);
      assert.deepEqual(names(found), [sound.name]);
      // A lost packet or a breath at the edge is not heard: up to 150 ms may be missing there.
      assert.ok(Math.abs(found[0]!.startMs - atMs) <= 150, `starts at ${found[0]!.startMs}`);
      assert.ok(Math.abs(found[0]!.endMs - atMs - lengthMs) <= 150, `ends at ${found[0]!.endMs}`);
      assert.ok((1 - found[0]!.heardFraction) * lengthMs <= 250 && found[0]!.score > 0.85);
    });
    fc.assert(check, { numRuns: RUNS });
  }).timeout(30_000);

  it('says how much was heard of a play that was stopped early', () => {
    const scene = fc.record({
      which: fc.constantFrom(
        'connect',
        'machine',
        'find-agent-fail',
        'waiting',
        'far-end/greeting',
      ),
      heardMs: fc.integer({ min: 400, max: 2400 }),
      atMs: fc.nat(3000),
      seed: fc.nat(),
    });
    const check = fc.property(scene, ({ which, heardMs, atMs, seed }) => {
      const { pcm } = named(which);
      const recording = line(20_000, { pcm: pcm.subarray(0, heardMs * 8), atMs });
      const found = recognise(transmit(recording, { loss: 0.02, seed }), all);
      assert.deepEqual(names(found), [which]);
      // A stop within a pause of speech cannot be heard: up to 400 ms may be missing, and a frame.
      const heardFraction = (heardMs * 8) / pcm.length;
      assert.ok(Math.abs(found[0]!.startMs - atMs) <= 150, `starts at ${found[0]!.startMs}`);
      const off = (found[0]!.heardFraction - heardFraction) * (pcm.length / 8);
      assert.ok(off < 40 && off > -420, `${off} ms off`);
    });
    fc.assert(check, { numRuns: RUNS });
  }).timeout(30_000);

  it('finds the end of a play whose beginning was not recorded', () => {
    const { pcm } = named('machine');
    const [found] = recognise(line(5000, { pcm: pcm.subarray(16_000), atMs: 0 }), all);
    assert.equal(found?.name, 'machine');
    assert.ok(Math.abs(found.heardFraction - (pcm.length - 16_000) / pcm.length) < 0.05);
  });

  it('counts waiting music that looped as one play, with or without a breath in between', () => {
    for (const pauseMs of [0, 80]) {
      const { pcm } = named('waiting');
      const recording = line(
        14_000,
        { pcm, atMs: 700 },
        { pcm: pcm.subarray(0, 0.4 * pcm.length), atMs: 700 + 8000 + pauseMs },
      );
      const found = recognise(transmit(recording), all);
      assert.deepEqual(names(found), ['waiting'], `pause ${pauseMs}`);
      assert.ok(Math.abs(found[0]!.heardFraction - 1.4) < 0.02, `${found[0]!.heardFraction}`);
    }
  });

  it('tells two plays of one file apart when silence lies between them', () => {
    const { pcm } = named('connect');
    const recording = line(9000, { pcm, atMs: 500 }, { pcm, atMs: 4500 });
    const found = recognise(recording, all);
    assert.deepEqual(names(found), ['connect', 'connect']);
    assert.ok(Math.abs(found[1]!.startMs - 4500) <= 60);
  });

  it('joins a play again whose stream paused in the middle', () => {
    const { pcm } = named('machine');
    const recording = line(
      6000,
      { pcm: pcm.subarray(0, 16_000), atMs: 200 },
      { pcm: pcm.subarray(16_000), atMs: 200 + 2000 + 230 },
    );
    const [found, ...others] = recognise(recording, all);
    assert.equal(found?.name, 'machine');
    assert.ok(Math.abs(found.heardFraction - 1) < 0.05);
    assert.deepEqual(others, []);
  });

  it('returns a whole callback in order of time', () => {
    const recording = line(
      20_000,
      { pcm: named('connect').pcm, atMs: 600 },
      { pcm: named('comfort').pcm, atMs: 3800 },
      { pcm: named('waiting').pcm, atMs: 5200 },
      { pcm: named('find-agent-fail').pcm, atMs: 14_000 },
      { pcm: named('far-end/agent').pcm, atMs: 17_500 },
    );
    assert.deepEqual(names(recognise(transmit(recording, { loss: 0.02, seed: 5 }), all)), [
      'connect',
      'comfort',
      'waiting',
      'find-agent-fail',
      'far-end/agent',
    ]);
  });

  it('hears nothing in silence, noise and tones', () => {
    const lines: [string, Int16Array][] = [
      ['nothing', new Int16Array(0)],
      ['one sample', new Int16Array(1)],
      ['silence', new Int16Array(32_000)],
      ['a-law silence', new Int16Array(32_000).fill(8)],
      ['an offset', new Int16Array(32_000).fill(-1)],
      ['noise', noise(4000, 3000, 3)],
      ['busy', repeatTone(BUSY, 4000)],
      ['reorder', repeatTone(REORDER, 4000)],
      ['CED', repeatTone(CED, 5000)],
      ['SIT', repeatTone(SIT.vacant, 6000)],
      ...[392, 440, 523.25, 587.3, 1000].map((hz): [string, Int16Array] => [
        `${hz} Hz`,
        repeatTone({ levelDbm0: -10, segments: [{ ms: 4000, hz: [hz] }] }, 4000),
      ]),
    ];
    for (const [what, pcm] of lines) assert.deepEqual(recognise(pcm, all), [], what);
  });

  it('does not take one voice for another, nor speech played backwards', () => {
    for (const { name, pcm } of all) {
      const others = all.filter((sound) => sound.name !== name);
      assert.deepEqual(recognise(line(5000, { pcm, atMs: 300 }), others), [], name);
    }
    for (const { name, pcm } of [named('connect'), named('machine'), ...voices]) {
      assert.deepEqual(recognise(pcm.slice().reverse(), all), [], `${name} backwards`);
    }
  });

  it('stands noise on the line', () => {
    const { pcm } = named('connect');
    const hiss = noise(6000, 700, 9);
    const noisy = line(6000, { pcm, atMs: 1000 }).map((sample, i) => sample + hiss[i]!);
    assert.deepEqual(names(recognise(noisy, all)), ['connect']);
  });

  it('ignores candidates without sound and takes any number of them', () => {
    const { pcm } = named('far-end/hello');
    const empty = { name: 'empty', pcm: new Int16Array(0) };
    const silent = { name: 'silent', pcm: new Int16Array(8000) };
    assert.deepEqual(recognise(pcm, []), []);
    assert.deepEqual(recognise(pcm, [empty, silent]), []);
    assert.deepEqual(names(recognise(pcm, [empty, named('far-end/hello'), silent])), [
      'far-end/hello',
    ]);
  });

  it('takes a fraction of a second for 20 s and five candidates', () => {
    const recording = line(20_000, { pcm: named('waiting').pcm, atMs: 4000 });
    recognise(recording, treatments);
    const spent = Array.from({ length: 3 }, () => {
      const before = process.cpuUsage();
      recognise(recording, treatments);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    });
    // About 75 ms on an idle machine; this one may be shared.
    assert.ok(Math.min(...spent) < 250, `${Math.min(...spent)} ms`);
  });
});
