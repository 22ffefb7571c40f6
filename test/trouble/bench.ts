/**
 * Sessions, scheduler and HTTP API on a real SQLite file, with a telephony of the test and a clock
 * that the test moves: what the service is when its disk or its clock misbehaves.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openDatabase } from '../../src/adapters/store/sqlite-driver.js';
import { openSqliteStore, type SqliteStoreOptions } from '../../src/adapters/store/sqlite-store.js';
import type { ServiceConfig } from '../../src/config/config.js';
import { endOrphanLegs } from '../../src/orphan-legs.js';
import { createApi } from '../../src/request/callback-api.js';
import { NO_LIMITS, SetUpGovernor } from '../../src/dial/set-up-governor.js';
import type { CallbackRecord, CallbackStore } from '../../src/schedule/callback-store.js';
import { ClockWatch } from '../../src/schedule/clock-watch.js';
import type { TimePlans } from '../../src/schedule/dial-times.js';
import { Scheduler } from '../../src/schedule/scheduler.js';
import { SessionHost } from '../../src/session-host.js';
import {
  type FakeCall,
  FakeAnalyser,
  FakeTelephony,
  settle,
  silentLog,
} from '../fakes/fake-telephony.js';
import { supportDesk } from '../fakes/queue-desk.js';
import { serviceConfig, testTrunk } from '../fakes/service-config.js';
import { configOf } from '../request/test-config.js';

export const NOON_MS = Date.UTC(2026, 0, 15, 12);
export const HOUR_MS = 3_600_000;
const UNTIL_MS = 5000;

const YAML = `
queues: { support: { targets: [ { uri: "sip:support@pbx.example" } ] } }
services: { sales: { queue: support } }
`;

type Limits = Omit<SqliteStoreOptions, 'file'>;

export class TroubleBench {
  readonly clock = virtualClock(NOON_MS);
  store!: CallbackStore;
  telephony!: FakeTelephony;
  analyser!: FakeAnalyser;
  /** What the sessions are configured with; may be changed at any time. */
  service: ServiceConfig = serviceConfig({ dialRetryMs: 10_000 });
  times: TimePlans = { officeHours: {}, capacities: {} };
  /** Calls can be made. */
  isUp = true;
  #watch!: ClockWatch;
  #api!: FastifyInstance;
  #host!: SessionHost;
  #scheduler!: Scheduler;
  /** INVITEs of the processes before this one. */
  readonly #earlier: FakeCall[] = [];

  private constructor(readonly folder: string) {}

  static async open(limits: Limits = {}): Promise<TroubleBench> {
    const bench = new TroubleBench(await mkdtemp(join(tmpdir(), 'dialback-trouble-')));
    await bench.#start(limits);
    return bench;
  }

  get file(): string {
    return join(this.folder, 'dialback.db');
  }

  /** Every INVITE so far, of all processes. */
  get invites(): readonly FakeCall[] {
    return [...this.#earlier, ...this.telephony.calls];
  }

  /** How often a number has been dialled; agents are not. */
  dialCount(number: string): number {
    return this.invites.filter(({ request }) => request.uri.includes(number)).length;
  }

  async request(number: string, more: Readonly<Record<string, string>> = {}) {
    const answer = await this.#api.inject({
      method: 'POST',
      url: '/genesys/1/service/callback/sales',
      payload: { _customer_number: number, ...more },
    });
    const { _id: id = '', error: code = '' } = answer.json<{ _id?: string; error?: string }>();
    return { status: answer.statusCode, id, code, retryAfter: answer.headers['retry-after'] };
  }

  async accepted(number: string): Promise<string> {
    const { status, id } = await this.request(number);
    assert.equal(status, 200);
    return id;
  }

  /** Real time passes until something of the store's thread has come about. */
  async until<T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const giveUpAtMs = performance.now() + UNTIL_MS;
    for (;;) {
      const found = await ask();
      if (found !== undefined && found !== false) return found;
      assert.ok(performance.now() < giveUpAtMs, `waited for ${what}`);
      await settle();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The n-th INVITE from 1, when it has come. */
  invite(n: number): Promise<FakeCall> {
    return this.until(`INVITE ${n}`, () => this.invites[n - 1]);
  }

  /** The retry's pause has begun: from here on the clock may move. */
  async retrying(id: string): Promise<void> {
    await this.until('the retry', async () => {
      const { name } = (await this.store.get(id))?.flowState ?? {};
      return name === 'waiting-to-retry' || undefined;
    });
    await settle();
  }

  completed(id: string): Promise<CallbackRecord> {
    return this.until('the end', async () => {
      const record = await this.store.get(id);
      return record?.state === 'COMPLETED' ? record : undefined;
    });
  }

  /** Moves the clock in steps, with time for the store's thread after each. */
  async pass(byMs: number, stepMs = 1000): Promise<void> {
    for (let leftMs = byMs; leftMs > 0; leftMs -= stepMs) {
      await this.clock.advance(Math.min(stepMs, leftMs));
      await settle();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /**
   * Fills the file to its limit; what is there already can still be read.
   * @param id a callback whose journal may not take one more step either
   * @returns what makes room again
   */
  async fillDisk(id = 'filler'): Promise<() => Promise<void>> {
    let count = 0;
    const requests = (size: number) => this.#fillWithRequest((count += 1), size);
    await untilFull(50_000, requests);
    if (id !== 'filler') await untilFull(4000, (size) => this.#fillWithStep(id, size));
    return async () => {
      // By hand, as an operator would.
      const database = openDatabase(this.file, 1000);
      database.run("DELETE FROM callbacks WHERE service_name = 'filler'");
      database.run("DELETE FROM steps WHERE row = 'filler'");
      database.close();
      await this.until('a store that can be written', () => this.store.isWritable || undefined);
    };
  }

  /** Somebody else writes to the file and does not finish. @returns what ends it */
  lockStore(): () => void {
    const database = openDatabase(this.file, 1000);
    database.exec('BEGIN IMMEDIATE');
    return () => {
      database.exec('ROLLBACK');
      database.close();
    };
  }

  /** The process dies, as far as the store can tell, and another one starts. */
  async crash(limits: Limits = {}): Promise<void> {
    this.#watch.stop();
    await this.#scheduler.stop();
    await this.store.close();
    await this.#api.close();
    this.#earlier.push(...this.telephony.calls);
    await this.#start(limits);
  }

  async close(): Promise<void> {
    this.#watch.stop();
    await this.#scheduler.stop();
    await this.#host.drain(0);
    await this.#api.close();
    await this.store.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #fillWithRequest(count: number, size: number): Promise<unknown> {
    return this.store.accept({
      id: `filler-${count}`,
      serviceName: 'filler',
      customerNumber: '+15550000000',
      createdAtMs: NOON_MS,
      desiredAtMs: NOON_MS + 1000 * HOUR_MS,
      expiresAtMs: NOON_MS + 2000 * HOUR_MS,
      userData: { filler: 'x'.repeat(size) },
      lookupKeys: {},
      requestOptions: {},
    });
  }

  #fillWithStep(id: string, size: number): Promise<unknown> {
    const because = 'x'.repeat(size);
    const event = { type: 'due', atMs: NOON_MS } as const;
    const named = { atMs: NOON_MS, event, row: 'filler', stateName: 'filler', commands: [] };
    return this.store.commit(id, { step: { ...named, because } }, { durable: true });
  }

  async #start(limits: Limits): Promise<void> {
    const { clock } = this;
    this.store = await openSqliteStore({ file: this.file, ...limits });
    this.telephony = new FakeTelephony();
    this.analyser = new FakeAnalyser();
    const { store, telephony, analyser } = this;
    const random = { uuid: randomUUID, fraction: () => 0.5 };
    const shared = { store, telephony, clock, log: silentLog };
    this.#host = new SessionHost({
      ...shared,
      analyser,
      setUps: new SetUpGovernor({ clock, limits: () => NO_LIMITS }),
      random,
      places: { directory: '/m', packagedDirectory: '/p' },
      files: {
        probe: () => Promise.resolve(undefined),
        fetch: () => Promise.resolve({ kind: 'unplayable', code: 'MEDIA_MISSING', why: 'no' }),
      },
      trunks: [testTrunk('sip:trunk')],
      trunkResults: [],
      desk: supportDesk(clock, 'sip:support@pbx'),
      routePoints: {},
      comfortFile: '/p/comfort.wav',
      services: servicesOf(() => this.service),
      times: () => this.times,
      onSessionEnded: () => this.#scheduler.roomCame(),
    });
    this.#scheduler = new Scheduler({
      ...shared,
      freeCapacity: () => 100,
      isReady: () => store.isWritable && this.isUp,
      startSession: (record) => this.#host.start(record),
    });
    this.#api = createApi({
      ...shared,
      config: await configOf(YAML),
      random,
      poke: () => this.#scheduler.poke(),
      cancelLive: (id, by) => this.#host.cancel(id, by),
      isReady: () => store.isWritable,
    });
    await endOrphanLegs(shared);
    for (const leftover of await store.takeOverLeftovers()) this.#host.recover(leftover);
    this.#scheduler.start();
    this.#watch = new ClockWatch({ ...shared, poke: () => this.#scheduler.poke() });
    this.#watch.start();
  }
}

function servicesOf(service: () => ServiceConfig): Record<string, ServiceConfig> {
  return {
    get sales() {
      return service();
    },
  };
}

/** Writes smaller and smaller things until not even the smallest fits. */
async function untilFull(size: number, write: (size: number) => Promise<unknown>): Promise<void> {
  for (; size >= 1; size = Math.floor(size / 4)) {
    let fits = true;
    while (fits) {
      fits = await write(size).then(
        () => true,
        () => false,
      );
    }
  }
}
