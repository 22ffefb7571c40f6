/** Agents of our own and queues behind SIP addresses on a real engine: one service for all cases, each with phones that ring, refuse, answer or die. The customer is a phone that answers at once, and is taken for a human without analysis. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { AgentView, QueueView } from '../../src/handoff/queue/views.js';
import { type Dialback, startDialback } from '../../src/main.js';
import { engineYaml, until } from './bench.js';
import { type FarCall, FarParty } from './far-party.js';

export const WITHIN_MS = 20_000;

type Behaviour = (call: FarCall, party: FarParty) => void;
const rings: Behaviour = (call) => call.respond(180, 'Ringing');
const busy: Behaviour = (call) => call.respond(486, 'Busy Here');
const answers: Behaviour = (call) => {
  call.respond(180, 'Ringing');
  call.answer();
};

/** Calls at a time, as this phone saw them. */
export const atOnce = new Map<FarParty, { now: number; most: number }>();
const talksASecond: Behaviour = (call, party) => {
  const count = atOnce.get(party) ?? { now: 0, most: 0 };
  atOnce.set(party, count);
  count.now += 1;
  count.most = Math.max(count.most, count.now);
  answers(call, party);
  setTimeout(() => {
    count.now -= 1;
    call.bye();
  }, 1000);
};

interface Wish {
  /** In the order of the configuration. */
  readonly agents?: Readonly<Record<string, Behaviour>>;
  /** The only target of a queue of kind `sip`, in place of agents. */
  readonly target?: Behaviour;
  /** Options of the queue and of the service, as YAML. */
  readonly queue?: string;
  readonly service?: Readonly<Record<string, string>>;
  readonly startsAs?: string;
}

const CASES = {
  'busy, then the next': { agents: { ann: busy, bob: answers } },
  'no answer, then the next': {
    agents: { ann: rings, bob: answers },
    queue: 'ringTimeoutMs: 1000',
  },
  'ring all': { agents: { ann: rings, bob: rings }, queue: 'strategy: ring-all' },
  'max attempts': {
    agents: { ann: busy },
    queue: 'missPauseMs: 0, missesMax: 0',
    service: { _max_transfer_to_agent_attempts: '3', _treatment_find_agent_fail: '{}' },
  },
  'dies while ringing': {
    agents: {
      ann: (call, party) => {
        call.respond(180, 'Ringing');
        setTimeout(() => party.close(), 200);
      },
      bob: answers,
    },
    queue: 'ringTimeoutMs: 1000',
  },
  'confirm timeout': {
    target: (call, party) => call.respond(183, 'Session Progress', { sdp: party.rtp.sdp }),
    service: { _agent_transfer_confirm_timeout: '1' },
  },
  'early media passed': {
    target: (call, party) => {
      call.respond(183, 'Session Progress', { sdp: party.rtp.sdp });
      setTimeout(() => call.answer(), 1000);
    },
    queue: 'earlyMedia: pass',
  },
  'early media, then refused': {
    target: (call, party) => {
      const isFirst = party.requests('INVITE').length === 1;
      call.respond(183, 'Session Progress', { sdp: party.rtp.sdp });
      setTimeout(() => (isFirst ? call.respond(480, 'Gone') : call.answer()), 700);
    },
    queue: 'earlyMedia: pass',
    service: { agentRetryMs: '1000' },
  },
  'early media ignored': {
    target: (call, party) => {
      call.respond(183, 'Session Progress', { sdp: party.rtp.sdp });
      setTimeout(() => call.answer(), 500);
    },
  },
  'more customers than agents': {
    agents: { ann: talksASecond, bob: talksASecond },
    queue: 'wrapUpMs: 0',
    service: { _enable_in_queue_checking: 'false' },
  },
  'agent first': {
    agents: { ann: answers },
    startsAs: 'logged-out',
    service: { _wait_for_agent: 'true' },
  },
  'agent first, nobody at home': {
    agents: { ann: answers },
    service: { _wait_for_agent: 'true', ringTimeoutMs: '1000' },
  },
} as const satisfies Readonly<Record<string, Wish>>;

type CaseName = keyof typeof CASES;
const NAMES = Object.keys(CASES) as CaseName[];
/** This customer lets it ring. */
export const NOBODY_AT_HOME: CaseName = 'agent first, nobody at home';

const numberOf = (name: CaseName) => `+4477009001${String(NAMES.indexOf(name)).padStart(2, '0')}`;
/** Names in the configuration: one queue, one service and agents of its own for each case. */
export const slug = (name: CaseName) => name.replaceAll(/[^a-z]+/g, '-');

export class Office {
  readonly #phones = new Map<string, FarParty>();
  #dialback: Dialback | undefined;
  #folder = '';
  customer!: FarParty;

  async open(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'dialback-agents-'));
    this.customer = await FarParty.open();
    this.customer.onInvite = (call) => {
      const isOut = call.request.start.includes(numberOf(NOBODY_AT_HOME).slice(1));
      (isOut ? rings : answers)(call, this.customer);
    };
    const file = join(this.#folder, 'dialback.yaml');
    await writeFile(file, await this.#yaml());
    this.#dialback = await startDialback(await loadConfig(file), silentLog);
  }

  /** Takes a changed file over. */
  async reload(change: (yaml: string) => string): Promise<string | undefined> {
    const file = join(this.#folder, 'dialback.yaml');
    await writeFile(file, change(await readFile(file, 'utf8')));
    return (await this.#dialback?.reload())?.kind;
  }

  async #yaml(): Promise<string> {
    const blocks = await Promise.all(NAMES.map((name) => this.#blocks(name, CASES[name])));
    const all = (pick: (block: (typeof blocks)[number]) => string) => blocks.map(pick).join('');
    return `${engineYaml()}
trunks: [{ name: far, uri: "sip:127.0.0.1:${this.customer.port}", maxCallsPerSecond: 1000 }]
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(this.#folder, 'dialback.db')}" }
agents:
${all(({ agents }) => agents)}queues:
${all(({ queue }) => queue)}services:
${all(({ service }) => service)}`;
  }

  async #blocks(name: CaseName, wish: Wish) {
    const { agents = {}, target, queue = '', service = {}, startsAs = 'ready' } = wish;
    let agentLines = '';
    const seats: string[] = [];
    for (const [agent, behaviour] of Object.entries(agents)) {
      const phone = await this.#phone(`${slug(name)} ${agent}`, behaviour);
      agentLines += `  ${slug(name)}-${agent}: { uri: "${phone.uri}", startsAs: ${startsAs} }\n`;
      seats.push(`{ name: ${slug(name)}-${agent} }`);
    }
    const who = target
      ? `targets: [{ uri: "${(await this.#phone(`${slug(name)} target`, target)).uri}" }]`
      : `agents: [${seats.join(', ')}]`;
    const options = Object.entries({
      queue: slug(name),
      _cpd_enable: 'false',
      _default_country: 'GB',
      _max_dial_attempts: '1',
      _treatment_customer_connect: '{}',
      agentRetryMs: '100',
      ...service,
    });
    const lines = options.map(([key, value]) => `    ${key}: ${value}\n`).join('');
    return {
      agents: agentLines,
      queue: `  ${slug(name)}: { ${[who, queue].filter((text) => text !== '').join(', ')} }\n`,
      service: `  ${slug(name)}:\n${lines}`,
    };
  }

  async #phone(name: string, behaviour: Behaviour): Promise<FarParty> {
    const phone = await FarParty.open();
    phone.onInvite = (call) => behaviour(call, phone);
    this.#phones.set(name, phone);
    return phone;
  }

  phone(name: CaseName, who: string): FarParty {
    const phone = this.#phones.get(`${slug(name)} ${who}`);
    assert(phone);
    return phone;
  }

  /** INVITEs that the customer of this case received. */
  dials(name: CaseName): number {
    const isFor = ({ start }: { start: string }) => start.includes(numberOf(name).slice(1));
    return this.customer.requests('INVITE').filter(isFor).length;
  }

  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#dialback?.url}${path}`, {
      method,
      ...(body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    assert.equal(response.status, 200, path);
    return (await response.json()) as T;
  }

  async request(name: CaseName, number = numberOf(name)): Promise<Callback> {
    const path = `/genesys/1/service/callback/${slug(name)}`;
    const { _id } = await this.ask<{ _id: string }>('POST', path, { _customer_number: number });
    return new Callback(this, _id);
  }

  agent(name: CaseName, who: string): Promise<AgentView> {
    return this.ask('GET', `/v1/agents/${slug(name)}-${who}`);
  }

  queue(name: CaseName): Promise<QueueView> {
    return this.ask('GET', `/v1/queues/${slug(name)}`);
  }

  set(name: CaseName, who: string, state: string): Promise<AgentView> {
    return this.ask('PUT', `/v1/agents/${slug(name)}-${who}`, { state });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.#dialback?.url}/metrics`)).text();
  }

  async close(): Promise<Record<string, number> | undefined> {
    const counts = await this.#dialback?.counts();
    await this.#dialback?.stop(0);
    for (const [name, phone] of this.#phones) if (!name.startsWith('dies')) phone.close();
    this.phone('dies while ringing', 'bob').close();
    this.customer.close();
    await rm(this.#folder, { recursive: true, force: true });
    return counts;
  }
}

class Callback {
  constructor(
    private readonly office: Office,
    private readonly id: string,
  ) {}

  async rows(): Promise<readonly string[]> {
    const { steps } = await this.office.ask<{ steps: readonly { row: string }[] }>(
      'GET',
      `/v1/callbacks/${this.id}/story`,
    );
    return steps.map(({ row }) => row);
  }

  document() {
    return this.office.ask<{
      callback: { state: string; reason?: string };
      attempts: readonly { connectedAtMs?: number }[];
    }>('GET', `/v1/callbacks/${this.id}`);
  }

  /** They hear each other: whoever hangs up before has not been connected. */
  talks(): Promise<unknown> {
    return until(WITHIN_MS, 'the two to talk', async () => {
      const { attempts } = await this.document();
      return attempts[0]?.connectedAtMs;
    });
  }

  reason(): Promise<string | undefined> {
    return until(WITHIN_MS, 'the callback to complete', async () => {
      const { state, reason } = (await this.document()).callback;
      return state === 'COMPLETED' ? (reason ?? 'none') : undefined;
    });
  }
}
