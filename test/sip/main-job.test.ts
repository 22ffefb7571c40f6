/**
 * The main job end to end, with sipp as customer and as queue: dialled, recognised as a person,
 * treated, handed over; proved by what arrived at sipp's media ports.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { readWavFile } from '../../src/embedded/rtp/wav.js';
import { recognise } from '../../src/farend/recognise.js';
import { wavBytes } from '../../src/farend/write-wav.js';
import { startDialback, type Dialback } from '../../src/main.js';
import { openEar, type Ear } from './ear.js';
import { hasSipp, startSipp, type SippRun } from './sipp.js';

const MEDIA = fileURLToPath(new URL('../../media/', import.meta.url));
const NUMBER = '+447700900123';

async function sound(name: string) {
  const wav = await readWavFile(join(MEDIA, name));
  assert.ok(wav.ok);
  return { name, pcm: wav.pcm };
}

/** `engine:` and the servers, from the environment or the embedded engine. */
function engineYaml(): string {
  const { DIALBACK_DRACHTIO, DIALBACK_FREESWITCH } = process.env;
  if (!DIALBACK_DRACHTIO || !DIALBACK_FREESWITCH) return 'engine: embedded\n';
  const address = (text: string) => {
    const [, host, port, secret] = /^([^:,]+):(\d+),(.*)$/.exec(text) ?? [];
    return `{ host: "${host}", port: ${port}, secret: "${secret}" }`;
  };
  const drachtio = address(DIALBACK_DRACHTIO);
  return `engine: servers\ndrachtio: ${drachtio}\nfreeswitch: [${address(DIALBACK_FREESWITCH)}]\n`;
}

describe('the main job, with sipp as customer and as queue', function () {
  this.timeout(60_000);
  let folder: string;
  let dialback: Dialback | undefined;
  const ears: Ear[] = [];
  const runs: SippRun[] = [];

  before(function () {
    if (!hasSipp()) {
      console.log('      skipped: sipp is not installed (Debian: sip-tester)');
      this.skip();
    }
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-main-job-'));
  });

  afterEach(async () => {
    await dialback?.stop(0);
    dialback = undefined;
    for (const run of runs.splice(0)) run.stop();
    for (const ear of ears.splice(0)) ear.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(
    customer: SippRun,
    queue: SippRun,
    more: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const file = join(folder, 'dialback.yaml');
    const options = {
      queue: 'support',
      _default_country: 'GB',
      _treatment_customer_connect: 'connect.wav',
      _max_time_to_wait_for_agent_on_the_call: '20',
      _max_dial_attempts: '1',
      ...more,
    };
    const yaml = `${engineYaml()}
trunks: [{ name: sipp, uri: "sip:127.0.0.1:${customer.port}" }]
queues: { support: { targets: [{ uri: "sip:support@127.0.0.1:${queue.port}" }] } }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
services:
  sales:
${Object.entries(options)
  .map(([name, value]) => `    ${name}: ${value}`)
  .join('\n')}
`;
    await writeFile(file, yaml);
    dialback = await startDialback(await loadConfig(file), silentLog);
    const response = await fetch(`${dialback.url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: NUMBER, topic: 'broadband' }),
    });
    assert.equal(response.status, 200);
    return ((await response.json()) as { _id: string })._id;
  }

  async function completed(id: string): Promise<{ reason?: string; callState?: number }> {
    for (let tries = 0; tries < 200; tries += 1) {
      const response = await fetch(`${dialback?.url}/v1/callbacks/${id}`);
      const { callback } = (await response.json()) as {
        callback: { state: string; reason?: string; callState?: number };
      };
      if (callback.state === 'COMPLETED') return callback;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the callback did not complete');
  }

  async function leaksNothing(): Promise<void> {
    let counts: Record<string, number> = {};
    for (let tries = 0; tries < 30; tries += 1) {
      counts = (await dialback?.counts()) ?? {};
      if (Object.values(counts).every((count) => count === 0)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`left over: ${JSON.stringify(counts)}`);
  }

  async function party(scenario: string, says: string): Promise<{ run: SippRun; ear: Ear }> {
    const ear = await openEar((await sound(says)).pcm);
    ears.push(ear);
    const run = await startSipp(scenario, { rtp_port: String(ear.port) });
    runs.push(run);
    return { run, ear };
  }

  it('calls, treats, lets wait, hands over, and both sides hear each other', async () => {
    const customer = await party('customer.xml', 'far-end/hello.wav');
    const queue = await party('queue.xml', 'far-end/agent.wav');
    const id = await start(customer.run, queue.run);
    const { reason, callState } = await completed(id);
    assert.deepEqual([reason, callState], ['AGENT_CONNECTED', 0]);
    const [atCustomer, atQueue] = await Promise.all([customer.run.done, queue.run.done]);
    assert.deepEqual(atCustomer, { code: 0, errors: '' });
    assert.deepEqual(atQueue, { code: 0, errors: '' });
    const known = await Promise.all(
      ['connect.wav', 'waiting.wav', 'machine.wav', 'far-end/agent.wav'].map(sound),
    );
    const heard = recognise(customer.ear.heard(), known);
    assert.deepEqual(
      heard.map(({ name }) => name),
      ['connect.wav', 'waiting.wav', 'far-end/agent.wav'],
    );
    const [connect] = heard;
    assert.ok((connect?.heardFraction ?? 0) > 0.95, 'the treatment was heard to its end');
    await leaksNothing();
  });

  it('plays find-agent-fail when nobody answers in time, then hangs up', async () => {
    const customer = await party('customer.xml', 'far-end/hello.wav');
    const queue = await party('queue-unanswered.xml', 'far-end/agent.wav');
    const id = await start(customer.run, queue.run, {
      _max_time_to_wait_for_agent_on_the_call: '4',
      _treatment_find_agent_fail: 'find-agent-fail.wav',
    });
    assert.equal((await completed(id)).reason, 'FAIL_TARGET_NOT_FOUND');
    assert.deepEqual(await customer.run.done, { code: 0, errors: '' });
    const known = await Promise.all(
      ['connect.wav', 'waiting.wav', 'find-agent-fail.wav'].map(sound),
    );
    const heard = recognise(customer.ear.heard(), known);
    assert.deepEqual(
      heard.map(({ name }) => name),
      ['connect.wav', 'waiting.wav', 'find-agent-fail.wav'],
    );
    assert.ok((heard[2]?.heardFraction ?? 0) > 0.95, 'the apology was heard to its end');
    await leaksNothing();
  });

  it('loses no sound when the waiting music starts again', async () => {
    const customer = await party('customer.xml', 'far-end/hello.wav');
    const queue = await party('queue.xml', 'far-end/agent.wav');
    const { pcm: music } = await sound('waiting.wav');
    const short = join(folder, 'short-music.wav');
    await writeFile(short, wavBytes(music.subarray(0, 8000)));
    const id = await start(customer.run, queue.run, {
      _treatment_customer_connect: '{}',
      _treatment_waiting_for_agent: short,
    });
    assert.equal((await completed(id)).reason, 'AGENT_CONNECTED');
    const [loop] = recognise(customer.ear.heard(), [{ name: 'music', pcm: music.slice(0, 8000) }]);
    assert.ok((loop?.heardFraction ?? 0) > 3.5, `a 1 s file for 5 s: ${loop?.heardFraction}`);
    await leaksNothing();
  });
});
