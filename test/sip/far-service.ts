/**
 * A service whose trunk is a scripted far end, on the engine of the environment (real servers, or
 * embedded). Any number of callbacks at once; each customer is a number with a script of its own.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startFarEnd, type FarEnd, type HeardCall } from '../../src/farend/far-end.js';
import type { PersonaScript } from '../../src/farend/persona-script.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { AttemptRecord } from '../../src/schedule/callback-store.js';
import { engineYaml } from './engines.js';
import { until } from './sound-and-time.js';

const COMPLETED_WITHIN_MS = 60_000;
const STORY_WITHIN_MS = 5000;
/** The queue `support`: it rings, and nobody is free. */
const NO_AGENT: PersonaScript = { steps: [{ step: 'ring', ms: Infinity }] };

export interface FarCustomers {
  /** What picks up for a number, by its last digits as dialled. */
  readonly scripts: ReadonlyMap<string, PersonaScript>;
  /** Where the files of the scripts are. */
  readonly mediaDirectory: string;
  /** Options of the service, YAML values. */
  readonly options: Readonly<Record<string, string>>;
}

/** What the service knows of a call, and what the far end heard of it. */
export interface FarCallback {
  readonly attempt: AttemptRecord;
  /** What the detector heard, in order. */
  readonly noticed: readonly string[];
  readonly heard: HeardCall;
}

export class FarService {
  private constructor(
    private readonly folder: string,
    private readonly farEnd: FarEnd,
    private readonly dialback: Dialback,
  ) {}

  static async open({ scripts, mediaDirectory, options }: FarCustomers): Promise<FarService> {
    const folder = await mkdtemp(join(tmpdir(), 'dialback-far-service-'));
    const rules = (user: string): PersonaScript | undefined =>
      user === 'support' ? NO_AGENT : [...scripts].find(([number]) => user.endsWith(number))?.[1];
    const farEnd = await startFarEnd({ mediaDirectory, rules });
    const file = join(folder, 'dialback.yaml');
    const service = Object.entries({ _max_dial_attempts: '1', ...options });
    await writeFile(
      file,
      `${engineYaml()}
trunks: [{ name: far-end, uri: "sip:127.0.0.1:${farEnd.port}" }]
queues: { support: { targets: [{ uri: "sip:support@127.0.0.1:${farEnd.port}" }] } }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
services:
  sales:
${service.map(([name, value]) => `    ${name}: ${value}`).join('\n')}
`,
    );
    return new FarService(folder, farEnd, await startDialback(await loadConfig(file), silentLog));
  }

  /** One callback to its end. @param number E.164 */
  async call(number: string): Promise<FarCallback> {
    const response = await fetch(`${this.dialback.url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: number }),
    });
    assert.equal(response.status, 200);
    const { _id: id } = (await response.json()) as { _id: string };
    const url = `${this.dialback.url}/v1/callbacks/${id}`;
    const attempt = await until(COMPLETED_WITHIN_MS, `${number} to complete`, async () => {
      const { callback, attempts } = await got<{
        callback: { state: string };
        attempts: AttemptRecord[];
      }>(url);
      return callback.state === 'COMPLETED' ? attempts[0] : undefined;
    });
    // What was heard is written down beside the call and may be there a moment after its result.
    const noticed = await until(STORY_WITHIN_MS, 'what was heard', async () => {
      const { media } = await got<{ media: { what: string; detail?: string }[] }>(`${url}/story`);
      const lines = media.filter(({ what }) => what === 'heard').map(({ detail = '' }) => detail);
      return lines.length > 0 ? lines : undefined;
    });
    const heard = this.farEnd.calls().find(({ userPart }) => number.endsWith(userPart.slice(-10)));
    assert.ok(heard, `the far end has had no call for ${number}`);
    return { attempt, noticed, heard };
  }

  async close(): Promise<void> {
    await this.dialback.stop(0);
    await this.farEnd.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function got<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
