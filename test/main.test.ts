import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../src/adapters/log.js';
import { loadConfig } from '../src/config/load-config.js';
import { type EmbeddedEngine, startEmbedded } from '../src/embedded/index.js';
import { type FarEnd, startFarEnd } from '../src/farend/far-end.js';
import { type Dialback, startDialback } from '../src/main.js';
import { TemporaryFolder } from './config/temporary-config.js';

const MEDIA = fileURLToPath(new URL('../media/', import.meta.url));
const NUMBERS = ['+14155550100', '+14155550101'] as const;
const WAIT_MS = 10_000;

describe('a service whose media servers change while it runs', function () {
  this.timeout(40_000);
  const folder = new TemporaryFolder();
  const engines: EmbeddedEngine[] = [];
  let farEnd: FarEnd;
  let dialback: Dialback;

  before(async () => {
    engines.push(await startEmbedded({}), await startEmbedded({}));
    farEnd = await startFarEnd({
      mediaDirectory: MEDIA,
      rules: (user) => (user === 'agents' ? 'queue' : 'human'),
      tempo: { conversationMs: 1500, queueMs: 200 },
    });
  });
  after(async () => {
    await dialback.stop(0);
    await farEnd.stop();
    for (const engine of engines) await engine.stop();
    folder.remove();
  });

  const yaml = (...pool: readonly EmbeddedEngine[]): string => {
    const far = `${farEnd.host}:${farEnd.port}`;
    return `engine: servers
drachtio: ${JSON.stringify(engines[0]?.drachtio)}
freeswitch: ${JSON.stringify(pool.map(({ freeswitch: { host, port, secret } }) => ({ host, port, secret })))}
trunks: [{ name: far, uri: "sip:${far}" }]
queues: { support: { targets: [{ uri: "sip:agents@${far}" }] } }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite::memory:" }
services: { sales: { queue: support, _treatment_customer_connect: connect.wav } }
`;
  };
  const accepted = async (number: string): Promise<string> => {
    const response = await fetch(`${dialback.url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: number }),
    });
    return ((await response.json()) as { _id: string })._id;
  };
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    const giveUpAtMs = performance.now() + WAIT_MS;
    while (!(await isSo())) {
      assert.ok(performance.now() < giveUpAtMs, `waited for ${what}`);
      await sleep(20);
    }
  };
  const channels = async (engine: EmbeddedEngine | undefined): Promise<number> =>
    (await engine?.stats())?.channels ?? 0;
  const reasonOf = async (id: string): Promise<string | undefined> => {
    const response = await fetch(`${dialback.url}/v1/callbacks/${id}`);
    return ((await response.json()) as { callback: { reason?: string } }).callback.reason;
  };

  it('lets calls end where they are, and makes new ones on the new server', async () => {
    const [old, added] = engines;
    assert.ok(old && added);
    const file = folder.write('dialback.yaml', yaml(old));
    dialback = await startDialback(await loadConfig(file), silentLog);
    const first = await accepted(NUMBERS[0]);
    await until('the customer and the agent', async () => (await channels(old)) === 2);

    folder.write('dialback.yaml', yaml(added));
    assert.equal((await dialback.reload()).kind, 'applied');
    const second = await accepted(NUMBERS[1]);
    await until('a call on the new server', async () => (await channels(added)) === 2);
    for (const id of [first, second]) {
      await until('the end', async () => (await reasonOf(id)) !== undefined);
      assert.equal(await reasonOf(id), 'AGENT_CONNECTED');
    }
    await until(
      'both to be empty',
      async () => (await channels(old)) + (await channels(added)) === 0,
    );
    assert.equal(farEnd.calls().filter(({ userPart }) => userPart !== 'agents').length, 2);
  });
});
