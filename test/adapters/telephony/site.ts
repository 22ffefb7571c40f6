/**
 * A connected site for the integration tests of this folder: engine, telephony and far parties, with
 * the leak check that ends each test.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../src/adapters/clock/system-clock.js';
import { silentLog } from '../../../src/adapters/log.js';
import {
  connectTelephony,
  type TelephonyOptions,
} from '../../../src/adapters/telephony/connect.js';
import type { Fleet } from '../../../src/adapters/telephony/fleet.js';
import type {
  InviteRequest,
  MediaEndpoint,
  OutgoingCall,
  SipDialog,
  Telephony,
} from '../../../src/ports.js';
import { type Engine, startEngine } from '../../sip/engines.js';
import { FarParty } from '../../sip/far-party.js';
import { tone, wav } from '../../sip/far-rtp.js';

export interface LiveCall {
  readonly endpoint: MediaEndpoint;
  readonly dialog: SipDialog;
  readonly far: FarParty;
}

type SiteOptions = Partial<TelephonyOptions['freeswitch']>;

export class TestSite {
  telephony!: Fleet;
  readonly #parties: FarParty[] = [];
  #folder = '';

  private constructor(
    readonly engine: Engine,
    private readonly freeswitch: SiteOptions,
  ) {}

  /** @returns the site, or why there is none. */
  static async open(freeswitch: SiteOptions = {}): Promise<TestSite | string> {
    const engine = await startEngine();
    if (typeof engine === 'string') return engine;
    const site = new TestSite(engine, freeswitch);
    site.telephony = await connectTelephony(site.options());
    site.#folder = await mkdtemp(join(tmpdir(), 'dialback-test-'));
    return site;
  }

  options(): TelephonyOptions {
    const { drachtio, freeswitch } = this.engine;
    const settings = { ...freeswitch, ...this.freeswitch };
    return { drachtio, freeswitch: settings, log: silentLog, clock: systemClock() };
  }

  async far(): Promise<FarParty> {
    const party = await FarParty.open();
    this.#parties.push(party);
    return party;
  }

  /** Writes a file the media server can read. @returns its path */
  async file(name: string, samples: Int16Array): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, wav(samples));
    return path;
  }

  toneFile(toneHz: number, durationMs: number): Promise<string> {
    return this.file(`${toneHz}-${durationMs}.wav`, tone(toneHz, durationMs * 8));
  }

  invite(far: FarParty, request: Partial<InviteRequest> = {}): OutgoingCall {
    return this.telephony.sip.invite({
      uri: far.uri,
      callId: randomUUID(),
      localSdp: far.rtp.sdp,
      ...request,
    });
  }

  /** An answered call with media both ways. */
  async call(): Promise<LiveCall> {
    const far = await this.far();
    const endpoint = await this.telephony.media.createEndpoint();
    const outcome = await this.invite(far, { localSdp: endpoint.localSdp }).outcome;
    assert.equal(outcome.kind, 'answered');
    assert.ok(outcome.kind === 'answered');
    await endpoint.connect(outcome.dialog.remoteSdp);
    return { endpoint, dialog: outcome.dialog, far };
  }

  async hangUp(...calls: readonly LiveCall[]): Promise<void> {
    for (const { endpoint, dialog } of calls) {
      await dialog.bye('test over');
      await endpoint.close();
    }
  }

  /** Ends each test: nothing is in the air any more. */
  async checkLeaks(telephony: Telephony = this.telephony): Promise<void> {
    for (const party of this.#parties.splice(0)) party.close();
    await eventually(() =>
      assert.deepEqual(
        Object.entries(telephony.counts()).filter(([, count]) => count !== 0),
        [],
      ),
    );
  }

  async close(): Promise<void> {
    await this.telephony.close();
    await this.engine.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Repeats an assertion until it holds, at most `limitMs`. */
export async function eventually(check: () => void, limitMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    try {
      return check();
    } catch (thrown) {
      if (performance.now() > deadlineMs) throw thrown;
      await sleep(20);
    }
  }
}

/**
 * Opens a site before the tests of a describe block and closes it after them; skips them with a
 * printed reason when there is no engine.
 * @returns a function that gives the site inside a test
 */
export function useSite(freeswitch: SiteOptions = {}): () => TestSite {
  let site: TestSite | undefined;
  before(async function () {
    this.timeout(60_000);
    const opened = await TestSite.open(freeswitch);
    if (typeof opened === 'string') {
      console.log(`      skipped: ${opened}`);
      return this.skip();
    }
    site = opened;
  });
  afterEach(() => site?.checkLeaks());
  after(() => site?.close());
  return () => {
    if (!site) throw new Error('the site is not open');
    return site;
  };
}
