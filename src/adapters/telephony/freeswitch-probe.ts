/**
 * Asks a FreeSWITCH over its event socket what it is before drachtio-fsmrf connects: does the password
 * hold, does the SIP profile run, is mod_audio_fork loaded. fsmrf itself throws in a socket callback
 * on a wrong profile and never settles on a wrong password.
 */
import type { Clock } from '../../ports.js';
import { TelephonyError } from './errors.js';
import { type FreeswitchStatus, readStatus } from './freeswitch-status.js';
import { converse } from './raw-socket.js';

export interface FreeswitchAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Name of the SIP profile, `drachtio_mrf` by default. */
  readonly profile: string;
}

export interface FreeswitchFacts {
  /** Address of our end of the connection: where FreeSWITCH can reach us. */
  readonly ourAddress: string;
  /** `ip:port` of the SIP profile. */
  readonly sipAddress: string;
  readonly hasAudioFork: boolean;
  /** It has a voice for text. */
  readonly hasFlite: boolean;
  readonly status: FreeswitchStatus | undefined;
}

/** What an endpoint needs, and what it is for. Formats for URLs are not among them: we fetch those. */
export const NEEDED_MODULES = {
  mod_dptools: 'applications: park, playback, multiset',
  mod_sndfile: 'WAV files',
  mod_tone_stream: 'silence_stream',
} as const;

const MODULES = [...(Object.keys(NEEDED_MODULES) as (keyof typeof NEEDED_MODULES)[])];

const QUESTIONS = [
  'sofia status',
  'status',
  'module_exists mod_audio_fork',
  'module_exists mod_flite',
  ...MODULES.map((module) => `module_exists ${module}`),
];

/**
 * @throws TelephonyError FREESWITCH_UNREACHABLE, _WRONG_SECRET, _ACCESS_REFUSED, _NO_PROFILE,
 * _NO_MODULE, _TIMEOUT, _PROTOCOL
 */
export async function probeFreeswitch(
  to: FreeswitchAddress,
  clock: Clock,
  limitMs: number,
): Promise<FreeswitchFacts> {
  const where = `${to.host}:${to.port}`;
  let askedCount = 0;
  const { answers, ourAddress } = await converse(clock, {
    host: to.host,
    port: to.port,
    limitMs,
    hint: 'is FreeSWITCH running, and are freeswitch.host and freeswitch.port listen-ip and listen-port of event_socket.conf.xml?',
    codes: { unreachable: 'FREESWITCH_UNREACHABLE', timeout: 'FREESWITCH_TIMEOUT' },
    hear(received, say, localAddress) {
      const frames = parseFrames(received, where);
      if (frames.some(({ type }) => type === 'text/rude-rejection')) {
        throw new TelephonyError(
          'FREESWITCH_ACCESS_REFUSED',
          `${where} refuses our address ${localAddress}: allow it in apply-inbound-acl of event_socket.conf.xml`,
        );
      }
      const replies = frames.filter(({ type }) => type === 'command/reply');
      if (replies.some(({ head }) => !/^Reply-Text: \+OK/m.test(head))) {
        throw new TelephonyError(
          'FREESWITCH_WRONG_SECRET',
          `${where} refused the secret: make freeswitch.secret what password in event_socket.conf.xml is`,
        );
      }
      const answers = frames.filter(({ type }) => type === 'api/response').map(({ body }) => body);
      if (answers.length === QUESTIONS.length) return { answers, ourAddress: localAddress };
      if (askedCount === 0 && frames.some(({ type }) => type === 'auth/request')) {
        askedCount = 1;
        say(`auth ${to.secret}\n\n`);
      }
      if (replies.length > 0 && askedCount === answers.length + 1) {
        say(`api ${QUESTIONS[answers.length]}\n\n`);
        askedCount += 1;
      }
      return undefined;
    },
  });
  const [sofia = '', status = '', audioFork = '', flite = '', ...modules] = answers;
  const missing = MODULES.filter((_, index) => modules[index]?.trim() !== 'true');
  if (missing.length > 0) {
    const list = missing.map((module) => `${module} (${NEEDED_MODULES[module]})`).join(', ');
    throw new TelephonyError(
      'FREESWITCH_NO_MODULE',
      `${where} has not loaded ${list}: add it to modules.conf.xml, or load it now with \`load ${missing[0]}\``,
    );
  }
  return {
    ourAddress: ourAddress.replace(/^::ffff:/, ''),
    sipAddress: profileAddress(sofia, to.profile, where),
    hasAudioFork: audioFork.trim() === 'true',
    hasFlite: flite.trim() === 'true',
    status: readStatus(status),
  };
}

interface Frame {
  readonly type: string;
  readonly head: string;
  readonly body: string;
}

/** Splits what was received into whole event socket messages; an unfinished one is left out. */
function parseFrames(received: string, where: string): Frame[] {
  const frames: Frame[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\n\n');
    if (end < 0) return frames;
    const head = rest.slice(0, end);
    const type = /^Content-Type: (\S+)$/m.exec(head)?.[1];
    if (!type) {
      throw new TelephonyError('FREESWITCH_PROTOCOL', `${where} is not a FreeSWITCH event socket`);
    }
    const length = Number(/^Content-Length: (\d{1,7})$/m.exec(head)?.[1] ?? 0);
    const bytes = Buffer.from(rest.slice(end + 2));
    if (bytes.length < length) return frames;
    frames.push({ type, head, body: bytes.subarray(0, length).toString() });
    rest = bytes.subarray(length).toString();
  }
}

/** The same line that fsmrf looks for in `sofia status`. */
function profileAddress(status: string, profile: string, where: string): string {
  for (const line of status.split('\n')) {
    const [name, ...others] = line.trim().split(/\s+/);
    if (name !== profile) continue;
    const address = /sip:mod_sofia@(\d{1,3}(?:\.\d{1,3}){3}:\d+)/.exec(others.join(' '))?.[1];
    if (address) return address;
  }
  const running = [...status.matchAll(/^\s*(\S+)\s+profile\s+sip:/gm)].map(([, name]) => name);
  const hint = running.length > 0 ? `it runs ${running.join(', ')}` : 'it runs none';
  throw new TelephonyError(
    'FREESWITCH_NO_PROFILE',
    `${where} runs no SIP profile "${profile}" (${hint}): set freeswitch.profile, or add the profile of config/freeswitch`,
  );
}
