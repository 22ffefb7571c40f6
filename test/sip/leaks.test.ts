/**
 * Many calls through the whole service, and nothing of them is left: no endpoint, dialog, tap, lock or
 * session, no channel or port of the engine, no socket or timer of this process.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startDialback, type Dialback } from '../../src/main.js';
import { until } from './bench.js';
import { FarParty } from './far-party.js';

const IN_A_ROW = 30;
const AT_ONCE = 10;

describe('many calls', function () {
  this.timeout(180_000);
  let folder: string;
  let far: FarParty;
  let dialback: Dialback;
  let numbers = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-leaks-'));
    far = await FarParty.open();
    far.onInvite = (call) => {
      call.answer();
      // The customer has heard enough soon.
      setTimeout(() => call.bye(), 100);
    };
    const file = join(folder, 'dialback.yaml');
    await writeFile(
      file,
      `engine: embedded
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
trunks: [{ name: far, uri: "sip:127.0.0.1:${far.port}", maxCallsPerSecond: 100 }]
services:
  heard: { _max_dial_attempts: 1 }
  unheard: { _max_dial_attempts: 1, _cpd_enable: false }
`,
    );
    dialback = await startDialback(await loadConfig(file), silentLog);
  });
  after(async () => {
    await dialback?.stop(0);
    far.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** One callback from the request to its end. */
  async function callOnce(service: string): Promise<void> {
    const order = await fetch(`${dialback.url}/genesys/1/service/callback/${service}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: `+1212${2_000_000 + numbers++}` }),
    });
    assert.equal(order.status, 200);
    const { _id: id } = (await order.json()) as { _id: string };
    await until(20_000, `the end of ${id}`, async () => {
      const answer = await fetch(`${dialback.url}/v1/callbacks/${id}`);
      const { callback } = (await answer.json()) as { callback: { state: string } };
      return callback.state === 'COMPLETED' || undefined;
    });
  }

  async function nothingIsLeft(): Promise<void> {
    let counts: Record<string, number> = {};
    await until(5000, 'everything to be given back', async () => {
      counts = await dialback.counts();
      return Object.values(counts).every((count) => count === 0) || undefined;
    }).catch(() => assert.fail(`left over: ${JSON.stringify(counts)}`));
  }

  /** UDP sockets and timers that keep the process; connections of the HTTP client come and go. */
  const resources = () => {
    const all = process.getActiveResourcesInfo();
    return ['UDPWrap', 'Timeout'].map((kind) => all.filter((one) => one === kind).length);
  };

  it('in a row leave nothing behind', async () => {
    await callOnce('heard');
    await nothingIsLeft();
    const [sockets = 0, timers = 0] = resources();
    for (let n = 0; n < IN_A_ROW; n++) await callOnce(n % 2 === 0 ? 'heard' : 'unheard');
    await nothingIsLeft();
    assert.equal(far.received.filter(({ method }) => method === 'INVITE').length, IN_A_ROW + 1);
    // A few timers are the service's own: pings, the scheduler's sleep, the pace of set-ups.
    await until(3000, 'timers to run out', () => {
      const [socketsNow = 0, timersNow = 0] = resources();
      return Promise.resolve((socketsNow <= sockets && timersNow <= timers + 3) || undefined);
    }).catch(() =>
      assert.fail(`sockets and timers: ${resources().join()}, before: ${sockets},${timers}`),
    );
  });

  it('at once leave nothing behind', async () => {
    await Promise.all(Array.from({ length: AT_ONCE }, () => callOnce('heard')));
    await nothingIsLeft();
  });
});
