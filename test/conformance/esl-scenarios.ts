/**
 * What both media servers are asked to do, step by step. A scenario returns what its application
 * saw; what the event sockets carried is written down by the bench.
 */

import { pause, within, type BenchLeg, type MediaBench } from './media-bench.js';
import { COLLECTING } from './esl-scenarios-digits.js';
import { NESTING, PLAYING } from './esl-scenarios-playback.js';
import {
  abandon,
  api,
  bridge,
  closed,
  command,
  converse,
  during,
  execute,
  park,
  parkItself,
  SETTLE_MS,
  type Scenario,
} from './esl-steps.js';

const SMALL_THINGS: Scenario[] = [
  {
    name: 'variables',
    legs: 1,
    run: async (_, a) => {
      await a.endpoint.set({ a: '1', b: 'two words' });
      await a.endpoint.set('c', 'x');
      await execute(a, 'export', 'd=y');
      await execute(a, 'unset', 'c');
      const seen = await Promise.all(['b', 'c', 'd'].map((n) => api(a, 'uuid_getvar', n)));
      return [...seen, await api(a, 'uuid_setvar', 'e', 'f g'), await api(a, 'uuid_getvar', 'e')];
    },
  },
  {
    name: 'applications that do nothing to see',
    legs: 1,
    run: async (_, a) => [
      await execute(a, 'answer'),
      await execute(a, 'flush_dtmf'),
      await execute(a, 'park'),
    ],
  },
  {
    name: 'a key is pressed',
    legs: 1,
    run: async (_, a) => {
      a.peer.sendDtmf('5', 120);
      await a.log.event('DTMF');
    },
  },
  {
    name: 'keys are sent',
    legs: 1,
    run: async (_, a) => {
      const keys: string[] = [];
      a.peer.onDtmf = (digit) => void keys.push(digit);
      await execute(a, 'send_dtmf', '12@100');
      await api(a, 'uuid_send_dtmf', '7');
      await a.log.until(() => true, '');
      for (let i = 0; i < 40 && keys.length < 3; i++) await pause(50);
      return keys;
    },
  },
  {
    name: 'collect keys, none pressed',
    legs: 1,
    run: (_, a) =>
      a.endpoint.playCollect({ file: 'silence_stream://200', max: 1, min: 1, timeout: 500 }),
  },
  {
    name: 'collect keys up to a terminator',
    legs: 1,
    run: async (bench, a) => {
      const file = bench.media('tone2s.wav');
      const collecting = a.endpoint.playCollect({ file, min: 1, max: 4, timeout: 1500 });
      await pause(500);
      a.peer.sendDtmf('12#');
      return collecting;
    },
  },
  {
    name: 'collect a key that does not fit',
    legs: 1,
    run: async (bench, a) => {
      const collecting = a.endpoint.playCollect({
        ...{ file: bench.media('tone300ms.wav'), min: 1, max: 1, timeout: 1500 },
        ...{ regexp: '[5-9]', invalidFile: bench.media('tone400ms.wav') },
      });
      await pause(450);
      a.peer.sendDtmf('1');
      return collecting;
    },
  },
  {
    name: 'what is asked about channels that are not there',
    legs: 1,
    run: async (bench, a) => {
      const questions = [
        ...['uuid_break x', 'uuid_kill x', 'uuid_dump x', 'uuid_getvar x a', 'uuid_setvar x a b'],
        ...['uuid_bridge x y', 'uuid_transfer x park inline', 'uuid_set_media_stats x'],
        ...['uuid_send_dtmf x 1', 'uuid_exists x', 'uuid_break', 'uuid_kill', 'uuid_dump'],
        ...['uuid_getvar', 'uuid_bridge', 'uuid_transfer', 'no_such_api x', 'module_exists'],
        ...['module_exists mod_sndfile', 'module_exists mod_nope'],
        ...[`uuid_exists ${a.endpoint.uuid}`, `uuid_bridge ${a.endpoint.uuid} x`],
        `uuid_getvar ${a.endpoint.uuid} nope`,
      ];
      const answers: string[] = [];
      for (const question of questions) {
        const answer = await bench.ms.api(question);
        answers.push(`${question} => ${answer.trim()}`.replaceAll(a.endpoint.uuid, 'UUID'));
      }
      return answers;
    },
  },
  {
    name: 'commands of the event socket',
    legs: 1,
    run: async (_, { endpoint }) => [
      await command(endpoint, 'nope'),
      await command(endpoint, 'event'),
      await command(endpoint, 'event json'),
      await command(endpoint, 'event DTMF'),
      await command(endpoint, 'filter'),
      await command(endpoint, 'filter x'),
      await command(endpoint, 'sendmsg x', { 'call-command': 'execute' }),
      await command(endpoint, `sendmsg ${endpoint.uuid}`, { 'call-command': 'nope' }),
      await command(endpoint, 'noevents'),
    ],
  },
];

const ENDS: Scenario[] = [
  { name: 'destroy', legs: 1, run: async (_, a) => [await a.endpoint.destroy(), await closed(a)] },
  {
    name: 'destroy during a playback',
    legs: 1,
    run: async (bench, a) => {
      void execute(a, 'playback', bench.media('tone10s.wav')).catch(() => undefined);
      await pause(550);
      await a.endpoint.destroy();
      await closed(a);
    },
  },
  {
    name: 'hang up with a cause',
    legs: 1,
    run: async (_, a) => {
      void execute(a, 'hangup', 'USER_BUSY');
      await closed(a);
    },
  },
  {
    name: 'BYE',
    legs: 1,
    run: async (_, a) => [await a.endpoint.dialog?.destroy(), await closed(a)].length,
  },
  {
    name: 'BYE during a playback',
    legs: 1,
    run: (bench, a) =>
      abandon(a, async () => a.endpoint.dialog?.destroy(), bench.media('tone10s.wav')),
  },
  {
    name: 'kill during a playback',
    legs: 1,
    run: (bench, a) =>
      abandon(
        a,
        async () => bench.ms.api(`uuid_kill ${a.endpoint.uuid}`),
        bench.media('tone10s.wav'),
      ),
  },
  {
    name: 'an unknown application',
    legs: 1,
    run: async (_, a) => {
      void execute(a, 'no_such_app', 'x');
      await closed(a);
    },
  },
  {
    name: 'an unknown application during a playback',
    legs: 1,
    run: (bench, a) =>
      abandon(
        a,
        async () => void execute(a, 'no_such_app').catch(() => undefined),
        bench.media('tone10s.wav'),
      ),
  },
];

const PARKING: Scenario[] = [
  {
    name: 'park anew, twice, then play',
    legs: 1,
    run: async (bench, a) => {
      await park(a);
      await park(a, '-both');
      return execute(a, 'playback', bench.media('tone300ms.wav'));
    },
  },
  {
    name: 'park anew by an application, twice, then play',
    legs: 1,
    run: async (bench, a) => {
      await parkItself(a);
      await parkItself(a);
      return execute(a, 'playback', bench.media('tone300ms.wav'));
    },
  },
  {
    name: 'park anew during a playback',
    legs: 1,
    run: (bench, a) => during(a, bench.media('tone10s.wav'), () => park(a)),
  },
  {
    name: 'park anew, then an unknown application',
    legs: 1,
    run: async (_, a) => {
      await park(a);
      void execute(a, 'no_such_app').catch(() => undefined);
      await closed(a);
    },
  },
];

const BRIDGING: Scenario[] = [
  {
    name: 'bridge, part, bridge, part by the other',
    legs: 2,
    run: async (bench, a, b) => {
      await bridge(a, b);
      await park(a, '-both');
      await pause(SETTLE_MS);
      await a.endpoint.bridge(b.endpoint);
      await pause(SETTLE_MS);
      await park(b, '-both');
      await pause(SETTLE_MS);
      return execute(a, 'playback', bench.media('tone300ms.wav'));
    },
  },
  {
    name: 'bridge, and one hangs up',
    legs: 2,
    run: async (bench, a, b) => {
      await bridge(a, b);
      await b.endpoint.dialog?.destroy();
      await closed(b);
      return execute(a, 'playback', bench.media('tone300ms.wav'));
    },
  },
  {
    name: 'bridge, and one is killed',
    legs: 2,
    run: async (bench, a, b) => {
      await bridge(a, b);
      await bench.ms.api(`uuid_kill ${b.endpoint.uuid}`);
      await closed(b);
      return execute(a, 'playback', bench.media('tone300ms.wav'));
    },
  },
  {
    name: 'bridge, and one is destroyed',
    legs: 2,
    run: async (_, a, b) => {
      await bridge(a, b);
      await b.endpoint.destroy();
      await closed(b);
    },
  },
  {
    name: 'bridge during a playback',
    legs: 2,
    run: (bench, a, b) => during(a, bench.media('tone10s.wav'), () => bridge(a, b)),
  },
  {
    name: 'play while bridged',
    legs: 2,
    run: async (bench, a, b) => {
      await bridge(a, b);
      return execute(a, 'playback', bench.media('tone300ms.wav'));
    },
  },
  {
    name: 'a key while bridged',
    legs: 2,
    run: async (_, a, b) => {
      const keys: string[] = [];
      b.peer.onDtmf = (digit) => void keys.push(digit);
      await bridge(a, b);
      a.peer.sendDtmf('5');
      await a.log.event('DTMF');
      for (let i = 0; i < 20 && keys.length < 1; i++) await pause(50);
      return keys;
    },
  },
  {
    name: 'break while bridged',
    legs: 2,
    run: async (_, a, b) => {
      await bridge(a, b);
      return api(a, 'uuid_break');
    },
  },
];

const INBOUND: Scenario[] = [
  {
    name: 'the wrong secret',
    legs: 0,
    run: (bench) => converse(bench, ['auth no-such-secret']),
  },
  {
    name: 'no secret at all',
    legs: 0,
    run: (bench) => converse(bench, ['api status', 'sendmsg x', 'exit']),
  },
  {
    name: 'an application connects and leaves',
    legs: 0,
    run: (bench) =>
      converse(bench, [
        ...['auth SECRET', 'nope', 'sendmsg', 'sendmsg x\ncall-command: execute', 'connect', 'api'],
        ...[
          'api nope',
          'event json HEARTBEAT',
          'api uuid_exists x\nbla: x',
          '\n\napi uuid_exists y',
        ],
        'exit',
      ]),
  },
];

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  ...PLAYING,
  ...NESTING,
  ...SMALL_THINGS,
  ...COLLECTING,
  ...ENDS,
  ...PARKING,
  ...BRIDGING,
  ...INBOUND,
];

/** Runs one scenario on fresh endpoints and writes down what was seen. */
export async function transcribe(scenario: Scenario, bench: MediaBench): Promise<string> {
  const legs: BenchLeg[] = [];
  for (let i = 0; i < scenario.legs; i++) legs.push(await bench.createLeg());
  await silence(legs, 80); // events of the channel's own beginning may still be on their way
  const from = legs.map(({ log }) => log.lines.length);
  const [a, b] = legs as [BenchLeg, BenchLeg];
  const result = await within(20_000, scenario.name, scenario.run(bench, a, b));
  await silence(legs, SETTLE_MS);
  const lines = legs.flatMap(({ log }, i) => [
    ...(legs.length > 1 ? [`(${i === 0 ? 'a' : 'b'})`] : []),
    ...inOneOrder(log.lines.slice(from[i])),
  ]);
  return [`## ${scenario.name}`, ...lines, `=> ${JSON.stringify(result ?? null)}`, ''].join('\n');
}

/** Until nothing more has been heard of the legs for so long. */
async function silence(legs: readonly BenchLeg[], quietMs: number): Promise<void> {
  const heard = (): number => legs.reduce((sum, { log }) => sum + log.lines.length, 0);
  for (let before = -1; before !== heard(); await pause(quietMs)) before = heard();
}

/** uuid_transfer reports in two threads: the application it ended, and the new call state. */
function inOneOrder(lines: readonly string[]): string[] {
  const ordered = [...lines];
  for (let i = 1; i < ordered.length; i++) {
    const [first = '', second = ''] = [ordered[i - 1], ordered[i]];
    const isEarly = first.includes('CALLSTATE Channel-Call-State=RINGING');
    if (isEarly && second.includes('CHANNEL_EXECUTE_COMPLETE')) {
      [ordered[i - 1], ordered[i]] = [second, first];
    }
  }
  return ordered;
}
