/**
 * Hand-offs end to end on real SIP and RTP: route points by REFER and by bridge, whisper, accept key,
 * recording, announcements and direct media; each ends in the right record. Some run at the same time.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './bench.js';
import { FarParty, type SipText } from './far-party.js';
import { HandOffBench, TONE_HZ } from './hand-off-bench.js';
import { toneShare } from './far-rtp.js';

type Case = (bench: HandOffBench) => Promise<void>;

const SECOND_HZ = 700;
/** Each starts a service of its own. */
const AT_A_TIME = 3;
const REFER = { routePointTransfer: 'refer', referTimeoutMs: '1500' };

/** What the customer's side says to a REFER: a status, and what it reports afterwards. */
function onRefer({ customer }: HandOffBench, status: number, ...reports: readonly string[]): void {
  const dialled = () => customer.call;
  customer.onRequest = (call, request: SipText) => {
    if (request.method !== 'REFER') return;
    call.respondTo(request, status, status === 202 ? 'Accepted' : 'Decline');
    for (const report of reports) {
      const isLast = !report.startsWith('1');
      dialled().request_('NOTIFY', {
        headers: {
          event: 'refer',
          'subscription-state': isLast ? 'terminated;reason=noresource' : 'active;expires=60',
        },
        body: { type: 'message/sipfrag', text: `SIP/2.0 ${report}\r\n` },
      });
    }
  };
}

/** The route point was called by us instead, and the two talk until it hangs up. */
async function isBridgedInstead(bench: HandOffBench, why: RegExp, except = ''): Promise<void> {
  await bench.customer.rtp.hears(TONE_HZ.waiting);
  await bench.customer.rtp.hears(TONE_HZ.agent);
  await bench.agent.rtp.hears(TONE_HZ.customer);
  bench.agent.call.bye();
  const record = await bench.completed();
  assert.deepEqual(
    [record.reason, record.transfer, record.connectedTo, record.talkEndedBy],
    ['ROUTED_TO_RP', 'bridged', bench.agent.uri, 'route-point'],
  );
  assert.match(record.transferDetail ?? '', why);
  assert.ok((record.talkMs ?? 0) > 200, `${record.talkMs} ms`);
  await bench.isClean(except);
}

const CASES: Readonly<Record<string, Case>> = {
  'a route point by REFER that is taken: the call leaves us, and is hung up': async (bench) => {
    onRefer(bench, 202, '100 Trying', '200 OK');
    await bench.routed(REFER);
    const record = await bench.completed();
    assert.deepEqual(
      [record.reason, record.transfer, record.connectedTo, record.talkMs],
      ['ROUTED_TO_RP', 'referred', bench.agent.uri, undefined],
    );
    const refer = await bench.customer.request('REFER');
    const [, uri, age] =
      /^<([^?]+)\?.*X-RouterData70=(\d+)/.exec(refer.header('refer-to') ?? '') ?? [];
    assert.equal(uri, bench.agent.uri);
    assert.ok(Number(age) < 60, 'its age travels with the call');
    await bench.customer.request('BYE');
    assert.deepEqual(bench.agent.requests('INVITE'), []);
    await bench.isClean();
  },

  'a route point by REFER of a customer who reports it and hangs up in one breath': async (
    bench,
  ) => {
    onRefer(bench, 202, '200 OK');
    const { onRequest } = bench.customer;
    bench.customer.onRequest = (call, request) => {
      onRequest(call, request);
      if (request.method === 'REFER') bench.customer.call.bye();
    };
    await bench.routed(REFER);
    const { reason, transfer } = await bench.completed();
    assert.deepEqual([reason, transfer], ['ROUTED_TO_RP', 'referred']);
    await bench.isClean();
  },

  'a route point by REFER that is refused: bridged instead': async (bench) => {
    onRefer(bench, 603);
    await bench.routed(REFER);
    await isBridgedInstead(bench, /^REFER: 603 Decline$/);
  },

  'a route point by REFER whom the destination refuses: bridged instead': async (bench) => {
    onRefer(bench, 202, '100 Trying', '486 Busy Here');
    await bench.routed(REFER);
    await isBridgedInstead(bench, /^REFER: 486 Busy Here$/);
  },

  'a route point by REFER of which nothing more is heard: bridged instead': async (bench) => {
    onRefer(bench, 202, '100 Trying');
    await bench.routed(REFER);
    await isBridgedInstead(bench, /^REFER: no final NOTIFY within 1500 ms$/);
  },

  'a route point by REFER that is never answered at all: bridged instead': async (bench) => {
    await bench.routed(REFER);
    // The signalling server goes on repeating its REFER for 32 s (RFC 3261 17.1.2.2, timer F).
    await isBridgedInstead(bench, /^REFER: /, 'pendingRequests');
  },

  'a route point that cannot be reached: FAIL_TARGET_NOT_FOUND': async (bench) => {
    bench.agent.onInvite = (call) => call.respond(480, 'Temporarily Unavailable');
    await bench.routed({});
    const { reason, transfer, talkMs, waitMs } = await bench.completed();
    assert.deepEqual([reason, transfer, talkMs], ['FAIL_TARGET_NOT_FOUND', undefined, undefined]);
    assert.ok(waitMs !== undefined);
    await bench.isClean();
  },

  'an agent who is told and has to press a key; the conversation is recorded': async (bench) => {
    const { customer, agent, folder } = bench;
    await bench.call({
      agentWhisper: '[whisper.wav]',
      agentAcceptDigit: '"1"',
      recordCalls: join(folder, '{service}/{attempt}.wav'),
    });
    await agent.rtp.hears(TONE_HZ.whisper);
    await customer.rtp.hears(TONE_HZ.waiting);
    assert.ok(toneShare(customer.rtp.heardSince(), TONE_HZ.whisper) < 0.1, 'for the agent alone');
    await agent.rtp.pressKey(agent.call.offer, '1', 100);
    await customer.rtp.hears(TONE_HZ.agent);
    await agent.rtp.hears(TONE_HZ.customer);
    await customer.rtp.hears(TONE_HZ.agent, { forMs: 1000 });
    customer.call.bye();
    const record = await bench.completed();
    assert.deepEqual(
      [record.reason, record.transfer, record.talkEndedBy],
      ['AGENT_CONNECTED', 'bridged', 'customer'],
    );
    await bench.isClean();
    // The folder is made by the media server.
    const path = join(folder, 'sales', '1.wav');
    const samples = await until(10_000, 'the recording', async () => {
      const file = await readFile(path).catch(() => Buffer.alloc(0));
      return file.length > 8000
        ? new Int16Array(new Uint8Array(file.subarray(44)).buffer, 0, (file.length - 44) >> 1)
        : undefined;
    });
    const side = (right: number) => samples.filter((_, i) => i % 2 === right);
    assert.ok(toneShare(side(0), TONE_HZ.customer) > 0.7, 'the customer is left');
    assert.ok(toneShare(side(1), TONE_HZ.agent) > 0.7, 'the agent is right');
  },

  'a customer who is told the place in the queue, between the music and the agent': async (
    bench,
  ) => {
    const { customer } = bench;
    await bench.call({
      queue: 'desk',
      positionAnnouncement: '[whisper.wav, "{position}"]',
      numberFragments: '[1=one.wav]',
      announcementEveryMs: '5000',
    });
    let fromMs = 0;
    for (const name of ['waiting', 'whisper', 'one', 'waiting'] as const) {
      fromMs = await customer.rtp.hears(TONE_HZ[name], { fromMs });
    }
    await bench.setReady('alice');
    await customer.rtp.hears(TONE_HZ.agent);
    customer.call.bye();
    assert.equal((await bench.completed()).reason, 'AGENT_CONNECTED');
    // Her wrap-up goes on.
    await bench.isClean('queueTimers');
  },

  'an agent who presses nothing is a failed try': async (bench) => {
    await bench.call({
      agentAcceptDigit: '"1"',
      agentAcceptTimeoutMs: '1000',
      _max_transfer_to_agent_attempts: '1',
    });
    const { reason, connectedAtMs } = await bench.completed();
    assert.deepEqual([reason, connectedAtMs], ['FAIL_AGENT_CONNECT', undefined]);
    await bench.isClean();
  },

  'an agent who transfers the customer is hung up once the two hear each other': (bench) =>
    withSecond(bench, async (second) => {
      const { customer, agent } = bench;
      second.onInvite = (call) => {
        call.answer();
        second.rtp.sendTone(call.offer, SECOND_HZ);
      };
      await transferTo(second, bench);
      await customer.rtp.hears(SECOND_HZ);
      await second.rtp.hears(TONE_HZ.customer);
      await agent.request('BYE');
      assert.match(agent.requests('NOTIFY').at(-1)?.body ?? '', /^SIP\/2.0 200 /);
      second.call.bye();
      const { reason, transfer, connectedTo, talkEndedBy } = await bench.completed();
      assert.deepEqual(
        [reason, transfer, connectedTo, talkEndedBy],
        ['AGENT_CONNECTED', 'transferred', second.uri, 'agent'],
      );
    }),

  'an agent whose transfer is hung up at once has the customer back': (bench) =>
    withSecond(bench, async (second) => {
      const { customer, agent } = bench;
      second.onInvite = (call) => {
        call.answer();
        // Not before the ACK (RFC 3261 15).
        void second.request('ACK').then(() => call.bye());
      };
      await transferTo(second, bench);
      await until(20_000, 'the agent to be told', () =>
        Promise.resolve(/^SIP\/2.0 [45]/.test(agent.requests('NOTIFY').at(-1)?.body ?? '')),
      );
      await customer.rtp.hears(TONE_HZ.agent);
      await agent.rtp.hears(TONE_HZ.customer);
      assert.deepEqual(agent.requests('BYE'), []);
      customer.call.bye();
      const { reason, transfer, talkEndedBy } = await bench.completed();
      assert.deepEqual([reason, transfer, talkEndedBy], ['AGENT_CONNECTED', 'bridged', 'customer']);
    }),

  'direct media: the media server is released, and the hang-up still comes': async (bench) => {
    const { customer, agent } = bench;
    const [reinvited, pickUp] = [customer.onInvite, agent.onInvite];
    let calls = 0;
    customer.onInvite = (call) => (calls++ === 0 ? reinvited(call) : retarget(bench, 'customer'));
    let agentCalls = 0;
    agent.onInvite = (call) => (agentCalls++ === 0 ? pickUp(call) : retarget(bench, 'agent'));
    await bench.call({ media: 'direct' });
    await until(20_000, 'the media server to be released', async () => {
      const { endpoints, dialogs } = await bench.counts();
      return (endpoints === 0 && dialogs === 2) || undefined;
    });
    await customer.rtp.hears(TONE_HZ.agent);
    await agent.rtp.hears(TONE_HZ.customer);
    agent.call.request_('BYE');
    const record = await bench.completed();
    assert.deepEqual([record.reason, record.transfer], ['AGENT_CONNECTED', 'direct']);
    assert.equal(record.talkEndedBy, 'agent');
    await bench.isClean();
  },
};

/** Somebody else whom the agent may transfer to. */
async function withSecond(
  bench: HandOffBench,
  run: (second: FarParty) => Promise<void>,
): Promise<void> {
  const second = await FarParty.open();
  try {
    await bench.call({ allowedDestinations: `["127.0.0.1:${second.port}"]` });
    await run(second);
    await bench.isClean();
  } finally {
    second.close();
  }
}

/** The agent, in a conversation, sends the customer there. */
async function transferTo(second: FarParty, { customer, agent }: HandOffBench): Promise<void> {
  await customer.rtp.hears(TONE_HZ.agent);
  agent.onRequest = (call, request) => {
    if (request.method === 'NOTIFY') call.respondTo(request, 200, 'OK');
  };
  agent.call.request_('REFER', { headers: { 'refer-to': `<${second.uri}>` } });
}

/** A re-INVITE: answers, and sends to where the other side listens. */
function retarget(bench: HandOffBench, side: 'customer' | 'agent'): void {
  const party = bench[side];
  party.call.answer();
  party.rtp.sendTone(party.call.offer, TONE_HZ[side]);
}

describe('a hand-off', function () {
  this.timeout(120_000);
  const running = new Map<string, Promise<void>>();

  before(() => {
    for (const [name, run] of Object.entries(CASES)) {
      const before = [...running.values()].at(-AT_A_TIME) ?? Promise.resolve();
      const done = before
        .catch(() => {})
        .then(() => HandOffBench.open())
        .then((bench) => run(bench).finally(() => bench.close()));
      done.catch(() => {}); // Reported by its own test below.
      running.set(name, done);
    }
  });

  for (const name of Object.keys(CASES)) {
    it(name, () => running.get(name));
  }
});
