import assert from 'node:assert/strict';
import { CpdDetector } from '../../src/cpd/detector.js';
import { BEEP_KINDS, melody, throughG711, vowel, withHoles, withNoise } from './beep-sounds.js';
import { gain, join, media, repeat, silence, tone } from './sounds.js';

const FRAME_SAMPLES = 160;
/** A greeting of 3 s, its last word faded out. */
const greeting = media('far-end/greeting.wav').subarray(0, 8 * 3000);
for (let i = 1; i <= 400; i++) greeting[greeting.length - i]! *= i / 400;

interface Heard {
  readonly startMs: number;
  readonly endMs: number;
  readonly frequencyHz: number;
  /** When it was said. */
  readonly saidMs: number;
}

/** Plays a sound in packets of 20 ms and says what beeps were reported, and when. */
function beepsIn(sound: Int16Array): readonly Heard[] {
  const heard: Heard[] = [];
  const detector: CpdDetector = new CpdDetector({}, (event) => {
    if (event.type === 'beep') heard.push({ ...event, saidMs: detector.elapsedMs });
  });
  detector.answered();
  for (let at = 0; at < sound.length; at += FRAME_SAMPLES)
    detector.push(sound.subarray(at, at + FRAME_SAMPLES));
  detector.finish();
  return heard;
}

const GAP_MS = 400;
const voicemail = (beep: Int16Array) =>
  join(silence(200), greeting, silence(GAP_MS), beep, silence(1500));
const startMs = 200 + greeting.length / 8 + GAP_MS;

const LINES: readonly [string, (sound: Int16Array) => Int16Array][] = [
  ['on a clean line', (sound) => sound],
  ['through G.711 with line noise', (sound) => throughG711(withNoise(sound, 0.002))],
  ['through holes of lost packets', (sound) => withHoles(withNoise(sound, 0.001), 430)],
];

describe('A voicemail’s beep', () => {
  for (const { name, hz, ms, sound } of BEEP_KINDS) {
    it(`is found when it is ${name}, and said when it is over`, () => {
      for (const [where, line] of LINES) {
        const [beep, ...others] = beepsIn(line(voicemail(sound)));
        assert.ok(beep, `none ${where}`);
        assert.deepEqual(others, [], where);
        assert.ok(Math.abs(beep.startMs - startMs) <= 40, `starts at ${beep.startMs} ${where}`);
        const dies = name.includes('dies') || name.includes('bell');
        const endError = beep.endMs - (startMs + ms);
        assert.ok(Math.abs(endError) <= 48 || (dies && endError < 0), `ends ${endError} ${where}`);
        assert.ok(beep.saidMs - beep.endMs <= 150, `said at ${beep.saidMs} ${where}`);
        assert.ok(Math.abs(beep.frequencyHz - hz) <= 0.03 * hz, `${beep.frequencyHz} Hz ${where}`);
      }
    });
  }

  it('is found at any pitch, length and level, nine times of ten over noise', () => {
    const missed: string[] = [];
    let count = 0;
    for (const hz of [345, 520, 800, 1250, 2000])
      for (const ms of [120, 250, 700])
        for (const level of [0.02, 0.1, 0.25]) {
          count++;
          const call = throughG711(withNoise(voicemail(tone([hz], ms, level)), 0.004));
          const [beep] = beepsIn(call);
          const isRight = beep && Math.abs(beep.startMs - startMs) <= 60;
          if (!isRight) missed.push(`${hz} Hz ${ms} ms ${level}`);
        }
    assert.ok(missed.length <= count / 10, missed.join(', '));
  });

  it('is reported within 150 ms of its end, whatever follows in the network', () => {
    const call = join(voicemail(tone([1000], 300)).subarray(0, (startMs + 300) * 8), silence(600));
    const [beep] = beepsIn(withNoise(call, 0.003));
    assert.ok(beep && beep.saidMs - (startMs + 300) <= 150);
  });

  it('may come right after the last word, and twice', () => {
    const call = join(silence(200), greeting, silence(60), tone([950], 250), silence(3500));
    assert.equal(beepsIn(call).length, 1);
    const twice = join(voicemail(tone([950], 250)), silence(2500), tone([950], 250), silence(900));
    assert.equal(beepsIn(twice).length, 2);
  });
});

describe('What is not a beep', () => {
  const after = (sound: Int16Array) => beepsIn(voicemail(sound));
  const cases: readonly [string, readonly Int16Array[]][] = [
    ['speech', [greeting, media('far-end/hello.wav'), media('far-end/agent.wav')]],
    ['a held vowel, however high', [180, 260, 350, 420].map((hz) => vowel(hz, 350))],
    [
      'special information tones',
      [0, 4, 30].map((ms) =>
        join(...[950, 1400, 1800].flatMap((hz) => [tone([hz], 330), silence(ms)])),
      ),
    ],
    [
      'digits of a keypad',
      [
        tone([697, 1209], 200),
        join(...[1209, 1336, 1477].flatMap((hz) => [tone([852, hz], 90), silence(90)])),
      ],
    ],
    ['an answer tone', [tone([2100], 2000)]],
    ['dial tone', [tone([350, 440], 3000), tone([425], 3000)]],
    ['ringback', [tone([440, 480], 2000), tone([425], 1000), tone([400, 450], 400)]],
    ['busy of two tones', [repeat(3, tone([480, 620], 500), silence(500))]],
    ['music', [melody(260, 523, 659, 784, 1047, 784, 659), media('waiting.wav')]],
  ];
  for (const [name, sounds] of cases) {
    it(`is ${name}`, () => {
      for (const [n, sound] of sounds.entries()) {
        assert.deepEqual(after(sound), [], `sound ${n}`);
        assert.deepEqual(after(throughG711(withNoise(sound, 0.002))), [], `sound ${n}, noisy`);
      }
    });
  }

  it('is a tone before anybody has spoken', () => {
    for (const hz of [425, 1000, 1100])
      assert.deepEqual(beepsIn(join(silence(800), repeat(3, tone([hz], 400), silence(700)))), []);
  });

  it('is the busy tone of a machine that hangs up, more than once', () => {
    const busy = repeat(5, tone([425], 500), silence(500));
    assert.ok(beepsIn(voicemail(gain(busy, 0.8))).length <= 1);
  });
});
