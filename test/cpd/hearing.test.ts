import assert from 'node:assert/strict';
import { HeardOnce } from '../../src/cpd/hearing.js';
import { replay, type ReplayOptions } from '../../src/cpd/replay.js';
import { join, media, noise, silence, tone } from './sounds.js';

const greeting = media('far-end/greeting.wav');

describe('A recording that is measured once', () => {
  const sounds = {
    voicemail: join(greeting.subarray(0, 20_000), silence(300), tone([1000], 400), silence(1000)),
    'a word, broken off': join(noise(600, 0.002), media('far-end/hello.wav')),
    'lost packets': join(greeting.subarray(0, 9000), silence(40), greeting.subarray(9320, 24_000)),
  };
  const runs: readonly ReplayOptions[] = [
    {},
    { profile: 'machine-first' },
    { profile: 'gvp', answeredAtMs: 500 },
    { answeredAtMs: null },
    { timing: { machineSpeechMs: 1200 } },
  ];

  for (const [name, sound] of Object.entries(sounds))
    it(`says the same to every rule as if it were measured anew: ${name}`, () => {
      const heard = new HeardOnce();
      for (const options of runs)
        assert.deepEqual(replay(sound, options, undefined, heard.again()), replay(sound, options));
    }).timeout(60_000);
});
