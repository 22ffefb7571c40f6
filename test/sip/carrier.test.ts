/**
 * sipp as a carrier: one call for each row of the result table, through the whole service. The second
 * trunk answers that everybody is busy, so whoever went on to it is found busy.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { callStateOfAnswer } from '../../src/callflow/call-state.js';
import { RESULT_ROWS } from '../../src/dial/result-rows.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { AttemptRecord } from '../../src/schedule/callback-store.js';
import { engineYaml } from './engines.js';
import { hasSipp, startSipp, type SippRun } from './sipp.js';
import { until } from './sound-and-time.js';

const CALLS = 10_000;
const BUSY = 6;
/** Beyond what the machine needs at the same time for two commits: the end of one leg, the beginning of the next. */
const ON_TO_ANOTHER_WITHIN_MS = 200;
const DAY_MS = 86_400_000;

interface LadderStep {
  readonly atMs: number;
  readonly callId: string;
  readonly direction: string;
  readonly message: string;
}

interface Done {
  readonly attempts: readonly AttemptRecord[];
  /** From the refusal to the next INVITE. */
  readonly wentOnAfterMs: number | undefined;
}

/**
 * Refuses a call to +12125CCCQQQ with status CCC and Q.850 cause QQQ (000: none). sipp wants its status
 * lines whole, so there is one for each status.
 */
function carrierScenario(statuses: readonly number[]): string {
  const found = statuses.map(
    (code) => `<ereg regexp="12125${code}[0-9]*@" search_in="msg" assign_to="is${code}"/>`,
  );
  const choices = statuses.map((code) => `<nop next="${code}" test="is${code}"/>`);
  const answers = statuses.map(
    (code) => `<label id="${code}"/>
  <send retrans="500" next="1"><![CDATA[
SIP/2.0 ${code} Refused
[last_Via:]
[last_From:]
[last_To:];tag=[pid]carrier[call_number]
[last_Call-ID:]
[last_CSeq:]
Reason: Q.850;cause=[$cause]
Content-Length: 0

]]></send>`,
  );
  return `<?xml version="1.0" encoding="UTF-8" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="carrier">
  <recv request="INVITE"><action>
    <ereg regexp="12125[0-9]{3}([0-9]{3})@" search_in="msg" assign_to="whole,cause"/>
    ${found.join('\n    ')}
  </action></recv>
  ${choices.join('\n  ')}
  ${answers.join('\n  ')}
  <label id="1"/>
  <recv request="ACK"/>
  <Reference variables="whole"/>
</scenario>
`;
}

class Service {
  #laterCount = 0;

  private constructor(
    private readonly folder: string,
    private readonly sipps: readonly SippRun[],
    private readonly dialback: Dialback,
  ) {}

  static async open(first: SippRun, more = ''): Promise<Service> {
    const folder = await mkdtemp(join(tmpdir(), 'dialback-carrier-'));
    const busy = await startSipp('busy.xml', {}, CALLS);
    const file = join(folder, 'dialback.yaml');
    await writeFile(
      file,
      `${engineYaml()}
trunks:
  - { name: first, uri: "sip:127.0.0.1:${first.port}", maxCallsPerSecond: 1000 }
  - { name: second, uri: "sip:127.0.0.1:${busy.port}", maxCallsPerSecond: 1000, priority: 2 }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
dialling: { warmStartMs: 0 }
services:
  sales: { _max_dial_attempts: 1 }
${more}`,
    );
    const dialback = await startDialback(await loadConfig(file), silentLog);
    return new Service(folder, [first, busy], dialback);
  }

  /** @returns the id of the callback */
  async #ask(number: string, more: object = {}): Promise<string> {
    const response = await fetch(`${this.dialback.url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: number, ...more }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return ((await response.json()) as { _id: string })._id;
  }

  async call(number: string): Promise<Done> {
    const id = await this.#ask(number);
    const url = `${this.dialback.url}/v1/callbacks/${id}`;
    const attempts = await until(30_000, `${number} to complete`, async () => {
      const read = await got<{ callback: { state: string }; attempts: AttemptRecord[] }>(url);
      return read.callback.state === 'COMPLETED' ? read.attempts : undefined;
    });
    const [refused, next] = attempts[0]?.tries ?? [];
    if (!refused || !next) return { attempts, wentOnAfterMs: undefined };
    // The ladder is written beside the call, and may be there a moment after its result.
    const wentOnAfterMs = await until(5000, 'the ladder', async () => {
      const { ladder } = await got<{ ladder: LadderStep[] }>(`${url}/story`);
      const at = ({ callId }: { callId: string }, what: RegExp) =>
        ladder.find((step) => step.callId === callId && what.test(step.message))?.atMs;
      const refusedAtMs = at(refused, /^[3-6]\d\d/);
      const nextAtMs = at(next, /^INVITE/);
      const isKnown = refusedAtMs !== undefined && nextAtMs !== undefined;
      return isKnown ? nextAtMs - refusedAtMs : undefined;
    });
    return { attempts, wentOnAfterMs };
  }

  /** How long two commits take that wait for the disk, one after the other, with all around them. */
  async twoCommitsMs(): Promise<number> {
    const startedAtMs = performance.now();
    for (const _commit of [1, 2]) {
      const number = `+1212556${String((this.#laterCount += 1)).padStart(4, '0')}`;
      await this.#ask(number, { _desired_time: new Date(Date.now() + DAY_MS).toISOString() });
    }
    return performance.now() - startedAtMs;
  }

  async close(): Promise<void> {
    await this.dialback.stop(0);
    for (const sipp of this.sipps) sipp.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function got<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

/** A status and a cause that this row decides for, and none before it. */
function exampleOf({ when: { status, q850Cause } }: (typeof RESULT_ROWS)[number]): string {
  // 580 and 433 stand for what no row names.
  const code = q850Cause === undefined ? (status?.[1] === 599 ? 580 : (status?.[0] ?? 433)) : 480;
  return `+12125${code}${String(q850Cause ?? 0).padStart(3, '0')}`;
}

describe('sipp as a carrier', function () {
  this.timeout(120_000);
  let service: Service | undefined;
  let folder: string | undefined;
  const wentOnMs: number[] = [];
  /** Of the machine, right after each call. */
  const commitsMs: number[] = [];
  before(async function () {
    if (!hasSipp()) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'dialback-carrier-sipp-'));
    const scenario = join(folder, 'carrier.xml');
    const statuses = RESULT_ROWS.map((row) => Number(exampleOf(row).slice(6, 9)));
    await writeFile(scenario, carrierScenario([...new Set(statuses)]));
    service = await Service.open(await startSipp(scenario, {}, CALLS));
  });
  after(async () => {
    await service?.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  const called = (number: string): Promise<Done> => {
    assert.ok(service);
    return service.call(number);
  };

  for (const row of RESULT_ROWS) {
    const goesOn = row.then === 'next-trunk';
    it(`refuses by row ${row.id}: ${goesOn ? 'another trunk' : 'no other trunk'}`, async () => {
      const { attempts, wentOnAfterMs } = await called(exampleOf(row));
      const [attempt] = attempts;
      assert.equal(attempts.length, 1, 'one attempt, whatever was tried within it');
      assert.equal(attempt?.trunk, goesOn ? 'second' : 'first');
      const expected = goesOn ? BUSY : callStateOfAnswer(row.answer ?? 'error');
      assert.equal(attempt?.callState, expected);
      assert.equal(attempt?.tries?.length, goesOn ? 2 : undefined);
      if (!goesOn) return;
      assert.match(attempt?.tries?.[0]?.why ?? '', new RegExp(row.why.slice(0, 12)));
      wentOnMs.push(wentOnAfterMs ?? Infinity);
      commitsMs.push((await service?.twoCommitsMs()) ?? 0);
    });
  }

  it('is left within 200 ms', () => {
    // Nine of ten: the machine that runs the tests may stand still for a moment.
    const ninth = (times: number[]): number =>
      times.sort((a, b) => a - b)[Math.floor(times.length * 0.9)] ?? Infinity;
    const [slow, commits] = [ninth(wentOnMs), ninth(commitsMs)];
    const what = `${wentOnMs.join(' ')}; two commits ${Math.round(commits)} ms`;
    assert.ok(slow <= ON_TO_ANOTHER_WITHIN_MS + commits, what);
  });

  it('is not left for another once a phone rang', async () => {
    const rings = await Service.open(await startSipp('carrier-rings.xml', {}, CALLS));
    try {
      const [attempt] = (await rings.call('+12125550100')).attempts;
      assert.deepEqual([attempt?.trunk, attempt?.sipStatus], ['first', 503]);
      assert.ok(attempt?.rangAtMs !== undefined && attempt.postDialDelayMs !== undefined);
      assert.equal(attempt.tries, undefined);
    } finally {
      await rings.close();
    }
  });
});
