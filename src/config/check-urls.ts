/**
 * Asks each URL that the configuration names whether it is there: one HEAD request of two seconds at
 * most, and a GET where HEAD is refused. Follows no redirects and reads no bodies.
 */
import { lookup } from 'node:dns/promises';
import type { BlockList } from 'node:net';
import { request } from 'undici';
import { mayReach, parseNetworks } from './address-policy.js';
import { finding } from './check-finding.js';
import { usedTreatments } from './check-files.js';
import type { DialbackConfig } from './config.js';
import { writtenPath } from './positions.js';
import type { Problem } from './problem.js';

const DEADLINE_MS = 2000;
const PARALLEL = 8;
/** HEAD is not known here (RFC 9110 15.5.6, 15.6.2). */
const TRY_GET = new Set([405, 501]);
/** Gone for good, whoever asks (RFC 9110 15.5.5, 15.5.11). */
const MISSING = new Set([404, 410]);

interface NamedUrl {
  readonly path: string;
  readonly url: string;
  /** A webhook takes POST only; any answer shows that it is there. */
  readonly anyAnswerWillDo: boolean;
}

export async function checkUrls(config: DialbackConfig): Promise<Problem[]> {
  const named = namedUrls(config);
  const urls = [...new Set(named.map(({ url }) => url))];
  const answers = new Map<string, Answer>();
  const networks = parseNetworks(config.allowedAddresses);
  for (let from = 0; from < urls.length; from += PARALLEL) {
    const some = urls.slice(from, from + PARALLEL);
    const results = await Promise.all(some.map((url) => probe(url, networks)));
    some.forEach((url, index) => answers.set(url, results[index] ?? { why: 'no answer' }));
  }
  return named.flatMap((one) => judge(config, one, answers.get(one.url) ?? { why: 'no answer' }));
}

function namedUrls(config: DialbackConfig): NamedUrl[] {
  const byPlace = new Map<string, NamedUrl>();
  const add = (path: string, url: string | undefined, anyAnswerWillDo = false) => {
    if (url !== undefined && /^https?:/i.test(url))
      byPlace.set(path, { path, url, anyAnswerWillDo });
  };
  for (const { name, options, pluginRunner } of Object.values(config.services)) {
    const place = (key: string) => writtenPath(config, name, key) ?? `services.${name}.${key}`;
    add(place('_plugin_on_dial_url'), options.pluginOnDialUrl, pluginRunner === 'webhook');
    add(place('_on_customer_connect_treatment_url'), options.vxmlUrl);
  }
  for (const { path, file } of usedTreatments(config)) add(path, file);
  add('orchestration.url', config.orchestration.url, true);
  return [...byPlace.values()];
}

type Answer = { readonly status: number } | { readonly why: string };

async function probe(url: string, networks: BlockList): Promise<Answer> {
  const refused = await refusedAddress(new URL(url).hostname, networks);
  if (refused !== undefined) {
    return { why: `it leads to ${refused}, which allowedAddresses does not have` };
  }
  const head = await ask(url, 'HEAD');
  return 'status' in head && TRY_GET.has(head.status) ? ask(url, 'GET') : head;
}

/** @returns an address that will not be fetched from, when the name leads to no other */
async function refusedAddress(host: string, networks: BlockList): Promise<string | undefined> {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const found = await lookup(name, { all: true }).catch(() => []);
  if (found.some(({ address }) => mayReach(name, address, networks))) return undefined;
  return found[0]?.address;
}

/** `fetch` would refuse ports that browsers avoid, 5060 among them; this asks any. */
async function ask(url: string, method: 'HEAD' | 'GET'): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await request(url, { method, signal });
    response.body.on('error', () => {}).destroy();
    return { status: response.statusCode };
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    return { why: isLate ? 'no answer within two seconds' : reasonOf(error) };
  }
}

/** The system's word, such as ECONNREFUSED. */
function reasonOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'it cannot be fetched';
}

function judge(config: DialbackConfig, one: NamedUrl, answer: Answer): Problem[] {
  const report = (severity: Problem['severity'], message: string) => [
    finding(config, 'CHECK_URL_UNREACHABLE', severity, one.path, message, { found: one.url }),
  ];
  if ('why' in answer) return report('error', `The URL does not answer: ${answer.why}.`);
  if (answer.status < 400 || one.anyAnswerWillDo) return [];
  const severity = MISSING.has(answer.status) ? 'error' : 'warning';
  return report(severity, `The URL answers with HTTP status ${answer.status}.`);
}
