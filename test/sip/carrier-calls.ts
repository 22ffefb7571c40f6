/**
 * Calls to a sipp that refuses them, through the whole service. The second trunk answers that everybody
 * is busy, so whoever went on to it is found busy.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { AttemptRecord } from '../../src/schedule/callback-store.js';
import { engineYaml } from './engines.js';
import { startSipp, type SippRun } from './sipp.js';
import { until } from './sound-and-time.js';

/** That a sipp answers before it ends by itself. */
export const CALLS = 10_000;
const DAY_MS = 86_400_000;

interface LadderStep {
  readonly atMs: number;
  readonly callId: string;
  readonly direction: string;
  readonly message: string;
}

export interface Done {
  readonly attempts: readonly AttemptRecord[];
  /** From the refusal to the next INVITE. */
  readonly wentOnAfterMs: number | undefined;
}

/**
 * Refuses a call to +12125CCCQQQ with status CCC and Q.850 cause QQQ (000: none). sipp wants its status
 * lines whole, so there is one for each status.
 */
export function carrierScenario(statuses: readonly number[]): string {
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

export class CarrierCalls {
  #laterCount = 0;

  private constructor(
    private readonly folder: string,
    private readonly sipps: readonly SippRun[],
    private readonly dialback: Dialback,
  ) {}

  static async open(first: SippRun, more = ''): Promise<CarrierCalls> {
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
  sales: { _max_dial_attempts: 1, _throttle_request_parameters: [] }
${more}`,
    );
    const dialback = await startDialback(await loadConfig(file), silentLog);
    return new CarrierCalls(folder, [first, busy], dialback);
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
