/**
 * Collecting keys: what play_and_get_digits makes of keys that are too few, too many, too early or
 * too late, of terminators, and of prompts that cannot be played. Times are far enough apart that a
 * busy machine does not change the order of things.
 */
import { pause, type BenchLeg } from './media-bench.js';
import { api, execute, type Scenario } from './esl-steps.js';

/** Long enough for one key of the peer, its end and its event. */
const KEY_MS = 250;

/** What the application can ask for afterwards. */
async function results(a: BenchLeg): Promise<readonly string[]> {
  const names = ['d', 'd_invalid', 'read_result', 'read_terminator_used'];
  const values: string[] = [];
  for (const name of names) values.push(`${name}=${await api(a, 'uuid_getvar', name)}`);
  return values;
}

/** Collects while the peer presses keys, each `[after so many ms, keys]`. */
async function collect(
  a: BenchLeg,
  argument: string,
  ...presses: readonly (readonly [afterMs: number, keys: string])[]
): Promise<readonly string[]> {
  const collecting = execute(a, 'play_and_get_digits', argument);
  for (const [afterMs, keys] of presses) {
    await pause(afterMs);
    a.peer.sendDtmf(keys);
  }
  await collecting;
  return results(a);
}

const QUIET = 'silence_stream://60';

interface Case {
  readonly name: string;
  /** Of play_and_get_digits; /media/ is the bench's folder. */
  readonly argument: string;
  readonly presses?: readonly (readonly [number, string])[];
}

const CASES: readonly Case[] = [
  {
    name: 'collect: too few keys',
    argument: `3 4 1 2000 # ${QUIET} silence_stream://80 d \\d+ 600`,
    presses: [[300, '12']],
  },
  {
    name: 'collect: no key where none is needed',
    argument: `0 4 1 600 # ${QUIET} ${QUIET} d \\d+`,
  },
  {
    name: 'collect: a terminator alone where no key is needed',
    argument: `0 4 2 2000 # ${QUIET} silence_stream://80 d \\d+ 600`,
    presses: [[300, '#']],
  },
  {
    name: 'collect: a terminator alone',
    argument: `1 4 1 2000 *# ${QUIET} silence_stream://80 d \\d+ 600`,
    presses: [[300, '*']],
  },
  {
    name: 'collect: a terminator during the prompt where there is room for one key',
    argument: `1 1 1 1000 # /media/tone2s.wav silence_stream://80 d . 600`,
    presses: [[400, '#']],
  },
  {
    name: 'collect: a terminator during the prompt',
    argument: `1 2 1 1000 # /media/tone2s.wav silence_stream://80 d . 600`,
    presses: [[400, '#']],
  },
  {
    name: 'collect: a terminator that counts as a key',
    argument: `1 4 1 2000 +# ${QUIET} silence_stream://80 d [\\d#]+ 600`,
    presses: [[300, '1#']],
  },
  {
    name: 'collect: a terminator that is required, and is missing',
    argument: `1 4 1 2000 =# ${QUIET} silence_stream://80 d \\d+ 600`,
    presses: [[300, '12']],
  },
  {
    name: 'collect: no terminators',
    argument: `1 2 1 2000 none ${QUIET} silence_stream://80 d . 600`,
    presses: [[300, '#']],
  },
  {
    name: 'collect: the second try fits',
    argument: `1 1 3 2000 # ${QUIET} silence_stream://80 d [5-9] 600`,
    presses: [
      [300, '1'],
      [700, '7'],
    ],
  },
  {
    name: 'collect: no try fits',
    argument: `1 1 2 2000 # ${QUIET} silence_stream://80 d [5-9] 600`,
    presses: [
      [300, '1'],
      [700, '2'],
    ],
  },
  { name: 'collect: no tries', argument: `1 1 0 2000 # ${QUIET} ${QUIET} d . 600` },
  {
    name: 'collect: a pattern fits anywhere unless it is tied down',
    argument: `3 3 1 2000 # ${QUIET} silence_stream://80 d 2 600`,
    presses: [[300, '123']],
  },
  {
    name: 'collect: a pattern that is tied down',
    argument: `3 3 1 2000 # ${QUIET} silence_stream://80 d ^2 600`,
    presses: [[300, '123']],
  },
  {
    name: 'collect: a key during the invalid file counts for the next try',
    argument: `1 1 2 2000 # ${QUIET} /media/tone2s.wav d [5-9] 600`,
    presses: [
      [300, '1'],
      [900, '7'],
    ],
  },
  {
    name: 'collect: a prompt that is not there',
    argument: '1 1 2 2000 # /media/none.wav silence_stream://80 d . 600',
  },
  {
    name: 'collect: an invalid file that is not there',
    argument: `1 1 2 1000 # ${QUIET} /media/none.wav d . 600`,
  },
  {
    name: 'collect: the prompt that is called silence',
    argument: '1 1 1 2000 # silence silence_stream://80 d . 600',
    presses: [[300, '5']],
  },
  {
    name: 'collect: less room than keys',
    argument: `2 1 1 1000 # ${QUIET} ${QUIET} d .`,
    presses: [[300, '56']],
  },
  {
    name: 'collect: room for more than it can hold',
    argument: `1 200 1 1000 # ${QUIET} ${QUIET} d .`,
  },
  {
    name: 'collect: without a pattern',
    argument: `1 2 1 2000 # ${QUIET} silence_stream://80 d`,
    presses: [[300, '*5']],
  },
];

const SEQUENCES: readonly Scenario[] = [
  {
    name: 'collect: keys pressed before',
    legs: 1,
    run: async (bench, a) => {
      a.peer.sendDtmf('12');
      await pause(4 * KEY_MS);
      return collect(a, `1 2 1 1000 # ${bench.media('tone2s.wav')} ${QUIET} d . 600`);
    },
  },
  {
    name: 'collect: keys pressed before, and flushed',
    legs: 1,
    run: async (bench, a) => {
      a.peer.sendDtmf('12');
      await pause(4 * KEY_MS);
      await execute(a, 'flush_dtmf');
      return collect(a, `1 2 1 1000 # ${bench.media('tone300ms.wav')} ${QUIET} d . 600`);
    },
  },
  {
    name: 'collect: keys during a playback before',
    legs: 1,
    run: async (bench, a) => {
      const playing = execute(a, 'playback', bench.media('tone2s.wav'));
      await pause(400);
      a.peer.sendDtmf('34');
      await playing;
      return collect(a, `1 2 1 1000 # ${bench.media('tone2s.wav')} ${QUIET} d . 600`);
    },
  },
  {
    name: 'collect: more keys than there is room for',
    legs: 1,
    areKeysApart: true,
    run: async (_, a) => {
      const first = await collect(a, `1 2 1 2000 # ${QUIET} ${QUIET} d . 600`, [300, '1234']);
      await pause(4 * KEY_MS);
      return [first, await collect(a, `1 2 1 1000 # ${QUIET} ${QUIET} d . 600`)];
    },
  },
  {
    name: 'collect: less than a second to wait is a second',
    legs: 1,
    run: async (_, a) => {
      const startMs = performance.now();
      await collect(a, `1 1 1 100 # ${QUIET} ${QUIET} d .`);
      return performance.now() - startMs >= 1000;
    },
  },
];

/** All scenarios about collecting keys. */
export const COLLECTING: readonly Scenario[] = [
  ...CASES.map(({ name, argument, presses = [] }): Scenario => ({
    name,
    legs: 1,
    run: (bench, a) =>
      collect(a, argument.replaceAll('/media/', `${bench.mediaDirectory}/`), ...presses),
  })),
  ...SEQUENCES,
];
