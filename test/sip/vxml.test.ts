/**
 * VoiceXML pages on real calls: a web server, the service with the embedded engine, a called party who
 * presses keys. What the page returns decides what becomes of the callback.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/adapters/log.js';
import { createSpeech } from '../../src/adapters/media/speech.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startFarEnd, type FarEnd, type HeardCall } from '../../src/farend/far-end.js';
import type { PersonaScript, ScriptStep } from '../../src/farend/persona-script.js';
import { recognise } from '../../src/farend/recognise.js';
import { startDialback, type Dialback } from '../../src/main.js';
import { engineYaml, sound, until } from './bench.js';

const ROOT = new URL('../../', import.meta.url);
const MEDIA = fileURLToPath(new URL('media/', ROOT));
const PAGES = new URL('config/examples/vxml/', ROOT);

/** A person says hello, then does this. */
const person = (steps: readonly ScriptStep[]): PersonaScript => ({
  steps: [
    { step: 'answer' },
    { step: 'wait', ms: 250 },
    { step: 'say', what: { file: 'far-end/hello.wav' } },
    ...steps,
  ],
});
/** How long the far end holds a key. */
const KEY_MS = 100;
const HEAR: ScriptStep = { step: 'hear', maxMs: 8000 };
const wait = (ms: number): ScriptStep => ({ step: 'wait', ms });
const press = (keys: string): ScriptStep => ({ step: 'press', keys });
const AGENT: PersonaScript = { steps: [{ step: 'answer' }, wait(1500), { step: 'hang-up' }] };

interface CallbackView {
  readonly callback: {
    readonly state: string;
    readonly reason?: string;
    readonly flow?: string;
    readonly dueAtMs: number;
    readonly updatedAtMs: number;
  };
}

describe('A VoiceXML page on a call', function () {
  this.timeout(60_000);
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

  async function serve(pages: Readonly<Record<string, string>>): Promise<string> {
    const server = createServer((request, response) => {
      const name = (request.url ?? '').replace(/^\/|\?.*$/g, '');
      asked.push(request.url ?? '');
      const own = pages[name];
      const text = own === undefined ? readFile(new URL(name, PAGES), 'utf8') : own;
      Promise.resolve(text).then(
        (body) => response.setHeader('content-type', 'application/voicexml+xml').end(body),
        () => response.writeHead(404).end(),
      );
    });
    web = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** One callback with a page; until its fate is decided. */
  async function callWith(
    page: string,
    customer: PersonaScript,
    settled: (view: CallbackView) => boolean,
    pages: Readonly<Record<string, string>> = {},
    options = '',
  ): Promise<{ view: CallbackView; heard: HeardCall; agents: readonly HeardCall[] }> {
    farEnd = await startFarEnd({
      mediaDirectory: MEDIA,
      rules: (userPart) => (userPart === 'agent' ? AGENT : customer),
    });
    const place = `127.0.0.1:${farEnd.port}`;
    const placed = (text: string): string => text.replaceAll('FAR_END', place);
    const ownPages = Object.entries(pages).map(([name, text]) => [name, placed(text)] as const);
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
    const calls = farEnd.calls();
    const agents = calls.filter(({ userPart }) => userPart === 'agent');
    const heard = calls.find(({ userPart }) => userPart !== 'agent');
    assert.ok(heard);
    return { view, heard, agents };
  }

  const isOver = ({ callback }: CallbackView): boolean => callback.state === 'COMPLETED';
  const waitsAgain = ({ callback }: CallbackView): boolean => callback.flow === 'waiting-to-retry';
  const talks = ({ callback }: CallbackView): boolean => callback.state === 'PROCESSING';
  const delayMs = ({ callback }: CallbackView): number => callback.dueAtMs - callback.updatedAtMs;

  it('connects with an agent for 1, after the prompt was heard', async () => {
    const { view, heard, agents } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(1500), press('1'), wait(20_000)]),
      talks,
    );
    assert.equal(view.callback.flow, 'connected');
    assert.equal(agents.length, 1);
    const [ask] = recognise(heard.recording, [await sound('vxml/confirm-ask.wav')]);
    assert.ok(
      ask && ask.heardFraction > 0.05 && ask.heardFraction < 0.9,
      'the key stops the prompt',
    );
    const parameters = new URL(asked[0] ?? '', 'http://x').searchParams;
    assert.equal(parameters.get('_call_state'), '0');
    assert.deepEqual(JSON.parse(parameters.get('_user_data') ?? ''), { colour: 'blue' });
  });

  it('calls again in an hour for 2', async () => {
    const { view, heard } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(500), press('2'), wait(20_000)]),
      waitsAgain,
    );
    assert.equal(delayMs(view), 3_600_000);
    assert.equal(heard.endedBy, 'caller');
  });

  it('cancels for 3, after a wrong key was corrected', async () => {
    const { view } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(500), press('9'), wait(2500), press('3'), wait(20_000)]),
      isOver,
    );
    assert.equal(view.callback.reason, 'CANCELLED');
    await until(3000, 'the page to be over', async () => {
      const { pageSessions } = (await dialback?.counts()) ?? {};
      return pageSessions === 0 || undefined;
    });
  });

  it('is told of a hang-up in the middle, and its result counts', async () => {
    const { view } = await callWith(
      'confirm.vxml',
      person([HEAR, wait(800), { step: 'hang-up' }]),
      waitsAgain,
    );
    assert.equal(delayMs(view), 600_000);
  });

  it('gives the customer to a destination that is allowed, by a blind transfer', async () => {
    const { view, agents } = await callWith(
      'transfer.vxml',
      person([wait(20_000)]),
      talks,
      {
        'transfer.vxml': `<vxml version="2.1"><form>
          <transfer name="t" type="blind" dest="sip:nobody@FAR_END"><catch event="error.connection.noauthorization"><goto nextitem="u"/></catch></transfer>
          <transfer name="u" type="blind" dest="sip:agent@FAR_END"/>
        </form></vxml>`,
      },
      '    allowedDestinations: ["agent@FAR_END"]\n',
    );
    assert.equal(view.callback.flow, 'connected');
    assert.equal(agents.length, 1);
  });

  it('that returns nothing ends the callback as onVxmlError says', async () => {
    const { view } = await callWith('empty.vxml', person([wait(20_000)]), isOver, {
      'empty.vxml': '<vxml version="2.1"><form><block><exit/></block></form></vxml>',
    });
    assert.equal(view.callback.reason, 'FAIL_ERROR');
  });

  it('that holds the call for longer than its time to live loses it', async () => {
    const { view } = await callWith(
      'long.vxml',
      person([wait(20_000)]),
      isOver,
      {
        'long.vxml':
          '<vxml version="2.1"><form><field name="a" type="digits"><prompt timeout="30s"><audio src="media:connect.wav"/></prompt></field></form></vxml>',
      },
      '    _plugin_on_dial_timeout: 3\n',
    );
    assert.equal(view.callback.reason, 'FAIL_ERROR');
  });

  it('records a message, plays it back, and has it confirmed', async () => {
    const quiet = (quietMs: number): ScriptStep => ({ step: 'listen', quietMs, maxMs: 20_000 });
    const { view, heard } = await callWith(
      'later.vxml',
      person([
        HEAR,
        wait(500),
        press('30#'),
        wait(2500),
        quiet(700),
        { step: 'say', what: { file: 'far-end/greeting.wav' } },
        press('#'),
        wait(1000),
        quiet(900),
        press('1'),
        wait(20_000),
      ]),
      waitsAgain,
    );
    assert.equal(delayMs(view), 30 * 60_000);
    const [back] = recognise(heard.recording, [await sound('far-end/greeting.wav')]);
    assert.ok((back?.heardFraction ?? 0) > 0.8, `heard ${back?.heardFraction} of the message`);
  });

  it('stops the prompt at the end of a key', async () => {
    const { heard } = await callWith(
      'stop.vxml',
      person([HEAR, wait(1000), press('5'), wait(20_000)]),
      waitsAgain,
      {
        'stop.vxml': `<vxml version="2.1"><form>
          <field name="a" type="digits?length=1"><prompt><audio src="media:waiting.wav"/></prompt></field>
          <field name="b" type="digits?length=1"><prompt timeout="1s"/><noinput><exit expr="{ action: 'retry', message: 'OK' }"/></noinput></field>
        </form></vxml>`,
      },
    );
    const pressedMs = heard.ladder.find(({ what }) => what.startsWith('presses'))?.atMs ?? NaN;
    const lastLoud = heard.recording.findLastIndex((sample) => Math.abs(sample) > 300);
    const quietAfterMs = (heard.recordingAtMs ?? NaN) + lastLoud / 8 - (pressedMs + KEY_MS);
    const most = loadavg()[0]! > availableParallelism() ? 1000 : 250;
    assert.ok(quietAfterMs < most, `quiet ${quietAfterMs} ms after the key`);
  });

  it('speaks text where this host has a voice, and lets the page catch it where not', async () => {
    const { view, heard } = await callWith(
      'spoken.vxml',
      person([HEAR, wait(1500), press('4'), wait(20_000)]),
      waitsAgain,
      {
        'spoken.vxml': `<vxml version="2.1"><form>
          <field name="a" type="digits?length=1"><prompt>This sentence is read by a machine, and nobody recorded it.</prompt></field>
          <catch event="error.unsupported.speech"><exit expr="{ action: 'retry', message: 'OK', delay: 4000 }"/></catch>
          <block><exit expr="{ action: 'retry', message: 'OK', delay: a * 1000 }"/></block>
        </form></vxml>`,
      },
    );
    assert.equal(delayMs(view), 4_000_000);
    const loud = heard.recording.filter((sample) => Math.abs(sample) > 1000).length;
    if (await hasVoice()) assert.ok(loud > 2000, `${loud} loud samples`);
  });
});

async function hasVoice(): Promise<boolean> {
  const cacheDirectory = (): string => tmpdir();
  return (await createSpeech({ cacheDirectory })) !== undefined;
}
