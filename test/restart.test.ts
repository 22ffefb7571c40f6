/** What a process leaves for the next one, and what it clears away: the whole service, from its file. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../src/adapters/log.js';
import { loadConfig } from '../src/config/load-config.js';
import { type Dialback, startDialback } from '../src/main.js';

const ID = '0b9b9f0e-7f0e-4a8e-9a53-6a3b2f9d1c2e';
const WAIT_MS = 10_000;

describe('a service that is started again', function () {
  this.timeout(90_000);
  let folder: string;
  let dialback: Dialback | undefined;

  before(async () => (folder = await mkdtemp(join(tmpdir(), 'dialback-restart-'))));
  after(async () => {
    await dialback?.stop(0);
    await rm(folder, { recursive: true });
  });

  const write = (agents: string) =>
    writeFile(
      join(folder, 'dialback.yaml'),
      `agents: ${agents}
queues: { desk: { agents: [{ name: ann }] } }
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
recordings: { retentionDays: 30 }
services: { sales: { queue: desk, recordCalls: "${folder}/{callbackId}.wav" } }
`,
    );
  const start = async () => {
    dialback = await startDialback(await loadConfig(join(folder, 'dialback.yaml')), silentLog);
    return dialback;
  };
  const agent = async (name: string, wish?: object): Promise<unknown> => {
    const response = await fetch(`${dialback?.url}/v1/agents/${name}`, {
      ...(wish && { method: 'PUT', body: JSON.stringify(wish) }),
      headers: { 'content-type': 'application/json' },
    });
    const { state, reason } = (await response.json()) as Record<string, unknown>;
    return [state, reason];
  };

  it('finds its agents as they were, and starts anew with who was gone meanwhile', async () => {
    const ann = 'ann: { uri: "sip:ann@127.0.0.1" }';
    await write(`{ ${ann}, bob: { uri: "sip:bob@127.0.0.1" } }`);
    await start();
    await agent('ann', { state: 'not-ready', reason: 'lunch' });
    await agent('bob', { state: 'logged-out' });
    await dialback?.stop(0);
    await start();
    assert.deepEqual(await agent('ann'), ['not-ready', 'lunch']);
    assert.deepEqual(await agent('bob'), ['logged-out', null]);
    await write(`{ ${ann} }`);
    assert.equal((await dialback?.reload())?.kind, 'applied');
    await write(`{ ${ann}, bob: { uri: "sip:bob@127.0.0.1" } }`);
    await dialback?.reload();
    assert.deepEqual(await agent('bob'), ['ready', null]);
    await dialback?.stop(0);
  });

  it('deletes recordings that have been kept long enough', async () => {
    const [old, young] = [join(folder, `${ID}.wav`), join(folder, `${ID.replace('0b', '1b')}.wav`)];
    for (const path of [old, young]) await writeFile(path, 'RIFF');
    const at = new Date(Date.now() - 31 * 86_400_000);
    await utimes(old, at, at);
    await start();
    const giveUpAtMs = performance.now() + WAIT_MS;
    while (existsSync(old) && performance.now() < giveUpAtMs) await sleep(20);
    assert.equal(existsSync(old), false);
    assert.equal(existsSync(young), true);
  });
});
