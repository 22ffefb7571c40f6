import assert from 'node:assert/strict';
import { replay, type ReplayOptions } from '../../src/cpd/replay.js';
import type { Verdict } from '../../src/cpd/types.js';
import { TONE_COUNTRIES, tonesOf } from '../../src/cpd/country-tones.js';
import { throughLine, type Line } from './line.js';
import { join, media, noise, mix, repeat, silence, tone } from './sounds.js';

const early = (sound: Int16Array, options: ReplayOptions = {}) =>
  replay(sound, { ...options, answeredAtMs: null });

/** A cadence of one tone set, four times, after some silence. */
const cadence = (hz: readonly number[], ...partsMs: readonly number[]) =>
  join(silence(300), repeat(4, ...partsMs.map((ms, i) => (i % 2 ? silence(ms) : tone(hz, ms)))));

describe('Network tones before the answer', () => {
  const rhythms: readonly [
    string,
    readonly number[],
    readonly number[],
    string | undefined,
    Verdict,
  ][] = [
    ['busy in North America', [480, 620], [500, 500], 'US', 'busy'],
    ['reorder in North America', [480, 620], [250, 250], 'US', 'reorder'],
    ['busy in most of Europe', [425], [500, 500], undefined, 'busy'],
    ['busy in Germany', [425], [480, 480], 'DE', 'busy'],
    ['busy in Britain', [400], [375, 375], 'GB', 'busy'],
    ['congestion in Britain, two bursts', [400], [400, 350, 225, 525], 'GB', 'reorder'],
    [
      'a rhythm of many meanings where the country is not known',
      [425],
      [250, 250],
      undefined,
      'busy-or-congestion',
    ],
    ['congestion in Norway, in the same rhythm', [425], [200, 200], 'NO', 'reorder'],
    ['the same rhythm in Sweden, where it is busy', [425], [250, 250], 'SE', 'busy'],
    ['Swedish congestion', [425], [250, 750], 'SE', 'reorder'],
    ['fast busy in Spain', [425], [200, 200], 'ES', 'busy'],
  ];
  for (const [name, hz, parts, country, expected] of rhythms) {
    it(`recognises ${name}`, () => {
      const result = early(cadence(hz, ...parts), { country });
      assert.equal(result.verdict, expected, result.reason);
      const said = result.events.find((event) => event.type === 'tone');
      assert.ok(said && said.type === 'tone' && said.tone === expected);
    });
  }

  it('means what the country says where frequency and times are as far off as networks let them be', () => {
    const rhythms: readonly [string, readonly number[], readonly number[], Verdict][] = [
      ['US', [480, 620], [250, 250], 'reorder'],
      ['US', [480, 620], [500, 500], 'busy'],
      ['ES', [425], [200, 200], 'busy'],
      ['BR', [425], [250, 250], 'busy'],
      ['FR', [440], [250, 250], 'reorder'],
      ['CN', [450], [700, 700], 'reorder'],
    ];
    for (const [country, hz, parts, expected] of rhythms) {
      for (const [pitch, pace] of [
        [0.985, 0.9],
        [1.015, 1.1],
      ] as const) {
        const sound = cadence(
          hz.map((f) => f * pitch),
          ...parts.map((ms) => ms * pace),
        );
        const { verdict, decidedAtMs, reason } = early(sound, { country });
        assert.equal(verdict, expected, `${country} ${pace}: ${reason}`);
        const cycleMs = pace * (parts[0]! + parts[1]!);
        // Spanish congestion begins as Spanish busy does.
        const cycles = country === 'ES' ? 3.5 : 2.5;
        assert.ok(
          decidedAtMs <= 300 + cycles * cycleMs + 120,
          `${country} ${pace}: ${decidedAtMs}`,
        );
      }
    }
  });

  it('knows busy after one and a half cycles', () => {
    const result = early(cadence([425], 500, 500));
    assert.ok(result.decidedAtMs <= 300 + 1500 + 120, `${result.decidedAtMs}`);
  });

  it('recognises busy through holes of lost packets and line noise', () => {
    const sound = cadence([425], 500, 500);
    for (let at = 3000; at < sound.length; at += 2700) sound.fill(0, at, at + 160);
    assert.equal(early(mix(sound, noise(sound.length / 8, 0.005))).verdict, 'busy');
  });

  it('recognises busy and ringback in noise 10 dB below the tone', () => {
    const noisy = (sound: Int16Array) => mix(sound, noise(sound.length / 8, 0.1 * 10 ** -0.5));
    assert.equal(early(noisy(cadence([425], 500, 500)), { country: 'NL' }).verdict, 'busy');
    assert.equal(early(noisy(cadence([480, 620], 250, 250)), { country: 'US' }).verdict, 'reorder');
    assert.equal(early(noisy(cadence([440, 480], 2000, 4000))).verdict, 'ringback');
  });

  const rings: readonly [string, readonly number[], readonly number[]][] = [
    ['North America', [440, 480], [2000, 4000]],
    ['most of Europe', [425], [1000, 4000]],
    ['Britain', [400, 450], [400, 200, 400, 2000]],
    ['Australia', [413, 438], [400, 200, 400, 2000]],
  ];
  for (const [name, hz, parts] of rings) {
    it(`hears the ringback of ${name}, and no more in it`, () => {
      const result = early(cadence(hz, ...parts));
      assert.equal(result.events.filter((event) => event.type === 'ringback').length, 1);
      assert.equal(result.verdict, 'ringback', result.reason);
      const said = result.events.find((event) => event.type === 'early-media');
      assert.equal(said?.type === 'early-media' && said.now, 'ringback');
    });
  }

  it('does not take music for a network tone', () => {
    const result = early(repeat(2, media('waiting.wav')));
    assert.equal(result.verdict, 'music', result.reason);
    assert.ok(!result.events.some(({ type }) => type === 'tone' || type === 'ringback'));
  });

  it('forgets the ringback when the call is answered', () => {
    const ring = cadence([425], 1000, 4000).subarray(0, 8 * 12_000);
    const sound = join(ring, media('far-end/hello.wav'), silence(2000));
    assert.equal(replay(sound, { answeredAtMs: 12_000 }).verdict, 'human');
  });
});

describe('Special information tones', () => {
  const [short, long] = [274, 380];
  const codes: readonly [string, readonly [number, number], readonly [number, number], Verdict][] =
    [
      ['intercept', [913.8, short], [1370.6, short], 'sit-intercept'],
      ['vacant code', [985.2, long], [1370.6, short], 'sit-vacant'],
      ['reorder', [913.8, short], [1428.5, long], 'sit-reorder'],
      ['no circuit', [985.2, long], [1428.5, long], 'sit-no-circuit'],
      ['a code on whose meaning sources differ', [985.2, short], [1370.6, long], 'sit'],
    ];
  for (const [name, first, second, expected] of codes) {
    it(`reads ${name}`, () => {
      const sound = join(
        silence(200),
        tone([first[0]], first[1]),
        tone([second[0]], second[1]),
        tone([1776.7], long),
        silence(500),
      );
      assert.equal(early(sound).verdict, expected);
      assert.equal(replay(sound).verdict, expected);
    });
  }

  it('are read on a poor line, soon enough', () => {
    for (const [name, first, second, expected] of codes) {
      for (const seed of [1, 2, 3, 4]) {
        const lostShare = seed % 2 ? 0 : 0.02;
        const line: Line = { law: seed > 2 ? 'a' : 'mu', noiseDb: -45, lostShare, seed };
        const parts = [first, second, [1776.7, long]].map(([hz = 0, ms = 0]) =>
          tone([hz], ms, 0.06),
        );
        const leadMs = 137 * seed;
        const result = early(throughLine(join(silence(leadMs), ...parts, silence(800)), line));
        const endMs = leadMs + first[1] + second[1] + long;
        assert.equal(result.verdict, expected, `${name}, line ${seed}: ${result.reason}`);
        assert.ok(result.decidedAtMs <= endMs + 60, `${name}, line ${seed}`);
      }
    }
  });

  it('are plain where they are off the codes, as many countries have them', () => {
    const worlds = TONE_COUNTRIES.flatMap((country) => tonesOf(country)?.info ?? []);
    assert.ok(worlds.length > 60);
    for (const { frequencies, steps } of worlds) {
      const isLong = steps.some((ms) => ms > 450);
      if (isLong || frequencies[2]! < 1700) continue;
      const parts = steps.map((ms, i) => tone([frequencies[i]!], ms));
      const { verdict } = early(join(silence(200), ...parts, silence(500)));
      assert.equal(verdict, 'sit', frequencies.join());
    }
  });

  it('reads the plain form with gaps, before its third tone is over', () => {
    const sound = join(
      ...[950, 1400, 1800].flatMap((hz) => [tone([hz], 330), silence(20)]),
      silence(500),
    );
    const result = early(sound);
    assert.equal(result.verdict, 'sit');
    assert.ok(result.decidedAtMs < 1040, `${result.decidedAtMs}`);
    assert.equal(result.beepAtMs, null);
  });
});

describe('Fax machines', () => {
  it('answer with 2100 Hz', () => {
    const result = replay(join(silence(400), tone([2100], 3000)));
    assert.equal(result.verdict, 'fax');
    assert.ok(result.decidedAtMs < 400 + 500, `${result.decidedAtMs}`);
  });

  it('answer with 2100 Hz that reverses its phase', () => {
    const half = tone([2100], 450);
    const reversed = join(
      silence(400),
      repeat(
        4,
        half,
        half.map((x) => -x),
      ),
    );
    assert.equal(replay(reversed).verdict, 'fax');
  });

  it('answer with 2100 Hz that swells fifteen times a second and reverses its phase, ANSam', () => {
    const ansam = Int16Array.from({ length: 8 * 3000 }, (_, i) => {
      const swell = 1 + 0.2 * Math.sin((2 * Math.PI * 15 * i) / 8000);
      const sign = Math.floor(i / (8 * 450)) % 2 === 0 ? 1 : -1;
      return Math.round(5000 * sign * swell * Math.sin((2 * Math.PI * 2100 * i) / 8000));
    });
    const result = replay(join(silence(400), ansam));
    assert.equal(result.verdict, 'fax');
    assert.ok(result.decidedAtMs < 400 + 800, `${result.decidedAtMs}`);
  });

  it('are recognised by a calling tone without speech', () => {
    const result = replay(join(silence(600), repeat(2, tone([1100], 500), silence(3000))));
    assert.equal(result.verdict, 'fax');
  });

  it('are recognised by a calling tone at the edges of what T.30 allows', () => {
    for (const hz of [1062, 1138]) {
      for (const ms of [425, 575]) {
        const sound = join(silence(700), tone([hz], ms), silence(3000));
        assert.equal(replay(sound).verdict, 'fax', `${hz} Hz for ${ms} ms`);
      }
    }
  });

  it('are recognised by the flags before their first message', () => {
    // V.21 channel 2: 1650 Hz is one, 1850 Hz is zero, 300 bits a second, 0x7e over and over.
    const bits = '01111110';
    let phase = 0;
    const flags = Int16Array.from({ length: 8000 }, (_, i) => {
      const bit = bits[Math.floor((i * 300) / 8000) % 8];
      phase += (2 * Math.PI * (bit === '1' ? 1650 : 1850)) / 8000;
      return Math.round(5000 * Math.sin(phase));
    });
    assert.equal(replay(join(silence(500), flags)).verdict, 'fax');
    for (let at = 1600; at < flags.length; at += 1600) flags.fill(0, at, at + 320);
    assert.equal(replay(join(silence(500), flags, silence(1000))).verdict, 'fax');
    // Bursts of what a modem sends, with pauses between them, are no fax.
    for (let at = 0; at < flags.length; at += 2400) flags.fill(0, at, at + 800);
    assert.notEqual(replay(join(silence(500), flags, silence(1000))).verdict, 'fax');
  });

  it('are not seen in a voicemail that beeps at 1100 or 2100 Hz', () => {
    const greeting = media('far-end/greeting.wav');
    for (const hz of [1100, 2100]) {
      const result = replay(join(greeting, silence(200), tone([hz], 500), silence(2000)));
      assert.equal(result.verdict, 'machine');
      assert.notEqual(result.beepAtMs, null);
    }
  });
});
