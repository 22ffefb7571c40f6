/**
 * A whole service with the engine of the environment (embedded unless it names servers), a far end
 * whose personas are chosen by the number, and a plugin server: real calls from the request to what the
 * far end heard.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../src/config/load-config.js';
import { readWavFile } from '../../src/embedded/rtp/wav.js';
import { startFarEnd, type FarEnd, type HeardCall } from '../../src/farend/far-end.js';
import type { PersonaName } from '../../src/farend/personas.js';
import type { PersonaScript } from '../../src/farend/persona-script.js';
import { recognise } from '../../src/farend/recognise.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { Log } from '../../src/ports.js';
import type { AttemptRecord, CallbackRecord } from '../../src/schedule/callback-store.js';
import type { StoryDocument } from '../../src/request/own-routes.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { engineYaml, until } from '../sip/bench.js';
import { PluginServer } from './plugin-servers.js';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const COMPLETED_WITHIN_MS = 40_000;
const QUIET_WITHIN_MS = 8000;

export interface Outcome {
  readonly reason: string | undefined;
  readonly callState: number | undefined;
  readonly userData: Readonly<Record<string, string>>;
  readonly attempts: readonly AttemptRecord[];
  /** Customer's calls, in order. */
  readonly heard: readonly HeardCall[];
  readonly story: StoryDocument;
}

type Cast = PersonaName | PersonaScript;

/** Answers with music: nobody can say who that is, and the call state is 28, Unknown. */
export const MUSIC: PersonaScript = {
  steps: [
    { step: 'answer' },
    { step: 'repeat', steps: [{ step: 'say', what: { file: 'waiting.wav' } }] },
  ],
};

export class PluginStage {
  readonly #numbers = new Map<string, Cast>();
  readonly warnings: string[] = [];
  #next = 100;

  private constructor(
    readonly plugin: PluginServer,
    readonly farEnd: FarEnd,
    readonly dialback: Dialback,
    private readonly folder: string,
    numbers: Map<string, Cast>,
    warnings: string[],
  ) {
    this.#numbers = numbers;
    this.warnings = warnings;
  }

  /** @param services YAML of `services:`, with HOOK and ORIGIN for the plugin server's addresses */
  static async open(services: string, more = ''): Promise<PluginStage> {
    const plugin = await PluginServer.open();
    const numbers = new Map<string, Cast>();
    const farEnd = await startFarEnd({
      mediaDirectory: MEDIA,
      tempo: { ringMs: 100, machineRingMs: 100, agentRingMs: 100, conversationMs: 1500 },
      rules: (user) => numbers.get(user) ?? (/^\+?\d/.test(user) ? undefined : 'queue'),
    });
    const folder = await mkdtemp(join(tmpdir(), 'dialback-plugin-'));
    const at = `127.0.0.1:${farEnd.port}`;
    const yaml = `${engineYaml()}trunks: [{ name: far-end, uri: "sip:${at}" }]
queues: { support: { targets: [{ uri: "sip:agent@${at}" }] } }
routePoints: { after-hours: { uri: "sip:nightdesk@${at}" } }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
${more}
defaults:
  queue: support
  _default_country: GB
  allowedPrefixes: ["91"]
  _max_dial_attempts: 2
  _dial_retry_timeout: 300
  ringTimeoutMs: 6000
  _throttle_request_parameters_limit: 1000
${services.replaceAll('HOOK', plugin.hookUrl).replaceAll('ORIGIN', plugin.origin)}`;
    const file = join(folder, 'dialback.yaml');
    await writeFile(file, yaml.replaceAll('ORIGIN', plugin.origin));
    const warnings: string[] = [];
    const log: Log = {
      ...silentLog,
      warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`),
    };
    const dialback = await startDialback(await loadConfig(file), log);
    return new PluginStage(plugin, farEnd, dialback, folder, numbers, warnings);
  }

  /** A number on which this persona answers. */
  number(cast: Cast): string {
    const number = `+447700900${this.#next}`;
    this.#next += 1;
    this.#numbers.set(number, cast);
    return number;
  }

  /** Behind a prefix the `+` is gone. */
  castAs(user: string, cast: Cast): void {
    this.#numbers.set(user, cast);
  }

  /** One callback to its end. */
  async run(service: string, cast: Cast, userData: Record<string, string>): Promise<Outcome> {
    const number = this.number(cast);
    const id = await this.request(service, number, userData);
    return this.completed(id, number);
  }

  async request(service: string, number: string, userData: object): Promise<string> {
    const response = await fetch(`${this.dialback.url}/genesys/1/service/callback/${service}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: number, ...userData }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return ((await response.json()) as { _id: string })._id;
  }

  async completed(id: string, ...numbers: readonly string[]): Promise<Outcome> {
    const ask = async <T>(path: string): Promise<T> =>
      (await (await fetch(`${this.dialback.url}/v1/callbacks/${id}${path}`)).json()) as T;
    interface Document {
      readonly callback: Pick<CallbackRecord, 'state' | 'reason' | 'callState' | 'userData'>;
      readonly attempts: readonly AttemptRecord[];
    }
    const document = await until(COMPLETED_WITHIN_MS, `callback ${id} to end`, async () => {
      const found = await ask<Document>('');
      return found.callback.state === 'COMPLETED' ? found : undefined;
    });
    const story = await ask<StoryDocument>('/story');
    const users = numbers.flatMap((number) => [number, number.slice(1)]);
    return {
      reason: document.callback.reason,
      callState: document.callback.callState,
      userData: document.callback.userData,
      attempts: document.attempts,
      heard: this.farEnd.calls().filter(({ userPart }) => users.includes(userPart)),
      story,
    };
  }

  /** Which of these files a party heard, in order. */
  async recognise(call: HeardCall | undefined, ...names: readonly string[]): Promise<string[]> {
    assert.ok(call, 'there was a call');
    const sounds = await Promise.all(
      names.map(async (name) => {
        const wav = await readWavFile(join(MEDIA, name));
        assert.ok(wav.ok, name);
        return { name, pcm: wav.pcm };
      }),
    );
    return recognise(call.recording, sounds).map(({ name }) => name);
  }

  /** Nothing of ours is left in the air. */
  async isQuiet(): Promise<void> {
    let counts: Record<string, number> = {};
    await until(QUIET_WITHIN_MS, 'everything to be given back', async () => {
      counts = await this.dialback.counts();
      return Object.values(counts).every((count) => count === 0) || undefined;
    }).catch(() => assert.fail(`left over: ${JSON.stringify(counts)}`));
    await this.plugin.settled();
    for (const fault of this.plugin.faults) throw fault;
  }

  async close(): Promise<void> {
    await this.dialback.stop(0);
    await this.farEnd.stop();
    await this.plugin.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
