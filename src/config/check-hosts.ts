/**
 * Can the hosts that calls go to be found? Looks up every name of a trunk, queue target, route point
 * and server once, a few seconds at most, as SIP does (address or SRV record: RFC 3263 4.2), and
 * reports it at the first place that names it. Sends nothing to them: whether they answer is the
 * business of `doctor`.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { finding } from './check-finding.js';
import type { DialbackConfig } from './config.js';
import { isWritten } from './positions.js';
import type { Problem } from './problem.js';

const DEADLINE_MS = 2000;
const NAMES_MAX = 200;
const PARALLEL = 16;
/** RFC 2606 and RFC 6761: names that nobody will ever answer to. */
const RESERVED = /(?:^|\.)(?:example(?:\.(?:com|net|org))?|invalid|test)$/i;

type Found = 'found' | 'not-found' | 'no-answer' | 'reserved';

interface NamedHost {
  readonly path: string;
  readonly host: string;
  /** A server's own port is named: no SRV record is asked for. */
  readonly isSip: boolean;
}

export async function checkHosts(config: DialbackConfig): Promise<Problem[]> {
  const byName = new Map<string, NamedHost>();
  for (const one of namedHosts(config)) {
    if (isIP(one.host) === 0 && !byName.has(one.host)) byName.set(one.host, one);
  }
  const hosts = [...byName.values()].slice(0, NAMES_MAX);
  const problems: Problem[] = [];
  for (let from = 0; from < hosts.length; from += PARALLEL) {
    const some = hosts.slice(from, from + PARALLEL);
    const answers = await Promise.all(some.map(find));
    problems.push(...some.flatMap((one, index) => judge(config, one, answers[index])));
  }
  return problems;
}

function namedHosts(config: DialbackConfig): NamedHost[] {
  const { trunks, queues, agents, routePoints, drachtio, freeswitch, engine } = config;
  const sip = (path: string, uri: string) => ({ path, host: hostOfUri(uri), isSip: true });
  const server = (path: string, host: string) => ({ path, host, isSip: false });
  const servers = [
    ...drachtio.map(({ host }, index) =>
      server(isWritten(config, 'drachtio[0]') ? `drachtio[${index}].host` : 'drachtio.host', host),
    ),
    ...freeswitch.map(({ host }, index) => server(`freeswitch[${index}].host`, host)),
  ];
  return [
    ...trunks.map(({ uri }, index) => sip(`trunks[${index}].uri`, uri)),
    ...Object.values(queues).flatMap((queue) =>
      (queue.kind === 'sip' ? queue.targets : []).map(({ uri }, index) =>
        sip(`queues.${queue.name}.targets[${index}].uri`, uri),
      ),
    ),
    ...Object.values(agents).map(({ name, uri }) => sip(`agents.${name}.uri`, uri)),
    ...Object.entries(routePoints).map(([name, { uri }]) => sip(`routePoints.${name}.uri`, uri)),
    ...(engine === 'servers' ? servers : []),
  ];
}

/** The host of a SIP URI as the schema lets it pass. */
function hostOfUri(uri: string): string {
  const [, host = ''] = /^sips?:(?:[^@]*@)?(\[[^\]]*\]|[^:;]*)/.exec(uri) ?? [];
  return host.replace(/[[\]]/g, '');
}

async function find({ host, isSip }: NamedHost): Promise<Found> {
  if (RESERVED.test(host)) return 'reserved';
  const address = await ask(lookup(host));
  if (address === 'found' || !isSip) return address;
  const resolver = new Resolver({ timeout: DEADLINE_MS, tries: 1 });
  const records = ['_sip._udp', '_sip._tcp', '_sips._tcp'].map((service) =>
    ask(resolver.resolveSrv(`${service}.${host}`)),
  );
  return (await Promise.all(records)).includes('found') ? 'found' : address;
}

/** The system's own lookup cannot be called off; its late answer is not waited for. */
async function ask(question: Promise<unknown>): Promise<Found> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const late = new Promise<Found>((resolve) =>
    deadline.addEventListener('abort', () => resolve('no-answer'), { once: true }),
  );
  const answer = question.then(
    (): Found => 'found',
    (error: unknown): Found => (isNoSuchName(error) ? 'not-found' : 'no-answer'),
  );
  return Promise.race([answer, late]);
}

function isNoSuchName(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return code === 'ENOTFOUND' || code === 'ENODATA';
}

function judge(config: DialbackConfig, one: NamedHost, answer: Found | undefined): Problem[] {
  const report = (severity: Problem['severity'], message: string) => [
    finding(config, 'CHECK_HOST_UNREACHABLE', severity, one.path, message, { found: one.host }),
  ];
  if (answer === 'reserved') {
    return report('warning', 'A name reserved for examples (RFC 2606): it reaches nobody.');
  }
  if (answer === 'not-found') {
    // With real servers the names are looked up over there, and may be known there only.
    const severity = config.engine === 'embedded' && one.isSip ? 'error' : 'warning';
    return report(severity, 'There is no such host: neither address nor SIP service record.');
  }
  if (answer !== 'no-answer') return [];
  return report('warning', 'The name could not be looked up within two seconds.');
}
