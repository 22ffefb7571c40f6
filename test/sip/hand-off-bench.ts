/**
 * A service for one hand-off, on the engine of the environment: customer, agent (queue `support`) and
 * route point (`after-hours`) are scripted SIP parties with a tone each, and a webhook that sends the
 * customer to the route point when there is one to be tried.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { AttemptView } from '../../src/request/callback-view.js';
import { engineYaml, until } from './bench.js';
import { FarParty, type FarCall } from './far-party.js';
import { tone, wav } from './far-rtp.js';

export const TONE_HZ = { waiting: 300, whisper: 400, one: 500, customer: 600, agent: 900 } as const;
/** Long enough for the waiting treatment to be heard. */
const RING_MS = 1200;
const COMPLETED_WITHIN_MS = 30_000;

export class HandOffBench {
  #dialback: Dialback | undefined;
  #webhook: Server | undefined;
  #url = '';

  private constructor(
    readonly folder: string,
    readonly customer: FarParty,
    /** Of the queue and of the route point. */
    readonly agent: FarParty,
  ) {}

  static async open(): Promise<HandOffBench> {
    const folder = await mkdtemp(join(tmpdir(), 'dialback-hand-off-'));
    const bench = new HandOffBench(folder, await FarParty.open(), await FarParty.open());
    for (const name of ['waiting', 'whisper', 'one'] as const) {
      await writeFile(join(folder, `${name}.wav`), wav(tone(TONE_HZ[name], 8000)));
    }
    bench.customer.onInvite = (call) => {
      call.answer();
      bench.customer.rtp.sendTone(call.offer, TONE_HZ.customer);
    };
    bench.agent.onInvite = (call) => bench.pickUp(call);
    return bench;
  }

  /** The agent rings for a while, answers and speaks. */
  pickUp(call: FarCall): void {
    call.respond(180, 'Ringing');
    setTimeout(() => {
      call.answer();
      this.agent.rtp.sendTone(call.offer, TONE_HZ.agent);
    }, RING_MS);
  }

  /** Starts the service and asks for one callback. @param options of the service, YAML values */
  async call(options: Readonly<Record<string, string>>): Promise<void> {
    const service = Object.entries({
      queue: 'support',
      _cpd_enable: 'false',
      _max_dial_attempts: '1',
      _treatment_find_agent_fail: '{}',
      ...options,
    });
    const file = join(this.folder, 'dialback.yaml');
    await writeFile(
      file,
      `${engineYaml()}
trunks: [{ name: far, uri: "sip:127.0.0.1:${this.customer.port}" }]
queues:
  support: { targets: [{ uri: "${this.agent.uri}" }] }
  desk: { agents: [{ name: alice }] }
agents: { alice: { uri: "${this.agent.uri}", startsAs: not-ready } }
routePoints: { after-hours: { uri: "${this.agent.uri}" } }
media: { directory: "${this.folder}" }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(this.folder, 'dialback.db')}" }
services:
  sales:
${service.map(([name, value]) => `    ${name}: ${value}`).join('\n')}
`,
    );
    this.#dialback = await startDialback(await loadConfig(file), silentLog);
    const response = await fetch(`${this.#dialback.url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: '+12125550123' }),
    });
    const { _id } = (await response.json()) as { _id: string };
    this.#url = `${this.#dialback.url}/v1/callbacks/${_id}`;
  }

  /** The same, by a plugin that sends whoever answers to `after-hours`. */
  async routed(options: Readonly<Record<string, string>>): Promise<void> {
    const reply = JSON.stringify({ action: 'route_to_rp', message: 'after-hours' });
    const webhook = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(reply);
    });
    webhook.listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    this.#webhook = webhook;
    const { port } = webhook.address() as AddressInfo;
    await this.call({
      pluginRunner: 'webhook',
      _plugin_on_dial_url: `"http://127.0.0.1:${port}/"`,
      ...options,
    });
  }

  async setReady(agent: string): Promise<void> {
    const response = await fetch(`${this.#dialback?.url}/v1/agents/${agent}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state: 'ready' }),
    });
    assert.equal(response.status, 200, await response.text());
  }

  async completed(): Promise<AttemptView & { readonly reason: string | undefined }> {
    return until(COMPLETED_WITHIN_MS, 'the callback to complete', async () => {
      const { callback, attempts } = (await (await fetch(this.#url)).json()) as {
        callback: { state: string; reason?: string };
        attempts: AttemptView[];
      };
      const [attempt] = attempts;
      if (callback.state !== 'COMPLETED' || !attempt) return undefined;
      return { ...attempt, reason: callback.reason };
    });
  }

  /** Live endpoints, dialogs and so on. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    return (await this.#dialback?.counts()) ?? {};
  }

  /** @param except what may be left for a while */
  async isClean(except = ''): Promise<void> {
    let counts: Readonly<Record<string, number>> = {};
    await until(20_000, 'everything to be given back', async () => {
      counts = await this.counts();
      const left = Object.entries(counts).filter(([name, count]) => name !== except && count > 0);
      return left.length === 0 || undefined;
    }).catch(() => assert.fail(`left over: ${JSON.stringify(counts)}`));
  }

  async close(): Promise<void> {
    await this.#dialback?.stop(0);
    this.#webhook?.close();
    this.customer.close();
    this.agent.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
