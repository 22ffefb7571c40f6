/**
 * Asks a FreeSWITCH over its event socket what it is before drachtio-fsmrf connects: does the password
 * hold, does the SIP profile run, is mod_audio_fork loaded. fsmrf itself throws in a socket callback
 * on a wrong profile and never settles on a wrong password.
 */
import type { Clock } from '../../ports.js';
import { TelephonyError } from './errors.js';
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
}

const QUESTIONS = ['sofia status', 'module_exists mod_audio_fork'] as const;

/**
 * @throws TelephonyError FREESWITCH_UNREACHABLE, _WRONG_SECRET, _ACCESS_REFUSED, _NO_PROFILE, _TIMEOUT, _PROTOCOL
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
    codes: { unreachable: 'FREESWITCH_UNREACHABLE', timeout: 'FREESWITCH_TIMEOUT' },
    hear(received, say, localAddress) {
      const frames = parseFrames(received, where);
      if (frames.some(({ type }) => type === 'text/rude-rejection')) {
        throw new TelephonyError(
          'FREESWITCH_ACCESS_REFUSED',
          `${where} refuses our address (its ACL)`,
        );
      }
      const replies = frames.filter(({ type }) => type === 'command/reply');
      if (replies.some(({ head }) => !/^Reply-Text: \+OK/m.test(head))) {
        throw new TelephonyError('FREESWITCH_WRONG_SECRET', `${where} refused the secret`);
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
  return {
    ourAddress,
    sipAddress: profileAddress(answers[0] ?? '', to.profile, where),
    hasAudioFork: answers[1]?.trim() === 'true',
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
  throw new TelephonyError('FREESWITCH_NO_PROFILE', `${where} runs no SIP profile "${profile}"`);
}
