/**
 * A service of its own for one integration case: configuration written to a temporary folder, the
 * engine from the environment (real servers) or embedded, sipp as customer and queue with a recorder
 * behind each, and everything given back at the end.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { Recognised } from '../../src/farend/recognise.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { StoryDocument } from '../../src/request/own-routes.js';
import type { AttemptRecord } from '../../src/schedule/callback-store.js';
import { openEar, type Ear } from './ear.js';
import { engineYaml } from './engines.js';
import { heardIn, sound, until, watchStalls } from './sound-and-time.js';
import { startSipp, type SippRun } from './sipp.js';

const NUMBER = '+447700900123';
const COMPLETED_WITHIN_MS = 30_000;
const QUIET_WITHIN_MS = 5000;

export interface Party {
  readonly sipp: SippRun;
  readonly ear: Ear;
}

interface CallbackDocument {
  readonly callback: {
    readonly state: string;
    readonly reason?: string;
    readonly callState?: number;
    readonly attemptCount: number;
  };
  readonly attempts: readonly AttemptRecord[];
}

export { engineYaml, heardIn, sound, until, watchStalls };

export class Bench {
  #dialback: Dialback | undefined;
  #id = '';
  readonly #parties: Party[] = [];

  private constructor(readonly folder: string) {}

  static async open(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), 'dialback-bench-')));
  }

  /**
   * @param says file under media/, or samples, spoken once the media flows
   * @param ringMs how long a queue rings, when not as its scenario says
   */
  async party(
    scenario: string,
    says: string | Int16Array = 'far-end/hello.wav',
    calls = 1,
    ringMs?: number,
  ): Promise<Party> {
    const ear = await openEar(typeof says === 'string' ? (await sound(says)).pcm : says);
    const sipp = await startSipp(scenario, { rtp_port: String(ear.port) }, calls, 'udp', ringMs);
    const party = { sipp, ear };
    this.#parties.push(party);
    return party;
  }

  /** Starts the service and asks for one callback. @param options of the service, YAML values */
  async call(
    customer: Party,
    queue: Party | undefined,
    options: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const queueUri = `sip:support@127.0.0.1:${queue?.sipp.port ?? 9}`;
    const service = Object.entries({
      queue: 'support',
      _default_country: 'GB',
      _treatment_customer_connect: 'connect.wav',
      _max_time_to_wait_for_agent_on_the_call: '20',
      _max_dial_attempts: '1',
      ...options,
    });
    const yaml = `${engineYaml()}
trunks: [{ name: sipp, uri: "sip:127.0.0.1:${customer.sipp.port}" }]
queues: { support: { targets: [{ uri: "${queueUri}" }] } }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(this.folder, 'dialback.db')}" }
services:
  sales:
${service.map(([name, value]) => `    ${name}: ${value}`).join('\n')}
`;
    const file = join(this.folder, 'dialback.yaml');
    await writeFile(file, yaml);
    this.#dialback = await startDialback(await loadConfig(file), silentLog);
    const response = await fetch(`${this.#dialback.url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: NUMBER, topic: 'broadband' }),
    });
    assert.equal(response.status, 200);
    this.#id = ((await response.json()) as { _id: string })._id;
  }

  async document(): Promise<CallbackDocument> {
    const response = await fetch(`${this.#dialback?.url}/v1/callbacks/${this.#id}`);
    return (await response.json()) as CallbackDocument;
  }

  async story(): Promise<StoryDocument> {
    const response = await fetch(`${this.#dialback?.url}/v1/callbacks/${this.#id}/story`);
    return (await response.json()) as StoryDocument;
  }

  /** Rows of the decision table that the callback went through. */
  async rows(): Promise<readonly string[]> {
    return (await this.story()).steps.map(({ row }) => row);
  }

  async cancel(): Promise<number> {
    const path = `/genesys/1/service/callback/sales/${this.#id}`;
    return (await fetch(this.#dialback?.url + path, { method: 'DELETE' })).status;
  }

  async completed(): Promise<CallbackDocument> {
    return until(COMPLETED_WITHIN_MS, 'the callback to complete', async () => {
      const document = await this.document();
      return document.callback.state === 'COMPLETED' ? document : undefined;
    });
  }

  /** Which of these files were heard, in order. */
  async heard(party: Party, ...names: readonly string[]): Promise<readonly Recognised[]> {
    return heardIn(party.ear.heard(), names);
  }

  /** Both scenarios went through as written, and nothing of ours is left over. */
  async isClean(): Promise<void> {
    for (const { sipp } of this.#parties) {
      assert.deepEqual(await sipp.done, { code: 0, errors: '' });
    }
    let counts: Record<string, number> = {};
    await until(QUIET_WITHIN_MS, 'everything to be given back', async () => {
      counts = (await this.#dialback?.counts()) ?? {};
      return Object.values(counts).every((count) => count === 0) || undefined;
    }).catch(() => assert.fail(`left over: ${JSON.stringify(counts)}`));
  }

  async close(): Promise<void> {
    await this.#dialback?.stop(0);
    for (const { sipp, ear } of this.#parties) {
      sipp.stop();
      ear.close();
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
