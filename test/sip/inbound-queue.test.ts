/**
 * Calls that come to us and are taken into a queue, on a real engine: a scripted caller rings, phones
 * answer, and what became of it is read off the wire, the API and the metrics.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../src/adapters/log.js';
import { loadConfig } from '../../src/config/load-config.js';
import { startDialback, type Dialback } from '../../src/main.js';
import type { InboundStoryDocument } from '../../src/request/inbound-routes.js';
import type { InboundCallRecord } from '../../src/schedule/inbound-calls.js';
import { Caller } from '../farend/caller.js';
import { engineYaml, until } from './bench.js';
import { FarParty } from './far-party.js';
import { level, tone, toneShare } from './far-rtp.js';

const CUSTOMER = '+12125550142';
const AUDIBLE = 0.02;

describe('a call that comes to us', function () {
  this.timeout(180_000);
  let folder: string;
  let agent: FarParty;
  let dialback: Dialback;
  /** Of the signalling server. */
  let ourVia: string | undefined;
  const callers: Caller[] = [];
  const others: FarParty[] = [];

  /** @param inbound options of that block. @param service options of the service */
  async function start(inbound = '', service = '', kind = 'agents'): Promise<void> {
    folder = await mkdtemp(join(tmpdir(), 'dialback-inbound-'));
    agent = await FarParty.open();
    // The trunk is asked with OPTIONS, which say where the signalling server is.
    agent.onRequest = () => undefined;
    const file = join(folder, 'dialback.yaml');
    const queue =
      kind === 'agents'
        ? 'agents: [{ name: ann }], wrapUpMs: 0'
        : `targets: [{ uri: "${agent.uri}" }]`;
    await writeFile(
      file,
      `${engineYaml()}
trunks: [{ name: far, uri: "sip:127.0.0.1:${agent.port}", optionsInterval: 3600 }]
http: { listen: "127.0.0.1:0" }
store: { url: "sqlite:${join(folder, 'dialback.db')}" }
agents: { ann: { uri: "${agent.uri}" } }
queues: { support: { ${queue} } }
inbound: { acceptFrom: [127.0.0.1], service: sales, cancelCallbacks: true${inbound} }
services:
  sales: { queue: support, _default_country: US, _treatment_find_agent_fail: {}, agentRetryMs: 100${service} }
`,
    );
    dialback = await startDialback(await loadConfig(file), silentLog);
    const asked = await agent.request('OPTIONS');
    ourVia = asked.header('via');
  }

  async function caller(): Promise<Caller> {
    const opened = await Caller.toSender(ourVia);
    callers.push(opened);
    return opened;
  }

  const rings = (of: Caller): void =>
    of.invite({ headers: [`P-Asserted-Identity: <sip:${CUSTOMER}@127.0.0.1>`] });

  async function outcomes(): Promise<Record<string, number>> {
    const text = await (await fetch(`${dialback.url}/metrics`)).text();
    const found = text.matchAll(/inbound_calls_total\{service="sales",outcome="([^"]+)"\} (\d+)/g);
    return Object.fromEntries([...found].map(([, name = '', count]) => [name, Number(count)]));
  }

  /** Of the one call that was taken. */
  async function onlyStory(): Promise<InboundStoryDocument> {
    const { calls } = (await (await fetch(`${dialback.url}/v1/inbound-calls`)).json()) as {
      calls: InboundCallRecord[];
    };
    assert.equal(calls.length, 1);
    const path = `/v1/inbound-calls/${calls[0]?.id ?? ''}/story`;
    return (await (await fetch(`${dialback.url}${path}`)).json()) as InboundStoryDocument;
  }

  /** Nothing is left in the air. */
  async function isQuiet(): Promise<void> {
    await until(5000, 'nothing to be in the air', async () => {
      const left = Object.entries(await dialback.counts()).filter(
        // Our OPTIONS stay unanswered.
        ([kind, count]) => count > 0 && kind !== 'pendingRequests',
      );
      return left.length === 0 ? true : undefined;
    });
  }

  afterEach(async () => {
    await dialback.stop(0);
    for (const one of callers.splice(0)) one.close();
    agent.close();
    for (const one of others.splice(0)) one.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const kind of ['agents', 'sip']) {
    it(`waits with the waiting treatment, talks to an agent of a queue of kind ${kind}, and needs no callback`, async () => {
      await start('', '', kind);
      agent.onInvite = (call) => call.respond(180, 'Ringing');
      const booked = await fetch(`${dialback.url}/genesys/1/service/callback/sales`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          _customer_number: CUSTOMER,
          _desired_time: new Date(Date.now() + 7_200_000).toISOString(),
        }),
      });
      const { _id: id } = (await booked.json()) as { _id: string };
      const customer = await caller();
      rings(customer);
      assert.match((await customer.response(200, 'INVITE')).body, /^m=audio [1-9]\d* RTP\/AVP/m);
      const { callback } = (await (await fetch(`${dialback.url}/v1/callbacks/${id}`)).json()) as {
        callback: { state: string; reason: string };
      };
      assert.deepEqual([callback.state, callback.reason], ['COMPLETED', 'CANCELLED']);
      await until(5000, 'the waiting treatment to be heard', () =>
        Promise.resolve(level(Int16Array.from(customer.heard)) > AUDIBLE || undefined),
      );
      const invite = await agent.request('INVITE');
      assert.match(invite.header('from') ?? '', /12125550142/);
      agent.call.answer();
      await agent.request('ACK');
      agent.rtp.sendTone(invite.body, 900);
      void customer.play(tone(600, 8000 * 5));
      await until(5000, 'both to hear each other', () => {
        const ours = Int16Array.from(customer.heard.slice(-2400));
        const theirs = agent.rtp.heardSince().subarray(-2400);
        const both = toneShare(ours, 900) > 0.8 && toneShare(theirs, 600) > 0.8;
        return Promise.resolve(both || undefined);
      });
      customer.bye();
      await customer.response(200, 'BYE');
      await agent.request('BYE');
      await isQuiet();
      assert.deepEqual(await outcomes(), { served: 1 });
      const story = await onlyStory();
      const { outcome, why, number, connectedTo } = story.call;
      assert.deepEqual([outcome, why], ['served', 'the caller hung up']);
      assert.deepEqual([number, connectedTo], [CUSTOMER, agent.uri]);
      const wire = (leg: string) =>
        story.ladder.flatMap((line) =>
          line.leg === leg ? [`${line.direction} ${line.message}`] : [],
        );
      const theirs = ['<- INVITE', '-> 200 OK', '<- ACK', '<- BYE', '-> 200 OK'];
      assert.deepEqual(wire('customer'), theirs);
      for (const message of ['-> INVITE', '<- 200 OK', '-> ACK', '-> BYE']) {
        assert.ok(wire('agent').includes(message), `${message} of ${wire('agent').join(', ')}`);
      }
      const sounds = story.media.map(({ what }) => what);
      assert.ok(sounds.includes('play') && sounds.includes('bridge'), sounds.join(', '));
    });
  }

  it('ends with the agent, or when nobody has answered in time', async () => {
    await start('', ', _max_time_to_wait_for_agent_on_the_call: 1');
    const first = await caller();
    agent.onInvite = (call) => call.answer();
    rings(first);
    await first.response(200, 'INVITE');
    await agent.request('ACK');
    await sleep(300);
    agent.call.bye();
    await first.incoming('BYE');
    agent.onInvite = (call) => call.respond(180, 'Ringing');
    const second = await caller();
    rings(second);
    await second.incoming('BYE');
    await isQuiet();
    assert.deepEqual(await outcomes(), { served: 1, 'gave-up': 1 });
  });

  it('is sent on by the agent, who hangs up at once: the caller waits and talks to the other', async () => {
    const desk = await FarParty.open();
    others.push(desk);
    desk.onInvite = (call) => call.respond(180, 'Ringing');
    await start('', `, allowedDestinations: ["127.0.0.1:${desk.port}"]`);
    agent.onInvite = (call) => call.answer();
    agent.onRequest = (call, request) => call.respondTo(request, 200, 'OK');
    const customer = await caller();
    rings(customer);
    await customer.response(200, 'INVITE');
    const invite = await agent.request('INVITE');
    assert.match(invite.header('allow') ?? '', /\bREFER\b/);
    await agent.request('ACK');
    // Connected once the caller is heard.
    void customer.play(tone(600, 8000 * 5));
    await until(5000, 'the agent to hear the caller', () =>
      Promise.resolve(toneShare(agent.rtp.heardSince().subarray(-2400), 600) > 0.8 || undefined),
    );
    agent.call.request_('REFER', { headers: { 'refer-to': `<${desk.uri}>` } });
    await desk.request('INVITE');
    await agent.request('NOTIFY');
    agent.call.bye();
    const before = customer.heard.length;
    await until(5000, 'the waiting treatment to be heard again', () =>
      Promise.resolve(level(Int16Array.from(customer.heard.slice(before))) > AUDIBLE || undefined),
    );
    desk.call.answer();
    await desk.request('ACK');
    desk.rtp.sendTone(desk.call.offer, 900);
    await until(5000, 'the other to be heard', () =>
      Promise.resolve(
        toneShare(Int16Array.from(customer.heard.slice(-2400)), 900) > 0.8 || undefined,
      ),
    );
    customer.bye();
    await customer.response(200, 'BYE');
    await desk.request('BYE');
    await isQuiet();
    assert.deepEqual(await outcomes(), { served: 1 });
  });

  it('calls the agent off when the caller hangs up, and tries the agent again after a refusal', async () => {
    await start();
    agent.onInvite = (call) =>
      agent.requests('INVITE').length === 1
        ? call.respond(486, 'Busy Here')
        : call.respond(180, 'Ringing');
    const customer = await caller();
    rings(customer);
    await customer.response(200, 'INVITE');
    await until(10_000, 'the agent to be called again', () =>
      Promise.resolve(agent.requests('INVITE').length > 1 || undefined),
    );
    customer.bye();
    await customer.response(200, 'BYE');
    await agent.request('CANCEL');
    await isQuiet();
    assert.deepEqual(await outcomes(), { abandoned: 1 });
  });

  it('is refused beyond the most calls and the most in a second, and without audio that we speak', async () => {
    await start(', maxCalls: 1');
    agent.onInvite = (call) => call.respond(180, 'Ringing');
    const noAudio = await caller();
    noAudio.invite({ sdp: noAudio.sdp.replace('RTP/AVP', 'RTP/SAVP') });
    await noAudio.response(488, 'INVITE');
    const first = await caller();
    rings(first);
    await first.response(200, 'INVITE');
    const second = await caller();
    rings(second);
    await second.response(486, 'INVITE');
    first.bye();
    await isQuiet();
    assert.deepEqual(await outcomes(), { refused: 2, abandoned: 1 });
  });

  it('leaves nothing behind when the caller gives up before the answer', async () => {
    await start();
    const customer = await caller();
    rings(customer);
    customer.cancel();
    await Promise.race([customer.response(487, 'INVITE'), customer.response(200, 'INVITE')]);
    if (customer.received.some(({ status, method }) => status === 200 && method === 'INVITE')) {
      customer.bye();
    }
    await isQuiet();
    assert.equal(agent.requests('INVITE').length, agent.requests('CANCEL').length);
  });
});
