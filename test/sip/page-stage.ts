/** VoiceXML pages on real calls: a web server, the service, called parties who do what a list says. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startFarEnd, type FarEnd, type HeardCall } from '../../src/farend/far-end.js';
import type { PersonaScript, ScriptStep } from '../../src/farend/persona-script.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { StoryDocument } from '../../src/request/own-routes.js';
import { engineYaml, until } from './bench.js';

const ROOT = new URL('../../', import.meta.url);
const MEDIA = fileURLToPath(new URL('media/', ROOT));
const PAGES = new URL('config/examples/vxml/', ROOT);

/** A person says hello, then does this. */
export const person = (steps: readonly ScriptStep[]): PersonaScript => ({
  steps: [
    { step: 'answer' },
    { step: 'wait', ms: 250 },
    { step: 'say', what: { file: 'far-end/hello.wav' } },
    ...steps,
  ],
});
/** An option: what is heard is the page, never the sound that fills a silence. */
export const NO_COMFORT = '    humanSilenceMaxMs: 60000\n';
export const HEAR: ScriptStep = { step: 'hear', maxMs: 8000 };
export const wait = (ms: number): ScriptStep => ({ step: 'wait', ms });
export const press = (keys: string): ScriptStep => ({ step: 'press', keys });
const LET_GO_WITHIN_MS = 10_000;
const AGENT: PersonaScript = { steps: [{ step: 'answer' }, wait(1500), { step: 'hang-up' }] };

export interface CallbackView {
  readonly callback: {
    readonly state: string;
    readonly reason?: string;
    readonly flow?: string;
    readonly dueAtMs: number;
    readonly updatedAtMs: number;
  };
}

export interface PageOnCall {
  readonly view: CallbackView;
  readonly heard: HeardCall;
  readonly agents: readonly HeardCall[];
  readonly story: StoryDocument;
}

/** For the body of a `describe`: each test has a stage of its own. */
export function pageStage() {
  let folder = '';
  let farEnd: FarEnd | undefined;
  let dialback: Dialback | undefined;
  let web: Server | undefined;
  let asked: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-vxml-'));
    asked = [];
  });
  afterEach(async () => {
    await dialback?.stop(0);
    await farEnd?.stop();
    web?.close();
    web?.closeAllConnections();
    dialback = farEnd = web = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(pages: Readonly<Record<string, string | Buffer>>): Promise<string> {
    const server = createServer((request, response) => {
      const name = (request.url ?? '').replace(/^\/|\?.*$/g, '');
      asked.push(request.url ?? '');
      const own = pages[name];
      const text = own === undefined ? readFile(new URL(name, PAGES), 'utf8') : own;
      const slowMs = Number(/\bslow=(\d+)/.exec(request.url ?? '')?.[1] ?? 0);
      Promise.all([text, sleep(slowMs)]).then(
        ([body]) => response.setHeader('content-type', 'application/voicexml+xml').end(body),
        () => response.writeHead(404).end(),
      );
    });
    web = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** One callback with a page, which the server takes `slow` milliseconds for where its query says so; until its fate is decided. */
  async function callWith(
    page: string,
    customer: PersonaScript,
    settled: (view: CallbackView) => boolean,
    pages: Readonly<Record<string, string | Buffer>> = {},
    options = '',
    agent: PersonaScript = AGENT,
  ): Promise<PageOnCall> {
    farEnd = await startFarEnd({
      mediaDirectory: MEDIA,
      rules: (userPart) => (userPart === 'agent' ? agent : customer),
    });
    const place = `127.0.0.1:${farEnd.port}`;
    const placed = (text: string): string => text.replaceAll('FAR_END', place);
    const ownPages = Object.entries(pages).map(
      ([name, body]) => [name, typeof body === 'string' ? placed(body) : body] as const,
    );
    const origin = await serve(Object.fromEntries(ownPages));
    const file = join(folder, 'dialback.yaml');
    await writeFile(
      file,
      `${engineYaml()}trunks: [{ name: far-end, uri: "sip:127.0.0.1:${farEnd.port}" }]
queues: { support: { targets: [{ uri: "sip:agent@127.0.0.1:${farEnd.port}" }] } }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
services:
  sales:
    _default_country: GB
    _max_dial_attempts: 3
    queue: support
    _on_customer_connect_treatment_url: ${origin}/${page}
    onVxmlError: fail
${placed(options)}`,
    );
    dialback = await startDialback(await loadConfig(file), silentLog);
    const { url } = dialback;
    const response = await fetch(`${url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: '+447700900123', colour: 'blue' }),
    });
    const { _id: id } = (await response.json()) as { _id: string };
    const view = await until(40_000, 'the callback to be decided', async () => {
      const answer = await fetch(`${url}/v1/callbacks/${id}`);
      const seen = (await answer.json()) as CallbackView;
      return settled(seen) ? seen : undefined;
    });
    // What becomes of the callback is known a moment before the far side hears of it.
    const isOnCall = (): boolean => farEnd?.calls().some(({ endedBy }) => !endedBy) ?? false;
    if (!talks(view)) {
      await until(LET_GO_WITHIN_MS, 'the calls to be over', () =>
        Promise.resolve(!isOnCall() || undefined),
      );
    }
    const story = (await (await fetch(`${url}/v1/callbacks/${id}/story`)).json()) as StoryDocument;
    const calls = farEnd.calls();
    const agents = calls.filter(({ userPart }) => userPart === 'agent');
    const heard = calls.find(({ userPart }) => userPart !== 'agent');
    assert.ok(heard);
    return { view, heard, agents, story };
  }

  return {
    callWith,
    /** Paths that the web server was asked for. */
    asked: (): readonly string[] => asked,
    counts: () => dialback?.counts(),
  };
}

export const isOver = ({ callback }: CallbackView): boolean => callback.state === 'COMPLETED';
export const waitsAgain = ({ callback }: CallbackView): boolean =>
  callback.flow === 'waiting-to-retry';
export const talks = ({ callback }: CallbackView): boolean => callback.state === 'PROCESSING';
export const delayMs = ({ callback }: CallbackView): number =>
  callback.dueAtMs - callback.updatedAtMs;
