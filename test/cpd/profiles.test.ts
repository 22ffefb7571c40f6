import assert from 'node:assert/strict';
import { CPD_PROFILES } from '../../src/config/schema-terms.js';
import { PROFILE_NAMES } from '../../src/cpd/options.js';
import { replay, type ReplayOptions } from '../../src/cpd/replay.js';
import type { CpdEvent } from '../../src/cpd/types.js';
import { join, media, noise, silence } from './sounds.js';

const hello = media('far-end/hello.wav');
const greeting = media('far-end/greeting.wav');

function codeOf(sound: Int16Array, options: ReplayOptions): string | undefined {
  const verdict = replay(sound, options).events.find(
    (event): event is Extract<CpdEvent, { type: 'verdict' }> => event.type === 'verdict',
  );
  return `${verdict?.verdict} ${verdict?.code}`;
}

describe('The profiles', () => {
  it('have the names that the configuration offers', () => {
    assert.deepEqual([...CPD_PROFILES], [...PROFILE_NAMES]);
  });

  it('give the reason of a verdict a stable name and its numbers', () => {
    const human = replay(join(hello, silence(2000))).events.find(({ type }) => type === 'verdict');
    assert.ok(human?.type === 'verdict');
    assert.equal(human.code, 'short-speech-then-pause');
    assert.ok(human.numbers!['speechMs']! > 200 && human.numbers!['pauseMs']! > 400);
    assert.equal(codeOf(greeting, {}), 'machine long-speech');
    assert.equal(codeOf(silence(6000), {}), 'silence no-speech');
    assert.equal(codeOf(noise(14_000, 0.1), { silenceTimeoutMs: 5000 }), 'silence no-speech');
  });
});

describe('The profile app-amd', () => {
  const amd = (sound: Int16Array, appAmd = {}) => codeOf(sound, { profile: 'app-amd', appAmd });

  it('takes silence at the start for a machine, as the original does', () => {
    assert.equal(amd(silence(4000)), 'machine app-amd-initialsilence');
    assert.equal(amd(silence(6000), { initialSilenceMs: 5500 }), 'unknown app-amd-toolong');
  });

  it('takes one word and silence for a human', () => {
    assert.equal(amd(join(silence(300), hello, silence(2000))), 'human app-amd-human');
  });

  it('takes many words, or a long greeting, for a machine', () => {
    const word = hello.subarray(0, 8 * 250);
    const words = join(...Array.from({ length: 4 }, () => join(word, silence(150))), silence(2000));
    assert.equal(amd(words), 'machine app-amd-maxwords');
    assert.equal(amd(greeting, { maximumNumberOfWords: 50 }), 'machine app-amd-longgreeting');
  });

  it('hears nothing below its threshold', () => {
    const quiet = join(silence(300), hello, silence(4000)).map((x) => Math.round(x / 200));
    assert.equal(amd(quiet), 'machine app-amd-initialsilence');
    assert.equal(amd(quiet, { silenceThreshold: 4 }), 'human app-amd-human');
  });

  it('gives up after a click', () => {
    const clicks = join(
      silence(1000),
      noise(30, 0.2),
      silence(1000),
      noise(30, 0.2),
      silence(3500),
    );
    assert.equal(amd(clicks, { initialSilenceMs: 6000 }), 'unknown app-amd-toolong');
  });
});

describe('The profile gvp', () => {
  const gvp = (sound: Int16Array, options = {}) => codeOf(sound, { profile: 'gvp', gvp: options });

  it('takes a short segment and a pause for a human', () => {
    assert.equal(gvp(join(silence(3000), hello, silence(2000))), 'human gvp-short-segment');
  });

  it('takes a long segment for a machine', () => {
    assert.equal(gvp(greeting, { machineGreetingMs: 800 }), 'machine gvp-long-segment');
  });

  it('takes a segment of middle length for a human after a longer pause', () => {
    const options = { maxVoiceSignalMs: 100, machineGreetingMs: 5000, voicePauseMs: 600 };
    const sound = join(hello, silence(3000));
    assert.equal(gvp(sound, options), 'human gvp-long-pause');
    const { decidedAtMs } = replay(sound, { profile: 'gvp', gvp: options });
    assert.ok(decidedAtMs >= hello.length / 8 - 150 + 900, `${decidedAtMs}`);
  });

  it('reports silence when nobody speaks in time', () => {
    assert.equal(gvp(silence(4000), { maxPostConnectMs: 3000 }), 'silence gvp-post-connect');
  });
});

describe('The parameters of a rule', () => {
  it('are refused by name when they make no sense', () => {
    for (const [options, expected] of [
      [{ appAmd: { greetingMs: -1 } }, /appAmd\.greetingMs is -1/],
      [{ gvp: { voicePauseMs: Number.NaN } }, /gvp\.voicePauseMs/],
      [{ timing: { machineSpeechMs: 1e9 } }, /timing\.machineSpeechMs/],
    ] as const)
      assert.throws(() => replay(silence(100), options), expected);
  });
});
