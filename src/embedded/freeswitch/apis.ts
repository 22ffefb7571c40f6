/**
 * The API commands of the event socket that the product or its operators use. Each answers as
 * FreeSWITCH does, with the same words for the same mistakes; what is not here is
 * `-ERR x Command not found!`, as there.
 *
 * Effects on a channel come after the answer, which is the order FreeSWITCH shows.
 * Source: mod_commands.c of FreeSWITCH 1.10.12 and test/conformance/goldens.
 */

import { existsSync } from 'node:fs';
import { toCause } from './apps.js';
import { runFork, splitArguments } from './audio-fork.js';
import { Channel } from './channel.js';
import { startDisplacement, stopDisplacement } from './displacement.js';
import type { ApiReply } from './esl.js';
import { startRecording, stopRecording } from './record.js';

/** What the commands look at. */
export interface ApiContext {
  readonly channels: ReadonlyMap<string, Channel>;
  /** `ip:port` of the SIP profile. */
  readonly sipAddress: string;
  readonly startedAtMs: number;
  readonly sessionsSinceStart: number;
  readonly channelsMax: number;
  /** mod_audio_fork can be switched off, to be like a FreeSWITCH without it. */
  readonly hasAudioFork: boolean;
  /** Whether audio may be sent to a host. */
  mayConnect(host: string): boolean;
}

type Command = (words: readonly string[], context: ApiContext, argument: string) => ApiReply;

const NO_CHANNEL = '-ERR No such channel!\n';
const NO_SESSION = '-ERR Cannot locate session!\n';
const RECORD_USAGE = '<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]';
const DISPLACE_USAGE = '<uuid> [start|stop] <path> [<limit>] [mux]';
const UUID_SEND_DTMF_MS = 250; // FreeSWITCH's default of 2000 samples
const MODULES = [
  'mod_commands',
  'mod_dptools',
  'mod_event_socket',
  'mod_local_stream',
  'mod_sndfile',
  'mod_sofia',
  'mod_tone_stream',
];
const FORK_USAGE =
  '<uuid> [start | stop | send_text | pause | resume] [wss-url] [mono | mixed | stereo] ' +
  '[8000] [bugname] [metadata]';

const say = (body: string | Promise<string>, after?: () => void): ApiReply =>
  after ? { body, after } : { body };

/** A command whose first word is a channel. */
function onChannel(
  usage: string,
  wordsMin: number,
  work: (channel: Channel, words: readonly string[], context: ApiContext) => ApiReply,
  missing = (): string => NO_CHANNEL,
): Command {
  return (words, context) => {
    const [uuid = ''] = words;
    if (words.length < wordsMin) return say(`-USAGE: ${usage}\n`);
    const channel = context.channels.get(uuid);
    return channel ? work(channel, words, context) : say(missing());
  };
}

function dump(channel: Channel): ApiReply {
  const lines = ['Event-Name: CHANNEL_DATA'];
  for (const [name, value] of Object.entries(channel.describe())) {
    lines.push(`${name}: ${encodeURIComponent(value)}`);
  }
  return say(`${lines.join('\n')}\n\n`);
}

function setVariable(channel: Channel, [, name = '', ...value]: readonly string[]): ApiReply {
  return channel.setVariable(name, value.join(' '))
    ? say('+OK\n')
    : say('-ERR too many variables\n');
}

function bridge(words: readonly string[], { channels }: ApiContext): ApiReply {
  if (words.length < 2) return say('-USAGE: <uuid> <other_uuid>\n');
  const [a, b] = words.map((uuid) => channels.get(uuid));
  if (!a || !b) return say('-ERR Invalid uuid\n');
  return say(`+OK ${b.uuid}\n`, () => Channel.bridge(a, b));
}

/** Only `[-both] park inline` is served: nothing else has a dialplan to go to. */
function transfer(channel: Channel, [, ...words]: readonly string[]): ApiReply {
  const isBoth = words[0] === '-both';
  if ((isBoth ? words.slice(1) : words).join(' ') !== 'park inline') {
    return say('-ERR only "[-both] park inline" is supported\n');
  }
  return say('+OK\n', () => {
    const peer = isBoth ? channel.bridgePeer : undefined;
    channel.parkAnew();
    peer?.parkAnew();
  });
}

function record(channel: Channel, words: readonly string[]): ApiReply {
  const [, action, path = '', limit = ''] = words;
  if (action === 'start') {
    const seconds = /^\d{1,6}$/.test(limit) ? Number(limit) : 0;
    const isOn = startRecording(channel, path, seconds);
    return say(isOn ? '+OK Success\n' : '-ERR Cannot record session!\n');
  }
  if (action !== 'stop') return say(`-USAGE: ${RECORD_USAGE}\n`);
  const isOff = stopRecording(channel, path);
  return say(isOff ? '+OK Success\n' : '-ERR Cannot stop record session!\n');
}

function displace(channel: Channel, words: readonly string[]): ApiReply {
  const [, action, path = '', , flags = ''] = words;
  if (action === 'start') {
    const isOn = startDisplacement(channel, path, flags);
    return say(isOn.then((is) => (is ? '+OK Success\n' : '-ERR Cannot displace session!\n')));
  }
  if (action !== 'stop') return say(`-USAGE: ${DISPLACE_USAGE}\n`);
  const isOff = stopDisplacement(channel, path);
  return say(isOff ? '+OK Success\n' : '-ERR Cannot stop displace session!\n');
}

/** `[uuid:<uuid>] <command> <arguments>`, in which `${variable_x}` is a variable of that channel. */
function expand(argument: string, context: ApiContext): ApiReply {
  const [, uuid = '', name = '', rest = ''] = /^(?:uuid:(\S*) )?(\S+) ?(.*)$/s.exec(argument) ?? [];
  if (name === '') return say('-ERR No input\n');
  if (name === 'expand') return say('-ERR Cannot execute command\n');
  const channel = context.channels.get(uuid);
  const filled = rest.replace(
    /\$\{variable_(\w+)\}/g,
    (_all, key: string) => channel?.variable(key) ?? '',
  );
  return runApi(name, filled, context);
}

function fork(argument: string, context: ApiContext): ApiReply {
  const [uuid = '', ...words] = splitArguments(argument);
  if (words.length < 1 || (words[0] === 'start' && words.length < 3)) {
    return say(`-USAGE: ${FORK_USAGE}\n`);
  }
  const channel = context.channels.get(uuid);
  const mayConnect = (host: string): boolean => context.mayConnect(host);
  const isDone = channel !== undefined && runFork(channel, words, mayConnect);
  return say(isDone ? '+OK Success\n' : '-ERR Operation Failed\n');
}

function moduleExists(name: string | undefined, { hasAudioFork }: ApiContext): ApiReply {
  if (!name) return say('-ERR no reply\n');
  return say(String(MODULES.includes(name) || (name === 'mod_audio_fork' && hasAudioFork)));
}

function sofia(words: readonly string[], { sipAddress, channels }: ApiContext): ApiReply {
  if (words.join(' ') !== 'status') return say('-ERR only "sofia status" is supported\n');
  const line = '='.repeat(97);
  const url = `sip:mod_sofia@${sipAddress}`;
  return say(
    [
      `${'Name'.padStart(25)}\t   Type\t${'Data'.padStart(42)}\tState`,
      line,
      `${'drachtio_mrf'.padStart(25)}\tprofile\t${url.padStart(42)}\tRUNNING (${channels.size})`,
      line,
      '1 profile 0 aliases\n',
    ].join('\n'),
  );
}

function status(context: ApiContext): ApiReply {
  const seconds = Math.floor((Date.now() - context.startedAtMs) / 1000);
  return say(
    [
      `UP 0 years, ${Math.floor(seconds / 86400)} days, ${Math.floor(seconds / 3600) % 24} hours, ` +
        `${Math.floor(seconds / 60) % 60} minutes, ${seconds % 60} seconds, 0 milliseconds, 0 microseconds`,
      'FreeSWITCH (embedded in Dialback) is ready',
      `${context.sessionsSinceStart} session(s) since startup`,
      `${context.channels.size} session(s) - peak ${context.channels.size}, last 5min 0 `,
      `${context.channelsMax} session(s) max\n`,
    ].join('\n'),
  );
}

/** hupall [cause [variable value]] */
function hangUpAll([cause, name, value]: readonly string[], { channels }: ApiContext): ApiReply {
  const chosen = [...channels.values()].filter(
    (channel) => name === undefined || channel.describe()[`variable_${name}`] === value,
  );
  const why = toCause(cause);
  const which = name === undefined ? '' : ` matching [${name}]=[${value ?? ''}]`;
  return say(`+OK hangup all channels${which} with cause: ${why}\n`, () => {
    for (const channel of chosen) channel.hangup(why, 'kill');
  });
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['sofia', sofia],
  ['status', (_words, context) => status(context)],
  ['version', () => say('FreeSWITCH Version 1.10.12-embedded (in Dialback)\n')],
  [
    'show',
    (words, { channels }) =>
      words.join(' ') === 'channels count'
        ? say(`\n${channels.size} total.\n`)
        : say('-ERR only "show channels count" is supported\n'),
  ],
  // The one global that `doctor` asks for, with the value that keeps SRTP out of an offer.
  ['global_getvar', ([name]) => say(name === 'rtp_secure_media_inbound' ? 'forbidden' : '')],
  ['file_exists', (_words, _context, path) => say(String(existsSync(path)))],
  ['module_exists', ([name], context) => moduleExists(name, context)],
  ['hupall', hangUpAll],
  ['uuid_exists', ([uuid = ''], { channels }) => say(String(channels.has(uuid)))],
  ['uuid_dump', onChannel('<uuid> [format]', 1, dump)],
  [
    'uuid_getvar',
    onChannel('<uuid> <var>', 2, (channel, [, name = '']) =>
      say(channel.describe()[`variable_${name}`] ?? '_undef_'),
    ),
  ],
  ['uuid_setvar', onChannel('<uuid> <var> [value]', 2, setVariable)],
  ['uuid_break', onChannel('<uuid> [all]', 1, (channel) => say('+OK\n', () => channel.break()))],
  [
    'uuid_kill',
    onChannel('<uuid> [cause]', 1, (channel, [, cause]) =>
      say('+OK\n', () => channel.hangup(toCause(cause), 'kill')),
    ),
  ],
  ['expand', (_words, context, argument) => expand(argument, context)],
  ['uuid_bridge', bridge],
  ['uuid_displace', onChannel(DISPLACE_USAGE, 3, displace, () => NO_SESSION)],
  [
    'uuid_transfer',
    onChannel('<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]', 2, transfer),
  ],
  [
    'uuid_set_media_stats',
    (words, { channels }) => {
      const [uuid = ''] = words;
      if (uuid === '') return say('-USAGE: <uuid>\n');
      return say(channels.has(uuid) ? '+OK:\n' : `-ERR No such channel ${uuid}!\n`);
    },
  ],
  [
    'uuid_send_dtmf',
    onChannel(
      '<uuid> <dtmf_data>',
      2,
      (channel, [uuid = '', data = '']) => {
        const [digits = '', durationMs = ''] = data.split('@');
        const ms = /^\d{1,5}$/.test(durationMs) ? Number(durationMs) : UUID_SEND_DTMF_MS;
        return say(`+OK ${uuid} sent DTMF ${data}.\n`, () => channel.rtp.sendDtmf(digits, ms));
      },
      () => NO_SESSION,
    ),
  ],
  ['uuid_audio_fork', (_words, context, argument) => fork(argument, context)],
  ['uuid_record', onChannel(RECORD_USAGE, 3, record, () => NO_SESSION)],
]);

/** Names of all commands. */
export const API_NAMES: readonly string[] = [...COMMANDS.keys()];

/** Runs an API command. */
export function runApi(name: string, argument: string, context: ApiContext): ApiReply {
  const command = COMMANDS.get(name);
  const isThere = name !== 'uuid_audio_fork' || context.hasAudioFork;
  if (!command || !isThere) return say(`-ERR ${name.slice(0, 200)} Command not found!\n`);
  const words = argument.split(' ').filter((word) => word !== '');
  return command(words, context, argument);
}
