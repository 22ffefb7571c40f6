/**
 * Several services on one PostgreSQL and one pair of servers share the callbacks; now and then one is
 * killed and started again, or stands still for longer than its lease and goes on. Whoever is left has
 * to finish everything, and neither store nor far end may know of a call that was made twice.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPostgresStore } from '../../src/adapters/store/postgres/postgres-store.js';
import { startFarEnd, type FarEnd } from '../../src/farend/far-end.js';
import type { PersonaName } from '../../src/farend/personas.js';
import { PrivateServer } from '../adapters/store/postgres/private-server.js';
import { OpenCallbacks } from './open-callbacks.js';
import { EngineProcess, ServiceProcess } from './processes.js';
import { AGENTS, serviceYaml } from './service-yaml.js';
import { judge, type Verdict } from './verdict.js';

export interface NodeCampaignOptions {
  readonly nodes: number;
  readonly leaseMs: number;
  readonly attemptsMax?: number;
  /** Who answers, by the last digits of the number. */
  readonly parties: readonly PersonaName[];
  /** How long a customer waits until an agent answers; 300 by default. */
  readonly agentAfterMs?: number;
}

export interface NodeReport extends Verdict {
  readonly callbacks: number;
  readonly attempts: number;
  readonly invites: number;
}

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const AGENT_AFTER_MS = 300;
/** Beyond the agent's answer: what a customer is ready to wait. */
const PATIENCE_SECONDS = 8;
/** Every ring ends by itself before its number may be dialled again. */
const RING_TIMEOUT_MS = 2000;
const GUARD_MS = 1500;
const POLL_MS = 100;

function numberOf(index: number): string {
  return `+4477${String(1_000_000 + index).padStart(8, '0')}`;
}

export class NodeCampaign {
  readonly callbacks = new OpenCallbacks(numberOf);
  readonly nodes: ServiceProcess[] = [];

  private constructor(
    private readonly options: NodeCampaignOptions,
    private readonly folder: string,
    private readonly database: PrivateServer,
    private readonly engine: EngineProcess,
    readonly farEnd: FarEnd,
  ) {}

  /** @throws Error when something does not start */
  static async start(options: NodeCampaignOptions): Promise<NodeCampaign> {
    const folder = await mkdtemp(join(tmpdir(), 'dialback-nodes-'));
    const { parties, agentAfterMs: queueMs = AGENT_AFTER_MS } = options;
    const farEnd = await startFarEnd({
      mediaDirectory: MEDIA,
      keepCalls: 100_000,
      recordMaxMs: 1,
      tempo: { conversationMs: 800, queueMs, quietMaxMs: 5000, messageMaxMs: 5000 },
      rules: (userPart) =>
        userPart === AGENTS ? 'queue' : parties[Number(userPart.slice(-5)) % parties.length],
    });
    const [database, engine] = await Promise.all([PrivateServer.start(), EngineProcess.start()]);
    const campaign = new NodeCampaign(options, folder, database, engine, farEnd);
    await writeFile(join(folder, 'dialback.yaml'), campaign.#yaml());
    for (let index = 0; index < options.nodes; index += 1) await campaign.startNode(index);
    return campaign;
  }

  async startNode(index: number): Promise<void> {
    const log = join(this.folder, `node-${index}.log`);
    this.nodes[index] = await ServiceProcess.start(join(this.folder, 'dialback.yaml'), log);
  }

  node(index: number): ServiceProcess {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`node ${index} has not been started`);
    return node;
  }

  /** Until each process has a leg on the wire. @throws Error when that does not come about */
  async untilAllDial(withinMs: number): Promise<void> {
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const [row] = await this.database.query(
        'SELECT count(DISTINCT node) AS count FROM dialback.legs WHERE is_orphan = 0',
      );
      const count = Number(row?.['count']);
      if (count === this.nodes.length) return;
      if (performance.now() > giveUpAtMs) throw new Error(`${count} processes dial`);
      await sleep(POLL_MS);
    }
  }

  /** Callbacks that have not ended, asked of the database. */
  async openCount(): Promise<number> {
    const [row] = await this.database.query(
      "SELECT count(*) AS count FROM dialback.callbacks WHERE state <> 'COMPLETED'",
    );
    return Number(row?.['count']);
  }

  async untilCompleted(withinMs: number): Promise<void> {
    const giveUpAtMs = performance.now() + withinMs;
    while ((await this.openCount()) > 0 && performance.now() < giveUpAtMs) await sleep(POLL_MS);
  }

  async untilCallsUp(count: number, withinMs: number): Promise<void> {
    const giveUpAtMs = performance.now() + withinMs;
    while (this.farEnd.stats().liveCalls < count && performance.now() < giveUpAtMs) {
      await sleep(POLL_MS);
    }
  }

  /** Customers who have picked up and are on the line now; their agents do not count. */
  customersOnTheLine(): number {
    return this.farEnd.calls().filter(({ userPart, answeredAtMs, endedAtMs }) => {
      return userPart !== AGENTS && answeredAtMs !== undefined && endedAtMs === undefined;
    }).length;
  }

  /** From the two witnesses. Ends nothing. */
  async report(): Promise<NodeReport> {
    const store = await openPostgresStore({ url: this.database.url });
    try {
      const { accepted } = this.callbacks;
      const records = await Promise.all(accepted.map((id) => store.get(id)));
      const attempts = (await Promise.all(accepted.map((id) => store.attempts(id)))).flat();
      const calls = this.farEnd.calls();
      const verdict = judge({
        accepted,
        callbacks: records.filter((record) => record !== undefined),
        attempts,
        calls,
        isCustomer: (userPart) => userPart !== AGENTS,
      });
      return {
        ...verdict,
        callbacks: accepted.length,
        attempts: attempts.length,
        invites: calls.length,
      };
    } finally {
      await store.close();
    }
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.resume();
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.engine.stop();
    await this.farEnd.stop();
    await this.database.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #yaml(): string {
    const { drachtio, freeswitch } = this.engine;
    const { leaseMs, attemptsMax = 4, agentAfterMs = AGENT_AFTER_MS } = this.options;
    return serviceYaml({
      drachtio,
      freeswitch,
      farEnd: this.farEnd,
      store: { url: this.database.url, leaseMs },
      options: {
        _max_time_to_wait_for_agent_on_the_call: PATIENCE_SECONDS + Math.ceil(agentAfterMs / 1000),
        _max_dial_attempts: attemptsMax,
        _dial_retry_timeout: 1,
        ringTimeoutMs: RING_TIMEOUT_MS,
        lostLegGuardMs: GUARD_MS,
      },
    });
  }
}
