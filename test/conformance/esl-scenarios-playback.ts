/**
 * Scenarios about playing: files, lists, generated sounds, what is missing, and interruptions.
 */

import { pause } from './media-bench.js';
import { api, during, execute, type Scenario } from './esl-steps.js';

export const PLAYING: readonly Scenario[] = [
  {
    name: 'play a file',
    legs: 1,
    run: (bench, a) => a.endpoint.play(bench.media('tone300ms.wav')),
  },
  { name: 'play a missing file', legs: 1, run: (_, a) => execute(a, 'playback', '/nope.wav') },
  {
    name: 'play what is no audio',
    legs: 1,
    run: (bench, a) => execute(a, 'playback', bench.media('broken.wav')),
  },
  { name: 'play nothing', legs: 1, run: (_, a) => execute(a, 'playback') },
  { name: 'play an unknown format', legs: 1, run: (_, a) => execute(a, 'playback', 'nope://x') },
  {
    name: 'break a file',
    legs: 1,
    run: (bench, a) => during(a, bench.media('tone10s.wav'), () => api(a, 'uuid_break')),
  },
  { name: 'break nothing', legs: 1, run: (_, a) => api(a, 'uuid_break') },
  {
    name: 'silence',
    legs: 1,
    run: (_, a) => execute(a, 'playback', 'silence_stream://300'),
  },
  {
    name: 'break endless silence',
    legs: 1,
    run: (_, a) => during(a, 'silence_stream://-1', () => api(a, 'uuid_break')),
  },
  {
    name: 'a tone',
    legs: 1,
    run: (_, a) => execute(a, 'playback', 'tone_stream://%(200,100,800)'),
  },
  {
    name: 'start in the middle',
    legs: 1,
    run: (bench, a) => execute(a, 'playback', `${bench.media('tone2s.wav')}@@12000`),
  },
  {
    name: 'start beyond the end',
    legs: 1,
    run: (bench, a) => execute(a, 'playback', `${bench.media('tone300ms.wav')}@@12000`),
  },
  {
    name: 'two silences',
    legs: 1,
    run: (_, a) => a.endpoint.play(['silence_stream://200', 'silence_stream://200']),
  },
  {
    name: 'a list with a missing first file',
    legs: 1,
    run: (bench, a) => a.endpoint.play(['/nope.wav', bench.media('tone300ms.wav')]),
  },
  {
    name: 'a list with a missing last file',
    legs: 1,
    run: (bench, a) =>
      a.endpoint.play([bench.media('tone300ms.wav'), '/nope.wav']).catch((e: Error) => e.message),
  },
  {
    name: 'break a list',
    legs: 1,
    run: async (bench, a) => {
      await execute(a, 'set', 'playback_delimiter=!');
      const list = `${bench.media('tone2s.wav')}!${bench.media('tone300ms.wav')}`;
      return during(a, list, () => api(a, 'uuid_break'));
    },
  },
  {
    name: 'file_string',
    legs: 1,
    run: (bench, a) =>
      execute(
        a,
        'playback',
        `file_string://${bench.media('tone300ms.wav')}!/nope.wav!${bench.media('tone400ms.wav')}`,
      ),
  },
  {
    name: 'file_string with a missing first file',
    legs: 1,
    run: (bench, a) =>
      execute(a, 'playback', `file_string:///nope.wav!${bench.media('tone400ms.wav')}`),
  },
  {
    name: 'file_string of missing files',
    legs: 1,
    run: (_, a) => execute(a, 'playback', 'file_string:///nope.wav!/nope.wav'),
  },
  {
    name: 'break file_string',
    legs: 1,
    run: (bench, a) =>
      during(a, `file_string://${bench.media('tone10s.wav')}!${bench.media('tone10s.wav')}`, () =>
        api(a, 'uuid_break'),
      ),
  },
];

export const NESTING: readonly Scenario[] = [
  {
    name: 'a playback interrupts another',
    legs: 1,
    run: async (bench, a) => {
      const first = execute(a, 'playback', bench.media('tone2s.wav'));
      await pause(300);
      return [await execute(a, 'playback', bench.media('tone400ms.wav')), await first];
    },
  },
  {
    name: 'a variable is set during a playback',
    legs: 1,
    run: (bench, a) => during(a, bench.media('tone400ms.wav'), () => execute(a, 'set', 'x=1'), 100),
  },
  {
    name: 'sleep, interrupted by a playback',
    legs: 1,
    run: async (bench, a) => {
      const sleeping = execute(a, 'sleep', '300');
      await pause(100);
      await execute(a, 'playback', bench.media('tone400ms.wav'));
      return sleeping;
    },
  },
  {
    name: 'break sleep',
    legs: 1,
    run: async (_, a) => {
      const sleeping = execute(a, 'sleep', '3000');
      await pause(200);
      await api(a, 'uuid_break');
      return sleeping;
    },
  },
];
