/** A service that dies while somebody who rang it waits in the queue, and the next one. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundStoryDocument } from '../../src/request/inbound-routes.js';
import type { InboundCallRecord } from '../../src/schedule/inbound-calls.js';
import { Caller } from '../farend/caller.js';
import { until } from '../sip/bench.js';
import { FarParty } from '../sip/far-party.js';
import { EngineProcess, ServiceProcess } from './processes.js';
import { serviceYaml } from './service-yaml.js';

const WITHIN_MS = 60_000;

describe('a service that is killed with a caller on the line', function () {
  this.timeout(240_000);
  let folder: string;
  let engine: EngineProcess;
  let service: ServiceProcess | undefined;
  let agent: FarParty;
  let caller: Caller;
  const opened: { close(): void }[] = [];

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'dialback-inbound-crash-'));
    engine = await EngineProcess.start();
    if (engine.sipPort === undefined) return this.skip(); // the fault campaign does it there
    agent = await FarParty.open();
    agent.onInvite = (call) => call.respond(180, 'Ringing');
    caller = await Caller.open(engine.sipPort);
    opened.push(agent, caller);
    const { drachtio, freeswitch } = engine;
    const store = { url: `sqlite:${join(folder, 'dialback.db')}` };
    const blocks = {
      inbound: { acceptFrom: ['127.0.0.1'], service: 'sales' },
      callRecords: { file: join(folder, 'records.jsonl') },
    };
    const farEnd = { host: '127.0.0.1', port: agent.port };
    const yaml = serviceYaml({ drachtio, freeswitch, farEnd, store, blocks, options: {} });
    await writeFile(join(folder, 'dialback.yaml'), yaml);
  });
  after(async () => {
    await service?.stop();
    for (const one of opened) one.close();
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const start = () => ServiceProcess.start(join(folder, 'dialback.yaml'), join(folder, 'log'));
  const got = (what: string, isThere: () => boolean) =>
    until(WITHIN_MS, what, () => Promise.resolve(isThere() || undefined));
  const ask = async <T>(path: string) =>
    (await (await fetch(`${service?.url ?? ''}/v1/inbound-calls${path}`)).json()) as T;

  it('hangs up for the caller at the next start, and ends the call as lost, with one record', async () => {
    service = await start();
    caller.invite({ headers: ['P-Asserted-Identity: <sip:+442079460123@127.0.0.1>'] });
    await got('the agent to ring', () => agent.requests('INVITE').length > 0);
    assert.ok(caller.received.some(({ status }) => status === 200));
    await service.kill();
    service = await start();
    await got('the caller to be hung up', () =>
      caller.received.some(({ method, status }) => status === 0 && method === 'BYE'),
    );
    const { calls } = await ask<{ calls: InboundCallRecord[] }>('');
    assert.deepEqual(
      calls.map(({ callId, outcome, why }) => [callId, outcome, why]),
      [[caller.callId, 'lost', 'NODE_LOST']],
    );
    const story = await ask<InboundStoryDocument>(`/${calls[0]?.id ?? ''}/story`);
    assert.ok(story.ladder.some(({ leg, message }) => leg === 'customer' && message === 'INVITE'));
    await until(WITHIN_MS, 'the channels to go', async () =>
      (await engine.channelCount()) === 0 ? true : undefined,
    );
    await service.stop();
    service = undefined;
    const lines = (await readFile(join(folder, 'records.jsonl'), 'utf8')).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as Record<string, unknown>)['outcome']),
      ['lost'],
    );
  });
});
