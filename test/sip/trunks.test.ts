/**
 * Trunks that misbehave, through the whole service: UDP parties that count what they are sent and answer
 * as a test wants.
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
import { FarParty, type FarCall } from './far-party.js';
import { until } from './sound-and-time.js';

const COMPLETED_WITHIN_MS = 60_000;

interface Document {
  readonly callback: { readonly state: string; readonly reason?: string };
  readonly attempts: readonly AttemptRecord[];
}

describe('trunks', function () {
  this.timeout(180_000);
  let folder = '';
  let first: FarParty;
  let second: FarParty;
  let dialback: Dialback | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dialback-trunks-'));
    first = await FarParty.open();
    second = await FarParty.open();
  });
  afterEach(async () => {
    await dialback?.stop(0);
    dialback = undefined;
    service = '';
    first.close();
    second.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Options of the service. */
  let service = '';
  const at = ({ port }: FarParty): string => `sip:127.0.0.1:${port}`;
  const trunk = (name: string, far: FarParty, more = ''): string =>
    `  - { name: ${name}, uri: "${at(far)}"${more} }`;

  function written(...trunks: readonly string[]): Promise<void> {
    return writeFile(
      join(folder, 'dialback.yaml'),
      `${engineYaml()}
trunks:
${trunks.join('\n')}
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
dialling: { warmStartMs: 0 }
services:
  sales: { _max_dial_attempts: 1, _cpd_enable: false${service} }
`,
    );
  }

  async function started(...trunks: readonly string[]): Promise<void> {
    await written(...trunks);
    dialback = await startDialback(await loadConfig(join(folder, 'dialback.yaml')), silentLog);
  }

  /** @returns the callback's address */
  async function ordered(n = 0): Promise<string> {
    const response = await fetch(`${dialback?.url}/genesys/1/service/callback/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ _customer_number: `+1212555${String(1000 + n)}` }),
    });
    assert.equal(response.status, 200, await response.clone().text());
    const { _id: id } = (await response.json()) as { _id: string };
    return `${dialback?.url}/v1/callbacks/${id}`;
  }

  function completed(url: string): Promise<Document> {
    return until(COMPLETED_WITHIN_MS, `${url} to complete`, async () => {
      const read = (await (await fetch(url)).json()) as Document;
      return read.callback.state === 'COMPLETED' ? read : undefined;
    });
  }

  async function all(count: number): Promise<Document[]> {
    const urls = await Promise.all(Array.from({ length: count }, (_, n) => ordered(n)));
    return Promise.all(urls.map(completed));
  }

  it('get no more calls in any second than they may', async () => {
    const atMs: number[] = [];
    first.onInvite = (call) => {
      atMs.push(performance.now());
      call.respond(486, 'Busy Here');
    };
    await started(trunk('first', first, ', maxCallsPerSecond: 3'));
    const documents = await all(10);
    assert.ok(documents.every(({ attempts }) => attempts.length === 1));
    assert.equal(atMs.length, 10);
    // What is paced is when an INVITE may leave; how long it takes to the wire varies a little.
    const GIVE_MS = 300;
    for (const [n, ms] of atMs.slice(3).entries()) {
      assert.ok(ms - (atMs[n] ?? 0) > 1000 - GIVE_MS, atMs.map(Math.round).join(' '));
    }
  });

  it('that are full are waited for, and each of 50 callbacks is dialled once', async () => {
    const most = { first: 0, second: 0 };
    for (const [name, far] of Object.entries({ first, second })) {
      let up = 0;
      far.onInvite = (call) => {
        up += 1;
        most[name as keyof typeof most] = Math.max(most[name as keyof typeof most], up);
        setTimeout(() => {
          up -= 1;
          call.respond(486, 'Busy Here');
        }, 300);
      };
    }
    const limits = ', maxConcurrentCalls: 2, maxCallsPerSecond: 1000';
    await started(trunk('first', first, limits), trunk('second', second, `${limits}, priority: 2`));
    const documents = await all(50);
    assert.ok(documents.every(({ attempts }) => attempts.length === 1));
    const numbers = [first, second].flatMap((far) =>
      far.requests('INVITE').map(({ start }) => start.split('@')[0]),
    );
    assert.deepEqual([numbers.length, new Set(numbers).size], [50, 50]);
    // How many are being set up at a time is the governor's: the second trunk need not fill up.
    assert.equal(most.first, 2);
    assert.ok(most.second === 1 || most.second === 2, `${most.second} at once`);
  });

  it('that point at each other in a circle are followed twice, and at strangers never', async () => {
    const to = (far: FarParty) => ({
      headers: { contact: `<sip:+12125551000@127.0.0.1:${far.port}>` },
    });
    first.onInvite = (call) => call.respond(302, 'Moved Temporarily', to(second));
    second.onInvite = (call) => call.respond(302, 'Moved Temporarily', to(first));
    await started(
      trunk('first', first, `, redirectsTo: ["127.0.0.1:${second.port}"]`),
      trunk('second', second, ', priority: 2'),
    );
    const { attempts } = await completed(await ordered());
    assert.deepEqual([attempts.length, attempts[0]?.sipStatus], [1, 302]);
    assert.deepEqual([first.requests('INVITE').length, second.requests('INVITE').length], [2, 1]);
    first.onInvite = (call) =>
      call.respond(302, 'Moved Temporarily', {
        headers: { contact: `<sip:+12125551001@127.0.0.1:${second.port};maddr=127.0.0.1>` },
      });
    await completed(await ordered(1));
    assert.deepEqual([first.requests('INVITE').length, second.requests('INVITE').length], [3, 1]);
  });

  it('have their credentials to themselves, wherever they point', async () => {
    const challenges = (far: FarParty) => {
      far.onInvite = (call) =>
        call.request.header('authorization')
          ? call.respond(486, 'Busy Here')
          : call.respond(401, 'Unauthorized', {
              headers: { 'WWW-Authenticate': 'Digest realm="x", nonce="1"' },
            });
    };
    const stranger = await FarParty.open();
    try {
      first.onInvite = (call) => {
        const [, user] = /sip:\+(\d+)@/.exec(call.request.start) ?? [];
        const to = user === '12125551000' ? stranger : second;
        const contact = `<sip:+12125551000@127.0.0.1:${to.port}>`;
        call.respond(302, 'Moved Temporarily', { headers: { contact } });
      };
      challenges(stranger);
      challenges(second);
      service = `, allowedDestinations: ["127.0.0.1:${stranger.port}"]`;
      const ours = `, username: acme, password: x, redirectsTo: ["127.0.0.1:${second.port}"]`;
      await started(trunk('first', first, ours));
      const [of, others] = await Promise.all(
        [ordered(0), ordered(1)].map(async (url) => {
          return (await completed(await url)).attempts[0]?.sipStatus;
        }),
      );
      assert.equal(stranger.requests('INVITE').length, 1);
      assert.equal(stranger.requests('INVITE')[0]?.header('authorization'), undefined);
      assert.equal(second.requests('INVITE').length, 2);
      assert.deepEqual([of, others], [401, 486]);
    } finally {
      stranger.close();
    }
  });

  it('with a proxy are given them again where they point, in their own realm and in no other', async () => {
    const asks = (call: FarCall, realm: string) =>
      call.respond(407, 'Proxy Authentication Required', {
        headers: { 'Proxy-Authenticate': `Digest realm="${realm}", nonce="1"` },
      });
    first.onInvite = (call) => {
      const { start } = call.request;
      const realm = start.includes('@strange') ? 'strange' : 'proxy';
      if (!call.request.header('proxy-authorization')) return asks(call, realm);
      if (!start.includes('@127.0.0.1')) return call.respond(486, 'Busy Here');
      const place = start.includes('12125551000') ? 'known' : 'strange';
      const contact = `<sip:queue@${place}.example.net>`;
      call.respond(302, 'Moved Temporarily', { headers: { contact } });
    };
    service = ', allowedDestinations: ["known.example.net", "strange.example.net"]';
    const ours = `, username: acme, password: x, outboundProxy: "${at(first)}"`;
    await started(trunk('first', second, ours));
    const statuses = await Promise.all(
      [ordered(0), ordered(1)].map(async (url) => {
        return (await completed(await url)).attempts[0]?.sipStatus;
      }),
    );
    assert.deepEqual(statuses, [486, 407]);
    const to = (host: string) =>
      first.requests('INVITE').filter(({ start }) => start.includes(`@${host}.`));
    assert.equal(to('known').length, 2);
    assert.deepEqual(
      to('strange').map((sent) => sent.header('proxy-authorization')),
      [undefined],
    );
  });

  it('that say 503 to a CANCEL are not left for another: nobody is called any more', async () => {
    first.onInvite = (call) => call.respond(183, 'Session Progress');
    first.onCancel = (call) => call.respond(503, 'Service Unavailable');
    await started(trunk('first', first), trunk('second', second, ', priority: 2'));
    const url = await ordered();
    await first.request('INVITE');
    const cancelled = await fetch(
      url.replace('/v1/callbacks/', '/genesys/1/service/callback/sales/'),
      {
        method: 'DELETE',
      },
    );
    assert.equal(cancelled.status, 200, await cancelled.text());
    const { callback } = await completed(url);
    assert.match(callback.reason ?? '', /CANCEL/);
    await first.request('CANCEL');
    assert.equal(second.requests('INVITE').length, 0);
  });

  it('that a reload removes keep the call that is on them; it goes on to one that is left', async () => {
    let refuse = (): void => undefined;
    first.onInvite = (call) => {
      call.respond(183, 'Session Progress');
      refuse = () => call.respond(503, 'Service Unavailable');
    };
    second.onInvite = (call) => call.respond(486, 'Busy Here');
    await started(trunk('first', first), trunk('second', second, ', priority: 2'));
    const url = await ordered();
    await first.request('INVITE');
    await written(trunk('third', second));
    const outcome = await dialback?.reload();
    assert.equal(outcome?.kind, 'applied', JSON.stringify(outcome));
    assert.equal(first.requests('CANCEL').length, 0);
    refuse();
    const { attempts } = await completed(url);
    assert.deepEqual(
      [attempts.length, attempts[0]?.trunk, attempts[0]?.sipStatus],
      [1, 'third', 486],
    );
    assert.deepEqual(
      attempts[0]?.tries?.map(({ trunk }) => trunk),
      ['first', 'third'],
    );
  });

  it('that refuse credentials for ever are asked twice', async () => {
    let nonce = 0;
    first.onInvite = (call) => {
      // drachtio-srf takes it for the answer to the credentials, and would go on giving them.
      if (call.request.header('authorization')) call.respond(183, 'Session Progress');
      const challenge = `Digest realm="x", nonce="${(nonce += 1)}"`;
      call.respond(401, 'Unauthorized', { headers: { 'WWW-Authenticate': challenge } });
    };
    second.onInvite = (call) => call.respond(486, 'Busy Here');
    await started(
      trunk('first', first, ', username: acme, password: wrong'),
      trunk('second', second, ', priority: 2'),
    );
    const { attempts } = await completed(await ordered());
    assert.deepEqual([attempts[0]?.trunk, attempts[0]?.sipStatus], ['second', 486]);
    assert.equal(first.requests('INVITE').length, 2);
  });
});
