/**
 * The crash campaign: a service with calls up is killed at random moments and started again, many
 * times; engine and far end go on. In the end every callback has to be completed, and neither store
 * nor far end may know of a call that was made twice. The seed decides the moments and is printed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { startFarEnd, type FarEnd, type PersonaScript } from '../../src/farend/far-end.js';
import type { HeardCall } from '../../src/farend/heard-call.js';
import type { PersonaName } from '../../src/farend/personas.js';
import { Random } from '../fuzz/random.js';
import { namedServers } from '../sip/engines.js';
import { OpenCallbacks } from './open-callbacks.js';
import { EngineProcess, ServiceProcess } from './processes.js';
import { AGENTS, serviceYaml } from './service-yaml.js';
import { judge, type Verdict } from './verdict.js';

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  /** Callbacks kept open at the moment of each kill. */
  readonly openAtKill?: number;
  /** Store and log stay there, to find out what went wrong. A folder of its own, removed, by default. */
  readonly folder?: string;
}

export interface CampaignReport extends Verdict {
  readonly seed: number;
  readonly kills: number;
  readonly callbacks: number;
  readonly attempts: number;
  readonly invites: number;
  /** Of these, to agents. */
  readonly agentInvites: number;
  readonly orphansEnded: number;
  readonly orphansUnknown: number;
  /** Calls up at the far end in the moments of the kills. */
  readonly callsUpAtKills: readonly number[];
  /** Left at the end; all have to be zero. */
  readonly leftover: { readonly calls: readonly string[]; readonly channels: number };
  readonly wallMs: number;
}

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const RING_TIMEOUT_MS = 2000;
/** The network of this far end stops ringing by itself before the number may be dialled again. */
const NETWORK_RINGS_MS = 3000;
/**
 * A call that is answered after its caller died: the embedded engine ends it at once, drachtio-server
 * leaves it without ACK until the called party gives up after 64 * T1 (RFC 3261 13.3.1.4).
 */
const GUARD_MS = namedServers() ? 35_000 : 1500;
const COMPLETE_WITHIN_MS = 60_000 + 4 * GUARD_MS;
const CALLS_UP_WITHIN_MS = 6000;
/** Most kills come soon, some once agents are on the line. */
const KILL_SOON_MS = 900;
const KILL_LATE_MS = 7000;
const LATE_PERCENT = 30;

const UNANSWERED: PersonaScript = {
  steps: [
    { step: 'ring', ms: NETWORK_RINGS_MS },
    { step: 'reject', rejection: { status: 480, headers: [] } },
  ],
};

/** Who has a number: by the number, so that a later attempt meets the same party. */
const PARTIES: readonly (PersonaName | PersonaScript)[] = [
  'human',
  'human',
  'voicemail-no-beep',
  UNANSWERED,
  'human',
  'busy',
  'hangs-up-during-treatment',
  'declined',
  'human',
  'fax',
];

function numberOf(index: number): string {
  // Every seventh shares its number with the one before: two callbacks, one telephone.
  const party = index % 7 === 6 ? index - 1 : index;
  return `+4477009${String(party).padStart(5, '0')}`;
}

function storyOf({ callId, userPart, startedAtEpochMs, ladder }: HeardCall): string {
  const steps = ladder.map(({ atMs, what }) => `${Math.round(atMs)} ms ${what}`).join(', ');
  return `${callId} to ${userPart} from ${new Date(startedAtEpochMs).toISOString()}: ${steps}`;
}

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'dialback-crash-')));
  const farEnd = await startFarEnd({
    mediaDirectory: MEDIA,
    keepCalls: 100_000,
    recordMaxMs: 1,
    tempo: { conversationMs: 800, queueMs: 300, quietMaxMs: 5000, messageMaxMs: 5000 },
    rules: (userPart) =>
      userPart === AGENTS ? 'queue' : PARTIES[Number(userPart.slice(-5)) % PARTIES.length],
  });
  const engine = await EngineProcess.start();
  try {
    return await new Campaign(options, folder, farEnd, engine).run();
  } finally {
    await engine.stop();
    await farEnd.stop();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

class Campaign {
  readonly #startedAtMs = performance.now();
  readonly #random: Random;
  readonly #callbacks = new OpenCallbacks(numberOf);
  readonly #callsUp: number[] = [];
  readonly #orphans = { ended: 0, unknown: 0 };

  constructor(
    private readonly options: CampaignOptions,
    private readonly folder: string,
    private readonly farEnd: FarEnd,
    private readonly engine: EngineProcess,
  ) {
    this.#random = new Random(options.seed);
  }

  async run(): Promise<CampaignReport> {
    const { kills, openAtKill = 8 } = this.options;
    let service = await this.#start();
    try {
      for (let kill = 0; kill < kills; kill += 1) {
        await this.#callbacks.fill(service.url, openAtKill);
        await this.#untilCallsUp(Math.min(4, openAtKill));
        const latestMs = this.#random.below(100) < LATE_PERCENT ? KILL_LATE_MS : KILL_SOON_MS;
        await sleep(this.#random.below(latestMs));
        this.#callsUp.push(this.farEnd.stats().liveCalls);
        await service.kill();
        service = await this.#start();
      }
      await this.#callbacks.untilCompleted(service.url, COMPLETE_WITHIN_MS);
    } finally {
      await service.stop();
    }
    return this.#report();
  }

  async #start(): Promise<ServiceProcess> {
    const file = join(this.folder, 'dialback.yaml');
    await writeFile(file, this.#yaml());
    const service = await ServiceProcess.start(file, join(this.folder, 'service.log'));
    this.#orphans.ended += service.report.orphansEnded;
    this.#orphans.unknown += service.report.orphansUnknown;
    return service;
  }

  #yaml(): string {
    const { drachtio, freeswitch } = this.engine;
    return serviceYaml({
      drachtio,
      freeswitch,
      farEnd: this.farEnd,
      store: { url: `sqlite:${join(this.folder, 'dialback.db')}` },
      options: {
        _max_time_to_wait_for_agent_on_the_call: 8,
        _max_dial_attempts: 4,
        completeAfterMessage: true,
        _dial_retry_timeout: 1,
        ringTimeoutMs: RING_TIMEOUT_MS,
        lostLegGuardMs: GUARD_MS,
      },
    });
  }

  /** A kill without a call in the air would prove little; should none come, it is one all the same. */
  async #untilCallsUp(count: number): Promise<void> {
    const giveUpAtMs = performance.now() + CALLS_UP_WITHIN_MS;
    while (this.farEnd.stats().liveCalls < count && performance.now() < giveUpAtMs) await sleep(10);
  }

  async #report(): Promise<CampaignReport> {
    const store = await openSqliteStore({ file: join(this.folder, 'dialback.db') });
    const { accepted } = this.#callbacks;
    const callbacks = await Promise.all(accepted.map((id) => store.get(id)));
    const attempts = (await Promise.all(accepted.map((id) => store.attempts(id)))).flat();
    await store.close();
    const calls = this.farEnd.calls();
    const isCustomer = (userPart: string) => userPart !== AGENTS;
    const verdict = judge({
      accepted,
      callbacks: callbacks.filter((record) => record !== undefined),
      attempts,
      calls,
      isCustomer,
    });
    return {
      ...verdict,
      seed: this.options.seed,
      kills: this.options.kills,
      callbacks: accepted.length,
      attempts: attempts.length,
      invites: calls.length,
      agentInvites: calls.filter(({ userPart }) => !isCustomer(userPart)).length,
      orphansEnded: this.#orphans.ended,
      orphansUnknown: this.#orphans.unknown,
      callsUpAtKills: this.#callsUp,
      leftover: {
        calls: calls.filter(({ endedBy }) => endedBy === undefined).map(storyOf),
        channels: await this.engine.channelCount(),
      },
      wallMs: Math.round(performance.now() - this.#startedAtMs),
    };
  }
}
