import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Cadence } from '../../src/cpd/cadence.js';
import {
  signaturesOf,
  tonesOf,
  TONE_COUNTRIES,
  TONE_SOURCES,
  WORLD_SIGNATURES,
  type Signature,
  type ToneAlternative,
} from '../../src/cpd/country-tones.js';
import { replay } from '../../src/cpd/replay.js';
import { TonePlan } from '../../src/cpd/tone-plan.js';
import { emptySegment } from '../../src/cpd/tone-tracker.js';
import { throughLine, type Line } from './line.js';
import { join, repeat, silence, tone } from './sounds.js';

const KINDS = ['busy', 'congestion', 'ringback'] as const;
const wordOf = { busy: 'busy', congestion: 'reorder', ringback: 'ringback' } as const;
const cycleMs = ({ steps }: Signature) => steps.reduce((sum, ms) => sum + ms, 0);
const nameOf = ({ kind, frequencies, steps, countries }: Signature) =>
  `${kind} of ${countries[0]}: ${frequencies.join('+')} Hz, ${steps.join('/')} ms`;

describe('The table of tones', () => {
  it('covers at least 150 countries, by ISO 3166 codes, each with a source', () => {
    assert.ok(TONE_COUNTRIES.length >= 150, `${TONE_COUNTRIES.length}`);
    const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
    for (const country of TONE_COUNTRIES) {
      assert.ok(/^[A-Z]{2}$/.test(country) && regions.of(country), country);
      const tones = tonesOf(country);
      assert.ok(tones && KINDS.some((kind) => tones[kind]?.length), country);
      for (const kind of KINDS) {
        for (const { sources } of tones[kind] ?? []) {
          assert.ok(sources.length > 0 && sources.every((source) => source in TONE_SOURCES));
        }
      }
    }
  });

  it('has frequencies that a telephone line carries, and cycles of on and off', () => {
    for (const { frequencies, steps } of WORLD_SIGNATURES) {
      assert.ok(frequencies.length === 1 || frequencies.length === 2);
      assert.ok(frequencies.every((hz) => hz >= 300 && hz <= 1000));
      assert.ok(frequencies.length === 1 || frequencies[0]! < frequencies[1]!);
      assert.ok(steps.length >= 2 && steps.length % 2 === 0);
      assert.ok(steps.every((ms) => ms >= 100 && ms <= 10_000));
    }
  });

  it('gives no rhythm two meanings in one country, unless it says which is the likelier one', () => {
    const near = (a: readonly number[], b: readonly number[], share: number) =>
      a.length === b.length && a.every((x, i) => Math.abs(x - b[i]!) <= share * x);
    const contradicts = (a: ToneAlternative, b: ToneAlternative) =>
      near(a.frequencies, b.frequencies, 0.02) && near(a.steps, b.steps, 0.04);
    for (const country of TONE_COUNTRIES) {
      const lists = KINDS.map((kind) => (tonesOf(country)?.[kind] ?? []).filter((a) => !a.shared));
      const found = lists.flatMap((list, i) =>
        list.filter((a) => lists.some((other, j) => j > i && other.some((b) => contradicts(a, b)))),
      );
      assert.deepEqual(found, [], country);
    }
  });

  it('keeps alternatives, and names the network of a territory', () => {
    assert.ok((tonesOf('GB')?.ringback ?? []).length >= 3);
    assert.equal(tonesOf('IM'), tonesOf('GB'));
    assert.equal(tonesOf('de'), tonesOf('DE'));
    assert.equal(tonesOf(undefined), undefined);
    assert.deepEqual(signaturesOf('ZZ'), []);
  });
});

/** Bursts as the tracker would hand them over, each off by its own share of the tolerance. */
function play(
  { frequencies, steps }: Signature,
  bursts: number,
  errors: readonly number[],
): Cadence {
  const cadence = new Cadence();
  let atMs = 1000;
  for (let i = 0; i < bursts; i++) {
    const on = steps[(2 * i) % steps.length]!;
    const off = steps[(2 * i + steps.length - 1) % steps.length]!;
    const error = 0.5 * errors[i % errors.length]! * Math.max(32, 0.12 * on);
    const [low = 0, high = 0] = frequencies;
    const isSeenApart = high - low > 110;
    const centreHz = high > 0 && !isSeenApart ? (low + high) / 2 : low;
    const startMs = atMs + off;
    atMs = startMs + on + error;
    const gapBeforeMs = i === 0 ? 1000 : off;
    const part = { startMs, endMs: atMs, gapBeforeMs, levelDb: -20, purity: 0.98, centreHz };
    const secondHz = isSeenApart ? high : 0;
    cadence.consume({ ...emptySegment(), ...part, frequencyHz: centreHz, secondHz });
  }
  return cadence;
}

describe('The meaning of a rhythm', () => {
  const busyLike = TONE_COUNTRIES.flatMap((country) =>
    signaturesOf(country).filter(({ kind }) => kind !== 'ringback'),
  );

  it('is that of the table in every country that has it, however its times are off', () => {
    assert.ok(busyLike.length > 300);
    const error = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(...busyLike),
        fc.array(error, { minLength: 6, maxLength: 6 }),
        (signature, errors) => {
          const cadence = play(signature, signature.steps.length + 2, errors);
          const meaning = new TonePlan(signature.countries[0]).meaning(cadence);
          assert.equal(meaning?.tone, wordOf[signature.kind], nameOf(signature));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('is that of the family where the country is not known, with its candidates', () => {
    for (const signature of busyLike) {
      const meaning = new TonePlan(undefined).meaning(
        play(signature, signature.steps.length + 2, [0]),
      );
      assert.ok(meaning, nameOf(signature));
      assert.equal(meaning.candidates.length > 1, meaning.tone === 'busy-or-congestion');
    }
    const ambiguous = busyLike.find(
      ({ frequencies, steps }) => frequencies.join() === '425' && steps.join() === '250,250',
    )!;
    const meaning = new TonePlan(undefined).meaning(play(ambiguous, 4, [0]));
    assert.deepEqual(meaning?.candidates, ['reorder', 'busy']);
  });

  it('falls back to the family, and says so, when a country plays what is not in its table', () => {
    const european = busyLike.find(({ countries }) => countries[0] === 'DE')!;
    const meaning = new TonePlan('US').meaning(play(european, 4, [0]));
    assert.match(meaning?.because ?? '', /not in the table of US/);
  });

  it('is that of the likelier one where both sound the same, and says so', () => {
    const mexican = signaturesOf('MX').find(({ kind }) => kind === 'busy')!;
    const meaning = new TonePlan('MX').meaning(play(mexican, 4, [0]));
    assert.equal(meaning?.tone, 'busy');
    assert.match(meaning?.because ?? '', /where congestion sounds the same/);
  });
});

describe('Every tone in use, on a poor line', () => {
  /** 20 dB above the noise, 2 % lost, both laws, quiet and loud; cut in the middle of a burst now and then. */
  const lines: readonly (Line & { levelDb: number })[] = [
    { law: 'a', noiseDb: -40, lostShare: 0.02, seed: 1, levelDb: -20 },
    { law: 'mu', noiseDb: -55, lostShare: 0.02, seed: 2, levelDb: -35 },
    { law: 'mu', noiseDb: -32, lostShare: 0, seed: 3, levelDb: -12 },
  ];
  const play = (signature: Signature, index: number) => {
    const line = lines[index % lines.length]!;
    const { frequencies, steps } = signature;
    const parts = steps.map((ms, i) =>
      i % 2 ? silence(ms) : tone(frequencies, ms, 10 ** (line.levelDb / 20)),
    );
    const times = Math.max(2, Math.ceil(3200 / cycleMs(signature)));
    return throughLine(join(silence(400), repeat(times, ...parts)), line);
  };
  const examples = WORLD_SIGNATURES.map((signature, index) => ({ signature, index }));
  const isRing = ({ signature }: { signature: Signature }) => signature.kind === 'ringback';

  it('is told apart by kind in its country, within two and a half cycles', function () {
    this.timeout(60_000);
    const wrong: string[] = [];
    const late: string[] = [];
    for (const { signature, index } of examples.filter((example) => !isRing(example))) {
      const sound = play(signature, index);
      const result = replay(sound, { answeredAtMs: null, country: signature.countries[0] });
      const said = `${nameOf(signature)}: ${result.verdict} at ${result.decidedAtMs} ms`;
      if (result.verdict !== wordOf[signature.kind]) wrong.push(said);
      if (result.decidedAtMs > 400 + 2.5 * cycleMs(signature) + 100) late.push(said);
    }
    assert.deepEqual(wrong, []);
    // Spanish congestion begins as Spanish busy does; and a lost packet may cost a cycle.
    assert.ok(late.length <= 3, late.join('\n'));
  });

  it('is known as ringback after its first burst or pair of bursts', function () {
    this.timeout(60_000);
    const wrong: string[] = [];
    for (const { signature, index } of examples.filter(isRing)) {
      const result = replay(play(signature, index), { answeredAtMs: null });
      const ringback = result.events.find((event) => event.type === 'ringback');
      const isInTime = (ringback?.atMs ?? Infinity) <= 400 + 1.3 * cycleMs(signature);
      if (result.verdict !== 'ringback' || !isInTime)
        wrong.push(`${nameOf(signature)}: ${result.verdict} at ${ringback?.atMs} ms`);
    }
    assert.deepEqual(wrong, []);
  });
});
