/**
 * Looks at every server of a configuration for `doctor`: connects to each, proves it by an endpoint of
 * our own, and says what it is or what to change. Changes nothing there; takes five seconds at most
 * for each of a site's two kinds of server.
 */
import { dirname } from 'node:path';
import { isLoopbackHost } from '../../config/build-parts.js';
import type { Clock, Log, PlainRequest, TapKind } from '../../ports.js';
import { logLibraryConsole } from './contained-console.js';
import { containKnownRejections } from './contained-rejections.js';
import { DEFAULT_DEADLINES, type Deadlines } from './deadlines.js';
import { codeOf, describeError, type TelephonyErrorCode } from './errors.js';
import { NEEDED_MODULES, probeFreeswitch } from './freeswitch-probe.js';
import type { PoolMember } from './pool-member.js';
import { Site, type SiteOptions } from './site.js';

export interface ServerFinding {
  /** `drachtio NAME` or `FreeSWITCH HOST:PORT`. */
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Of what is wrong. */
  readonly code?: TelephonyErrorCode;
}

/** How it hands out the customer's audio, which limits what can be found out. */
const HEARD_BY: Readonly<Record<TapKind, string>> = {
  audio_fork: 'mod_audio_fork',
  recording: 'heard by its recordings',
  unicast: 'heard by unicast: no verdict is revised once a file plays',
};

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines?: Partial<Deadlines>;
  /** Asked with OPTIONS, by the first site. */
  readonly trunks?: readonly { readonly name: string; readonly request: PlainRequest }[];
  /** Some trunk wants SRTP: each media server is tried for it. */
  readonly wantsSrtp?: boolean;
  /** A file in the folder that media servers of this machine share with us. */
  readonly sharedFile?: string | undefined;
}

/** What is asked of a media server besides what every call needs. */
type Wishes = Pick<Surroundings, 'wantsSrtp' | 'sharedFile'>;

const LATENCY_SAMPLES = 5;

/** Never rejects. */
export async function examineSites(
  sites: readonly SiteOptions[],
  { clock, log, deadlines: given, trunks = [], wantsSrtp, sharedFile }: Surroundings,
): Promise<ServerFinding[]> {
  const release = containKnownRejections(log);
  logLibraryConsole(log);
  const deadlines = { ...DEFAULT_DEADLINES, ...given };
  try {
    const ignore = (): void => undefined;
    const found = sites.map((options, index) => {
      const callbacks = { onFrame: ignore, onChange: ignore, onLegsLost: ignore };
      return examineSite(
        new Site(options, { clock, log, deadlines, ...callbacks }),
        clock,
        deadlines,
        index === 0 ? trunks : [],
        { wantsSrtp: wantsSrtp === true, sharedFile },
      );
    });
    return (await Promise.all(found)).flat();
  } finally {
    release();
  }
}

async function examineSite(
  site: Site,
  clock: Clock,
  deadlines: Deadlines,
  trunks: NonNullable<Surroundings['trunks']>,
  wishes: Wishes,
): Promise<ServerFinding[]> {
  try {
    const failures = await site.start();
    const { drachtioName } = site;
    const members = [...site.members];
    const name = `drachtio ${site.name}`;
    if (failures.has(drachtioName)) {
      const one = failed(name, failures.get(drachtioName));
      return [
        one,
        ...(await Promise.all(members.map((member) => askOnly(member, clock, deadlines)))),
      ];
    }
    const how = site.options.drachtio.tls ? 'TLS' : 'TCP, in clear';
    const detail = `${drachtioName}, ${site.drachtioVersion || 'version unknown'}, ${how}`;
    const each = members.map((member) =>
      failures.has(member.name)
        ? Promise.resolve(failed(nameOf(member), failures.get(member.name)))
        : describe(member, clock, wishes),
    );
    const ways = trunks.map((trunk) => describeTrunk(trunk, site));
    return [{ name, ok: true, detail }, ...(await Promise.all([...each, ...ways]))];
  } finally {
    await site.close();
  }
}

/** Without signalling no endpoint can be made; the rest is looked at all the same. */
async function askOnly(
  member: PoolMember,
  clock: Clock,
  deadlines: Deadlines,
): Promise<ServerFinding> {
  const name = nameOf(member);
  try {
    const { status } = await probeFreeswitch(member.options, clock, deadlines.connectMs);
    const version = status?.version ?? 'version unknown';
    return { name, ok: true, detail: `${version}, not tried by an endpoint: no drachtio` };
  } catch (thrown) {
    return failed(name, thrown);
  }
}

async function describe(
  member: PoolMember,
  clock: Clock,
  { wantsSrtp, sharedFile }: Wishes,
): Promise<ServerFinding> {
  const name = nameOf(member);
  const { connection } = member;
  if (!connection) return { name, ok: false, detail: member.fault ?? 'lost again' };
  try {
    const { facts, server, status } = connection;
    const latencies: number[] = [];
    for (let i = 0; i < LATENCY_SAMPLES; i += 1) {
      const askedAtMs = clock.nowMs();
      await connection.api('status');
      latencies.push(clock.nowMs() - askedAtMs);
    }
    if (wantsSrtp) await member.media.verify(connection, true);
    if (sharedFile !== undefined && isLoopbackHost(member.options.host)) {
      const answer = (await connection.api('file_exists', sharedFile)).trim();
      if (answer === 'false') return { name, ok: false, detail: unseen(dirname(sharedFile)) };
    }
    const srtp = (await connection.api('global_getvar', 'rtp_secure_media_inbound')).trim();
    const parts = [
      status?.version ?? 'version unknown',
      `profile ${member.options.profile} at ${facts.sipAddress}`,
      `modules ${Object.keys(NEEDED_MODULES).join(', ')}`,
      HEARD_BY[connection.tapMeans.kind],
      srtp === 'forbidden'
        ? `SRTP ${wantsSrtp ? 'where a trunk wants it' : 'forbidden'}`
        : `rtp_secure_media_inbound is ${srtp || 'not set'}: forbidden keeps SRTP out of every offer`,
      `an endpoint was made, its event socket reached us at ${server.advertisedAddress}:${server.advertisedPort}`,
      `event socket ${latencies.sort((a, b) => a - b)[LATENCY_SAMPLES >> 1]} ms`,
      `${status?.sessionCount ?? 0} of ${member.sessionsMax} sessions`,
    ];
    return { name, ok: true, detail: parts.join('; ') };
  } catch (thrown) {
    return failed(name, thrown);
  }
}

function unseen(folder: string): string {
  return `it does not see ${folder} (media.exchangeDirectory): mount it there for both, at the same path`;
}

/** Of a trunk over TLS. drachtio tells nobody how it was started. */
const UNSEEN =
  'over TLS; its certificate is checked only by a drachtio started with DRACHTIO_TLS_VERIFY_CLIENT_CERT=1';

/** The server's own words for a request that reached nobody are those of a trunk that refuses. */
const NOBODY_THERE =
  '; said by the trunk, or by drachtio when nobody answers there: are trunks[].uri and its port right?';

/** Some carriers answer nothing to OPTIONS; nothing tells them from one that is not there. */
async function describeTrunk(
  { name, request }: NonNullable<Surroundings['trunks']>[number],
  site: Site,
): Promise<ServerFinding> {
  const outcome = await site.sip.request(request);
  const said =
    outcome.kind === 'error'
      ? outcome.why
      : `OPTIONS answered with ${outcome.status} ${outcome.reason}`.trim();
  const isThere = outcome.kind === 'answered' && outcome.status !== 408 && outcome.status !== 503;
  const where = outcome.kind === 'answered' && !isThere ? NOBODY_THERE : '';
  const isTls = /^sips:|;transport=tls\b/i.test(request.proxyUri ?? request.uri);
  const how = isTls ? `; ${UNSEEN}` : '';
  return { name: `trunk ${name}`, ok: isThere, detail: `${request.uri}: ${said}${where}${how}` };
}

function failed(name: string, thrown: unknown): ServerFinding {
  const code = codeOf(thrown);
  return { name, ok: false, detail: describeError(thrown), ...(code && { code }) };
}

function nameOf({ name }: PoolMember): string {
  return `FreeSWITCH ${name}`;
}
