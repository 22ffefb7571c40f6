/**
 * Storms: customers, agents, servers and the configuration do what they like at any moment, to a whole
 * process but for its wires and its disk. Nobody ever has two calls, every callback ends once and with a
 * reason, and nothing is left.
 */
import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { NO_LIMITS, SetUpGovernor } from '../../src/dial/set-up-governor.js';
import type { QueuePlans, Strategy } from '../../src/handoff/queue/plans.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import { Counters } from '../../src/report/counters.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { SessionHost } from '../../src/session-host.js';
import { FakeStore } from '../fakes/fake-store.js';
import {
  FakeAnalyser,
  FakeTelephony,
  settle,
  silentLog,
  type FakeCall,
} from '../fakes/fake-telephony.js';
import { HANDOFF, serviceConfig, testTrunk } from '../fakes/service-config.js';
import { agentPlan, agentQueue, sipQueue, step } from './queue/queue-world.js';

const AGENTS = ['a0', 'a1', 'a2'];
const STRATEGIES: readonly Strategy[] = ['longest-idle', 'round-robin', 'ring-all', 'progressive'];
const DEEDS = 200;
const CUSTOMERS_MAX = 8;

class Storm {
  readonly telephony = new FakeTelephony();
  readonly clock = virtualClock();
  readonly store = new FakeStore();
  readonly desk: QueueDesk;
  readonly host: SessionHost;
  readonly #over = new Set<FakeCall>();
  #started = 0;
  #ids = 0;
  #time: Promise<void> = Promise.resolve();

  constructor(private seed: number) {
    this.desk = new QueueDesk({ clock: this.clock, log: silentLog }, this.#plans(true));
    const base = serviceConfig();
    const service = (options: object, handoff: object = {}) => ({
      ...base,
      options: {
        ...{ ...base.options, isCpdEnabled: false, maxDialAttempts: 2, dialRetryMs: 1000 },
        ...{ agentWaitMaxMs: 60_000, aheadWaitMaxMs: 90_000, conversationMaxMs: 120_000 },
        ...options,
      },
      handoff: { ...HANDOFF, ...handoff },
    });
    const steps = [step('q0', 5000), step('q1', 9000, true), step('a2', 9000), step('pbx')];
    const search = { ...base.search, steps };
    const accept = { digit: '1', timeoutMs: 4000 };
    const services = {
      plain: { ...service({ queue: 'q0' }), name: 'plain', search },
      ahead: { ...service({ queue: 'q0', waitsForAgent: true }), name: 'ahead', search },
      asked: {
        ...service({ queue: 'q1' }, { accept, whisper: ['whisper.wav'] }),
        ...{ name: 'asked', search: { ...search, steps: [step('q1')] } },
      },
      direct: { ...service({ queue: 'q0' }, { media: 'direct' }), name: 'direct', search },
    };
    this.host = new SessionHost({
      ...{ telephony: this.telephony, clock: this.clock, desk: this.desk, log: silentLog },
      ...{ services, places: { directory: '/m', packagedDirectory: '/p' }, routePoints: {} },
      analyser: new FakeAnalyser(),
      store: this.store as unknown as CallbackStore,
      counters: new Counters(),
      setUps: new SetUpGovernor({ clock: this.clock, limits: () => NO_LIMITS }),
      random: { uuid: () => `call-${(this.#ids += 1)}`, fraction: () => this.#random() },
      files: {
        probe: () => Promise.resolve(undefined),
        fetch: () => Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: 'no' }),
      },
      trunks: [{ ...testTrunk('sip:trunk'), maxConcurrentCalls: 100, maxCallsPerSecond: 1000 }],
      ...{ trunkResults: [], comfortFile: '/p/comfort.wav' },
      times: () => ({ officeHours: {}, capacities: {} }),
      onSessionEnded: () => undefined,
    });
    const { sip } = this.telephony;
    const invite = sip.invite.bind(sip);
    sip.invite = (request) => {
      const call = invite(request);
      void call.outcome.then(({ kind }) => kind !== 'answered' && this.#over.add(call));
      const cancel = call.cancel.bind(call);
      // Glare: the 200 was on its way.
      call.cancel = (why) =>
        this.#isOneIn(4) && this.#isRinging(call) ? void call.answer() : cancel(why);
      return call;
    };
  }

  async blow(): Promise<void> {
    for (let n = 0; n < DEEDS; n += 1) {
      this.#deed();
      await this.#time;
      // Now and then two things happen before anybody has heard of the first.
      if (!this.#isOneIn(4)) await settle();
      this.#check();
    }
  }

  /** Everybody goes home, one after the other. */
  async calm(): Promise<void> {
    for (let n = 0; n < 100 && this.host.count > 0; n += 1) {
      for (const call of this.#live((uri) => !uri.includes('@pbx'))) {
        if (call.dialog) call.dialog.end();
        else call.fail(486);
      }
      await settle();
      await this.clock.advance(1000);
    }
    assert.equal(this.host.count, 0, 'callbacks that do not end');
    await this.host.drain(0);
    await this.#leavesNothing();
    assert.equal(this.#ended().size, this.#started, 'a callback without an end');
  }

  /** The process is stopped. What has not ended is left to the next one, off the wire. */
  async stop(): Promise<void> {
    const drained = this.host.drain(20_000);
    await this.clock.advance(25_000);
    await drained;
    await settle();
    await this.#leavesNothing();
  }

  async #leavesNothing(): Promise<void> {
    await this.clock.advance(600_000);
    await settle();
    assert.deepEqual(this.telephony.counts(), { endpoints: 0, dialogs: 0 });
    assert.deepEqual(this.desk.counts(), { queueRequests: 0, queueOffers: 0, queueTimers: 0 });
    assert.equal(this.host.count, 0);
    for (const { state } of this.desk.agents()) {
      assert(['ready', 'not-ready', 'logged-out'].includes(state), state);
    }
    const live = this.telephony.calls.filter((call) => this.#isLive(call));
    assert.deepEqual(live, [], 'an INVITE without an end');
    this.#ended();
  }

  #deed(): void {
    const farCalls = this.#live((uri) => uri.includes('@pbx'));
    const customers = this.#live((uri) => !uri.includes('@pbx'));
    const ringing = (calls: readonly FakeCall[]) => calls.filter((call) => this.#isRinging(call));
    const answered = (calls: readonly FakeCall[]) => calls.filter(({ dialog }) => dialog);
    switch (this.#below(16)) {
      case 0:
      case 1:
      case 2:
        return this.#start();
      case 3:
      case 4:
      case 5:
        return void this.#one(ringing(customers))?.answer();
      case 6:
        return this.#one(ringing(customers))?.fail(486);
      case 7:
        return this.#one(answered(customers))?.dialog?.end();
      case 8:
        return this.#one(ringing(farCalls))?.ring(183, this.#isOneIn(2) ? 'v=0 early' : undefined);
      case 9:
      case 10:
        return void this.#one(ringing(farCalls))?.answer();
      case 11:
        return this.#one(ringing(farCalls))?.fail(this.#one([480, 486, 503, 603]) ?? 480);
      case 12:
        return this.#one(answered(farCalls))?.dialog?.end(this.#isOneIn(5) ? 'lost' : 'remote');
      case 13: {
        const to = this.#one(['ready', 'ready', 'not-ready', 'logged-out'] as const) ?? 'ready';
        this.desk.setAgent(this.#one(AGENTS) ?? '', to, 'a storm');
        return;
      }
      case 14: {
        if (this.#isOneIn(3)) return this.desk.configure(this.#plans(this.#isOneIn(2)));
        const endpoint = this.#one(this.telephony.endpoints.filter(({ hasEnded }) => !hasEnded));
        if (this.#isOneIn(3)) return endpoint?.vanish();
        endpoint?.press('1', 100);
        return this.#one(this.telephony.plays.filter(({ isPlaying }) => isPlaying))?.end();
      }
      default:
        this.#time = this.clock.advance(this.#below(6000));
    }
  }

  #start(): void {
    if (this.host.count >= CUSTOMERS_MAX) return;
    const n = (this.#started += 1);
    const nowMs = this.clock.nowMs();
    this.host.start({
      ...{ id: `cb-${n}`, customerNumber: `+1555${String(n).padStart(7, '0')}` },
      serviceName: this.#one(['plain', 'ahead', 'asked', 'direct']) ?? 'plain',
      ...{ createdAtMs: nowMs, desiredAtMs: nowMs, dueAtMs: nowMs, updatedAtMs: nowMs },
      ...{ expiresAtMs: nowMs + 86_400_000, userData: {}, lookupKeys: {}, requestOptions: {} },
      ...{ state: 'QUEUED', attemptCount: 0, claimed: true },
    });
  }

  /** @param isWhole everybody, or some are gone */
  #plans(isWhole: boolean): QueuePlans {
    const isThere = () => isWhole || this.#isOneIn(2);
    const more = { wrapUpMs: 2000, missPauseMs: 1000, ringTimeoutMs: 8000 };
    const strategy = () => this.#one(STRATEGIES) ?? 'longest-idle';
    const queues = [
      agentQueue('q0', ['a0', 'a1', 'a2:2'], { ...more, strategy: strategy() }),
      agentQueue('q1', ['a1', 'a2'], { ...more, strategy: strategy(), earlyMedia: 'pass' }),
      sipQueue('pbx', ['s0:6000', 's1'], { earlyMedia: 'pass' }),
    ];
    const agents = AGENTS.map((name) => agentPlan(name, { uri: `sip:${name}@pbx` }));
    return { agents: agents.filter(isThere), queues: queues.filter(isThere) };
  }

  #check(): void {
    const uris = this.#live((uri) => uri.startsWith('sip:a')).map(({ request }) => request.uri);
    assert.equal(new Set(uris).size, uris.length, `two calls to one agent: ${uris.join(' ')}`);
    const bridged = this.telephony.endpoints
      .filter(({ hasEnded, bridgedTo }) => !hasEnded && bridgedTo && !bridgedTo.hasEnded)
      .flatMap(({ id, bridgedTo }) => [id, bridgedTo?.id]);
    assert.equal(new Set(bridged).size, bridged.length, 'somebody hears two');
  }

  /** Ids of callbacks that have ended: each once, with a reason. */
  #ended(): Set<string> {
    const ends = this.store.commits.filter(({ change }) => change.record?.state === 'COMPLETED');
    for (const { id, change } of ends) assert(change.record?.reason, `${id} has no reason`);
    const ids = new Set(ends.map(({ id }) => id));
    assert.equal(ids.size, ends.length, 'ended twice');
    return ids;
  }

  #live(isWanted: (uri: string) => boolean): FakeCall[] {
    return this.telephony.calls.filter((call) => isWanted(call.request.uri) && this.#isLive(call));
  }

  #isLive(call: FakeCall): boolean {
    return call.dialog ? !call.dialog.hasEnded : !this.#over.has(call);
  }

  #isRinging(call: FakeCall): boolean {
    return !call.dialog && call.cancelledWith === undefined && !this.#over.has(call);
  }

  #random(): number {
    this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (this.seed >>> 8) / 0x80_0000;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #isOneIn(count: number): boolean {
    return this.#below(count) === 0;
  }

  #one<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)];
  }
}

describe('a hand-off in a storm', () => {
  for (let seed = 1; seed <= 24; seed += 1) {
    const end = seed % 3 === 0 ? 'stop' : 'calm';
    it(`leaves nothing behind: seed ${seed}, ${end}`, async () => {
      const storm = new Storm(seed * 7919);
      await storm.blow();
      await storm[end]();
    });
  }
});
