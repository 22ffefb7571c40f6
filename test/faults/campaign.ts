/**
 * The fault campaign: a service with calls up, a real drachtio-server, a real FreeSWITCH and a far end in
 * whose place carriers misbehave, customers who ring by themselves, agents who send them on. Faults come one after the other, picked and timed by a seed. In the end
 * every callback has to be completed for the right reason, every call from outside has its one record with
 * the right outcome, nothing is dialled twice, and no leg may live
 * longer than 35 s after what it hung on was back.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { startFarEnd, type FarEnd, type PersonaScript } from '../../src/farend/far-end.js';
import type { PersonaName } from '../../src/farend/personas.js';
import { SoundLibrary } from '../../src/farend/sound-library.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import type { InboundCallRecord } from '../../src/schedule/inbound-calls.js';
import { OpenCallbacks } from '../crash/open-callbacks.js';
import { ServiceProcess } from '../crash/processes.js';
import { AGENTS, DESK, serviceYaml } from '../crash/service-yaml.js';
import { judge } from '../crash/verdict.js';
import { Random } from '../fuzz/random.js';
import { Callers } from './callers.js';
import { Capture } from './capture.js';
import { FAULTS, type World } from './fault-list.js';
import {
  findings,
  GHOST_AFTER_MS,
  type FaultPeriod,
  type Finding,
  type Party,
} from './findings.js';
import {
  inboundFindings,
  TRANSFER_WATCHED_MS,
  transferFindings,
  transfersOf,
} from './inbound-findings.js';
import { Network } from './network.js';
import { makePair, type ServerPair } from './servers.js';

export interface CampaignOptions {
  readonly faults: number;
  readonly seed: number;
  /** Store, logs and captures; what belongs to a failure stays there. */
  readonly folder: string;
  readonly programs: { readonly drachtio: string; readonly freeswitch: string };
  readonly say: (line: string) => void;
}

export interface CampaignReport {
  readonly versions: readonly string[];
  readonly periods: readonly FaultPeriod[];
  readonly callbacks: number;
  readonly attempts: number;
  readonly invites: number;
  /** Calls that came to us, and what became of those that were taken. */
  readonly rung: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** REFERs of agents: sent, taken, and arrived at whom they named. */
  readonly transfers: readonly [sent: number, taken: number, arrived: number];
  readonly reasons: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  readonly wallMs: number;
}

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const OPEN_CALLBACKS = 14;
const CALLERS = 4;
const CALLS_UP_MIN = 4;
const CALLS_UP_WITHIN_MS = 25_000;
const BETWEEN_FAULTS_MS = 4000;
/** Three minutes for a leg that rang when its drachtio went, the attempts after it, and room. */
const COMPLETE_WITHIN_MS = 300_000;
const MAX_ATTEMPTS = 6;

const PARTIES: readonly { readonly party: Party; readonly script: PersonaName | PersonaScript }[] =
  [
    { party: 'human', script: 'human' },
    { party: 'human', script: 'human' },
    { party: 'machine', script: 'voicemail-beep' },
    { party: 'human', script: 'human' },
    { party: 'busy', script: 'busy' },
    {
      party: 'no answer',
      script: {
        steps: [
          { step: 'ring', ms: 3000 },
          { step: 'reject', rejection: { status: 480 } },
        ],
      },
    },
    { party: 'human', script: 'human' },
    { party: 'fax', script: 'fax' },
    { party: 'leaves', script: 'hangs-up-during-treatment' },
    { party: 'human', script: 'human' },
  ];

/** Of five agents one sends the customer on and stays, one sends them on and goes at once. */
function agentScript(n: number, desk: string): PersonaName | PersonaScript {
  if (n % 5 > 1) return 'queue';
  const staysMs = n % 5 === 0 ? TRANSFER_WATCHED_MS : 0;
  return {
    steps: [
      { step: 'ring', ms: 300 },
      { step: 'answer' },
      { step: 'wait', ms: 800 },
      { step: 'refer', to: desk },
      { step: 'wait', ms: staysMs },
      { step: 'hang-up' },
    ],
  };
}

const isCustomer = (userPart: string) => userPart !== AGENTS && userPart !== DESK;
const partyOf = (userPart: string) => PARTIES[Number(userPart.slice(-5)) % PARTIES.length]!;
const numberOf = (index: number): string => `+4477009${String(index).padStart(5, '0')}`;

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  await mkdir(options.folder, { recursive: true });
  const network = new Network(new Random(options.seed ^ 0x5eed));
  let agents = 0;
  const farEnd: FarEnd = await startFarEnd({
    mediaDirectory: MEDIA,
    keepCalls: 100_000,
    recordMaxMs: 1,
    network: { sip: network.sip, rtp: network.rtp },
    tempo: { conversationMs: 1500, queueMs: 400, quietMaxMs: 5000, messageMaxMs: 5000 },
    rules: (userPart) => {
      if (userPart === DESK) return 'queue';
      if (isCustomer(userPart)) return network.carrierScript() ?? partyOf(userPart).script;
      agents += 1;
      return agentScript(agents, `sip:${DESK}@${farEnd.host}:${farEnd.port}`);
    },
  });
  const servers = await makePair(options.programs, options.folder);
  const callers = await Callers.start({
    to: { host: '127.0.0.1', port: servers.sipPort },
    random: new Random(options.seed ^ 0xca11),
    network,
    voice: await new SoundLibrary(MEDIA).get('far-end/hello.wav'),
  });
  try {
    await Promise.all([servers.drachtio.start(), servers.freeswitch.start()]);
    return await new Campaign(options, network, farEnd, servers, callers).run();
  } finally {
    await callers.stop();
    await Promise.all([servers.drachtio.stop(), servers.freeswitch.stop(), farEnd.stop()]);
  }
}

class Campaign {
  readonly #startedAtMs = performance.now();
  readonly #callbacks = new OpenCallbacks(numberOf);
  readonly #periods: FaultPeriod[] = [];
  readonly #random: Random;

  constructor(
    private readonly options: CampaignOptions,
    private readonly network: Network,
    private readonly farEnd: FarEnd,
    private readonly servers: ServerPair,
    private readonly callers: Callers,
  ) {
    this.#random = new Random(options.seed);
  }

  async run(): Promise<CampaignReport> {
    const { servers, network } = this;
    const capture = await Capture.start(
      this.options.folder,
      [servers.sipPort, this.farEnd.port],
      servers.rtpPorts,
    );
    this.options.say(capture.says);
    const world: World = {
      servers,
      network,
      random: this.#random,
      service: await this.#startService(),
      startService: () => this.#startService(),
    };
    try {
      for (let n = 1; n <= this.options.faults; n += 1) await this.#fault(n, world);
      network.weather = 'fine';
      await this.#callbacks.untilCompleted(world.service.url, COMPLETE_WITHIN_MS);
      return await this.#report(world);
    } finally {
      await world.service.stop();
      await capture.stop();
    }
  }

  async #fault(n: number, world: World): Promise<void> {
    await this.#untilCallsUp(world);
    await sleep(this.#random.below(BETWEEN_FAULTS_MS));
    // Every kind comes once before any comes twice, in an order that the seed decides.
    const round = [...FAULTS.keys()].map((index) => ({ index, key: this.#random.below(2 ** 30) }));
    const missing = round.filter(({ index }) => this.#timesDone(index) === this.#roundsDone());
    const { index } = missing.sort((a, b) => a.key - b.key)[0]!;
    const fault = FAULTS[index]!;
    const [least, most] = fault.lastsMs;
    const callsUp = this.farEnd.stats().liveCalls;
    const atMs = Date.now();
    const heal = await fault.begin(world);
    await sleep(least + this.#random.below(most - least + 1));
    await heal();
    const healedAtMs = Date.now();
    this.#periods.push({ n, name: fault.name, atMs, healedAtMs, callsUp });
    const seconds = ((healedAtMs - atMs) / 1000).toFixed(1);
    this.options.say(`${String(n).padStart(3)}  ${fault.name}, ${seconds} s, ${callsUp} calls up`);
  }

  #timesDone(index: number): number {
    return this.#periods.filter(({ name }) => name === FAULTS[index]!.name).length;
  }

  #roundsDone(): number {
    return Math.min(...FAULTS.map((_fault, index) => this.#timesDone(index)));
  }

  /** A fault without calls in the air would prove little; should none come, it is one all the same. */
  async #untilCallsUp(world: World): Promise<void> {
    const giveUpAtMs = performance.now() + CALLS_UP_WITHIN_MS;
    do {
      await this.#callbacks.fill(world.service.url, OPEN_CALLBACKS);
      await this.callers.fill(CALLERS);
      await sleep(250);
    } while (this.farEnd.stats().liveCalls < CALLS_UP_MIN && performance.now() < giveUpAtMs);
  }

  async #startService(): Promise<ServiceProcess> {
    const file = join(this.options.folder, 'dialback.yaml');
    await writeFile(file, this.#yaml());
    return ServiceProcess.start(file, join(this.options.folder, 'service.log'));
  }

  #yaml(): string {
    const { drachtio, freeswitch } = this.servers;
    return serviceYaml({
      drachtio: drachtio.address,
      freeswitch: freeswitch.address,
      farEnd: this.farEnd,
      store: { url: `sqlite:${join(this.options.folder, 'dialback.db')}` },
      callsPerSecond: 10,
      options: {
        _max_time_to_wait_for_agent_on_the_call: 8,
        _max_dial_attempts: MAX_ATTEMPTS,
        completeAfterMessage: true,
        _dial_retry_timeout: 1,
        ringTimeoutMs: 6000,
        mediaSilenceMaxMs: 8000,
        allowedDestinations: [`${this.farEnd.host}:${this.farEnd.port}`],
      },
      blocks: {
        inbound: {
          acceptFrom: ['127.0.0.1'],
          service: 'sales',
          maxCalls: 100,
          maxCallsPerSecond: 20,
        },
      },
    });
  }

  async #report(world: World): Promise<CampaignReport> {
    const { accepted } = this.#callbacks;
    // The service is ended first: whatever it still holds is its own to end.
    const stories = new Map<string, string>();
    const channels = await this.#channelsInTheEnd();
    await world.service.stop();
    const store = await openSqliteStore({ file: join(this.options.folder, 'dialback.db') });
    const callbacks = (await Promise.all(accepted.map((id) => store.get(id)))).filter(
      (record) => record !== undefined,
    );
    const attempts = (await Promise.all(accepted.map((id) => store.attempts(id)))).flat();
    const calls = this.farEnd.calls();
    const verdict = judge({ accepted, callbacks, attempts, calls, isCustomer });
    const records = await inboundCallsOf(store);
    const rung = this.callers.calls();
    const periods = this.#periods;
    const ofCallbacks = findings({
      verdict,
      callbacks,
      attempts,
      calls,
      channels,
      periods,
      maxAttempts: MAX_ATTEMPTS,
      partyOf: (number) => partyOf(number).party,
    });
    const found = [
      ...ofCallbacks,
      ...inboundFindings({ rung, records, periods }),
      ...transferFindings(calls, periods),
    ];
    for (const { callbackId: id } of found) {
      if (id === undefined || stories.has(id)) continue;
      const story = { steps: await store.story(id), trail: await store.trail(id) };
      stories.set(id, JSON.stringify(story, undefined, 1));
    }
    await store.close();
    await this.#keep(stories);
    const { drachtio, freeswitch } = this.servers;
    return {
      versions: [drachtio.version, freeswitch.version],
      periods: this.#periods,
      callbacks: accepted.length,
      attempts: attempts.length,
      invites: calls.length,
      rung: rung.length,
      outcomes: counted(records.map(({ outcome = 'none' }) => outcome)),
      transfers: transfersOf(calls),
      reasons: counted(callbacks.map(({ reason = 'none' }) => reason)),
      findings: found,
      wallMs: Math.round(performance.now() - this.#startedAtMs),
    };
  }

  /** Channels left once every leg has had its time to go. */
  async #channelsInTheEnd(): Promise<string[]> {
    const giveUpAtMs = performance.now() + GHOST_AFTER_MS + 1000;
    for (;;) {
      // One that does not answer is asked again, and in the end is a finding itself.
      const channels = await this.servers.freeswitch.channels().catch((why: unknown) => {
        return [`FreeSWITCH does not answer: ${String(why)}`];
      });
      const legs = this.farEnd.stats().liveCalls + this.callers.liveCount;
      const isQuiet = channels.length === 0 && legs === 0;
      if (isQuiet || performance.now() > giveUpAtMs) return channels;
      await sleep(500);
    }
  }

  async #keep(stories: ReadonlyMap<string, string>): Promise<void> {
    const folder = join(this.options.folder, 'failures');
    await rm(folder, { recursive: true, force: true });
    if (stories.size === 0) return;
    await mkdir(folder);
    for (const [id, story] of stories) await writeFile(join(folder, `${id}.json`), story);
  }
}

async function inboundCallsOf(store: CallbackStore): Promise<InboundCallRecord[]> {
  const found: InboundCallRecord[] = [];
  for (;;) {
    const before = found.at(-1)?.id;
    const page = await store.inboundCalls({ limit: 1000, ...(before !== undefined && { before }) });
    if (page.length === 0) return found;
    found.push(...page);
  }
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
