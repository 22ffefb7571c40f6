import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { DeskSearch } from '../../src/handoff/desk-search.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import type { QueuePlan } from '../../src/handoff/queue/plans.js';
import type { Exit } from '../../src/handoff/queue/requests.js';
import type { Wanted } from '../../src/handoff/queue/vocabulary.js';
import { FakeTelephony, settle, silentLog } from '../fakes/fake-telephony.js';
import { agentPlan, agentQueue, sipQueue, step } from './queue/queue-world.js';

function office(queue: QueuePlan, more: Partial<Wanted> = {}, isShared = false) {
  const telephony = new FakeTelephony();
  const clock = virtualClock();
  const exits: Exit[] = [];
  const desk = new QueueDesk(
    { clock, log: silentLog, isShared, onExit: (exit) => exits.push(exit) },
    { agents: ['ann', 'bob'].map((name) => agentPlan(name)), queues: [queue] },
  );
  let ids = 0;
  const search = (requestId = 'c1', change: Partial<Wanted> = more) => {
    const heard: string[] = [];
    const wire: string[] = [];
    const found = new DeskSearch(
      { desk, telephony, random: { uuid: () => `call-${(ids += 1)}`, fraction: () => 0.5 } },
      {
        ...{ requestId, service: 'sales', steps: [step(queue.name)], isAhead: false },
        ...{ priority: 3, priorityIncrement: 1, priorityIncrementIntervalMs: 1000 },
        ...{ etaPositions: [], reserveTimeoutMs: 30_000, attemptsMax: 5, confirmTimeoutMs: 0 },
        ...change,
      },
      (priority) => ({ callerId: '5551234', headers: { 'X-GMS-URS-PRIORITY': String(priority) } }),
      {
        onCall: (callId) => ({
          onEndpoint: () => wire.push(`${callId} endpoint`),
          onIdentity: ({ answered }) => wire.push(`${callId} ${answered ? 'answered' : 'sent'}`),
          onOver: () => wire.push(`${callId} over`),
        }),
        onAnswered: () => heard.push('answered'),
        onFailed: (why) => heard.push(`failed: ${why}`),
        onHungUp: () => heard.push('hung up'),
        onMissed: (why) => heard.push(`missed: ${why}`),
        onNear: (why) => heard.push(`near: ${why}`),
        onEarlyMedia: (isHeard) => {
          heard.push(isHeard ? 'far side heard' : 'far side silent');
          return Promise.resolve();
        },
      },
    );
    return { found, heard, wire };
  };
  const uris = () => telephony.calls.map(({ request }) => request.uri);
  const isClean = () => {
    assert.deepEqual(telephony.counts(), { endpoints: 0, dialogs: 0 });
    assert.deepEqual(desk.counts(), { queueRequests: 0, queueOffers: 0, queueTimers: 0 });
    assert.equal(clock.pendingCount, 0);
  };
  return { telephony, clock, desk, exits, search, uris, isClean };
}

const pbx = (targets: readonly string[], more = {}) => sipQueue('pbx', targets, more);
const gold = (more = {}) => agentQueue('gold', ['ann', 'bob'], { missPauseMs: 0, ...more });

describe('DeskSearch', () => {
  it('calls SIP targets in their order until one answers, each on a leg of its own', async () => {
    const t = office(pbx(['a', 'b']));
    const { found, heard, wire } = t.search();
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    t.telephony.calls[1]?.answer();
    await settle();
    assert.deepEqual(t.uris(), ['sip:a@pbx.example.net', 'sip:b@pbx.example.net']);
    assert.deepEqual(heard, ['answered']);
    assert.equal(found.endpoint?.hasEnded, false);
    assert.equal(found.address, 'sip:b@pbx.example.net');
    assert.equal(t.telephony.calls[1]?.request.headers?.['X-GMS-URS-PRIORITY'], '3');
    await found.hangUp('done');
    assert.deepEqual(
      wire.filter((line) => line.endsWith('over')),
      ['call-1 over', 'call-2 over'],
    );
    t.isClean();
  });

  it('tells the telephones of the others that somebody has the call, and else that it was missed', async () => {
    const t = office(gold({ strategy: 'ring-all' }));
    const one = t.search();
    await settle();
    t.telephony.calls[1]?.answer();
    await settle();
    assert.deepEqual(one.heard, ['answered']);
    assert.equal(t.telephony.calls[0]?.cancelCause, 'taken-elsewhere');
    const other = t.search('c2');
    await settle();
    await other.found.hangUp('the customer hung up');
    assert.equal(t.telephony.calls[2]?.cancelledWith, 'the customer hung up');
    assert.equal(t.telephony.calls[2].cancelCause, undefined);
    await one.found.hangUp('done');
    t.isClean();
  });

  it('fails with the last reason when nobody answers', async () => {
    const t = office(pbx(['a']));
    const { heard } = t.search();
    await settle();
    t.telephony.calls[0]?.fail(480);
    await settle();
    assert.deepEqual(heard, ['failed: sip:a@pbx.example.net: SIP 480 refused']);
    t.isClean();
  });

  it('goes on to the next one when a call is given up underneath it', async () => {
    const t = office(pbx(['a', 'b']));
    const { found } = t.search();
    await settle();
    t.telephony.calls[0]?.cancel('no answer');
    await settle();
    assert.deepEqual(t.uris(), ['sip:a@pbx.example.net', 'sip:b@pbx.example.net']);
    await found.hangUp('done');
    t.isClean();
  });

  it('lets an agent ring as long as the queue says, however long our own servers took before', async () => {
    const t = office(gold({ ringTimeoutMs: 10_000 }));
    const make = t.telephony.media.createEndpoint;
    t.telephony.media.createEndpoint = async (wish) => {
      await new Promise<void>((resolve) => t.clock.after(9000, resolve));
      return make(wish);
    };
    const { found, heard } = t.search();
    await t.clock.advance(9000);
    assert.deepEqual(t.uris(), ['sip:ann@pbx.example.net']);
    await t.clock.advance(9999);
    assert.deepEqual(heard, []);
    await t.clock.advance(1);
    assert.deepEqual(heard, ['missed: no answer in 10 s']);
    await t.clock.advance(9000);
    t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(heard[1], 'answered');
    await found.hangUp('done');
    await t.clock.advance(10_000);
    t.isClean();
  });

  it('tells of each agent tried in vain, and sends the priority as it has grown', async () => {
    const t = office(gold());
    const { found, heard } = t.search();
    await settle();
    await t.clock.advance(2500);
    t.telephony.calls[0]?.fail(603);
    await settle();
    t.telephony.calls[1]?.answer();
    await settle();
    assert.deepEqual(heard, ['missed: sip:ann@pbx.example.net: SIP 603 refused', 'answered']);
    assert.equal(t.telephony.calls[1]?.request.headers?.['X-GMS-URS-PRIORITY'], '5');
    await found.hangUp('done');
    t.isClean();
  });

  for (const status of [486, 600]) {
    it(`takes ${status} for a call of another process, where there are others: no miss, no try`, async () => {
      const onlyAnn = { seats: [{ agent: 'ann', tier: 1 }], missPauseMs: 0, missesMax: 1 };
      const t = office(gold(onlyAnn), { attemptsMax: 1 }, true);
      const { found, heard } = t.search();
      await settle();
      t.telephony.calls[0]?.fail(status);
      await settle();
      const [ann] = t.desk.agents();
      assert.deepEqual([ann?.state, ann?.missed, ann?.missesInARow], ['wrap-up', 0, 0]);
      await t.clock.advance(1999);
      assert.equal(t.telephony.calls.length, 1, 'she is left alone for a while');
      await t.clock.advance(1);
      await settle();
      t.telephony.calls[1]?.answer();
      await settle();
      assert.deepEqual(heard, ['answered']);
      await found.hangUp('done');
      t.isClean();
    });
  }

  it('asks somebody else at once when an agent is in a call of another process', async () => {
    const t = office(gold(), {}, true);
    const { found, heard } = t.search();
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.deepEqual(t.uris(), ['sip:ann@pbx.example.net', 'sip:bob@pbx.example.net']);
    t.telephony.calls[1]?.fail(480);
    await settle();
    assert.deepEqual(heard, ['missed: sip:bob@pbx.example.net: SIP 480 refused']);
    assert.equal(t.desk.agents()[1]?.missesInARow, 1, 'who does not answer has missed a call');
    await found.hangUp('done');
    t.desk.stop();
  });

  it('takes what a server on the way says (5xx) for no miss and no try', async () => {
    const t = office(gold({ missesMax: 1 }), { attemptsMax: 1 });
    const { found, heard } = t.search();
    await settle();
    t.telephony.calls[0]?.fail(503);
    await settle();
    t.telephony.calls[1]?.fail(500);
    await settle();
    const misses = t.desk.agents().map(({ missesInARow, missed }) => [missesInARow, missed]);
    assert.deepEqual(heard, []);
    assert.deepEqual(misses.flat(), [0, 0, 0, 0]);
    await t.clock.advance(5000);
    t.telephony.calls[2]?.answer();
    await settle();
    assert.deepEqual(heard, ['answered']);
    await found.hangUp('done');
    await t.clock.advance(10_000);
    t.isClean();
  });

  it('takes an answer that is of no use for a miss, or a wrong phone would ring for ever', async () => {
    const t = office(gold({ seats: [{ agent: 'ann', tier: 1 }] }), { attemptsMax: 1 });
    const { heard } = t.search();
    await settle();
    t.telephony.calls[0]?.answerInVain('SDP_SRTP: the far side wants RTP/SAVP');
    await settle();
    assert.deepEqual(heard, [
      'failed: sip:ann@pbx.example.net: SDP_SRTP: the far side wants RTP/SAVP',
    ]);
    assert.equal(t.desk.agents()[0]?.missesInARow, 1);
    t.isClean();
  });

  it('takes busy for a miss where there is no other process', async () => {
    const t = office(gold({ seats: [{ agent: 'ann', tier: 1 }] }), { attemptsMax: 1 });
    const { heard } = t.search();
    await settle();
    t.telephony.calls[0]?.fail(486);
    await settle();
    assert.deepEqual(heard, ['failed: sip:ann@pbx.example.net: SIP 486 refused']);
    assert.equal(t.desk.agents()[0]?.missesInARow, 1);
    t.isClean();
  });

  it('keeps an agent from the next customer until the wire is quiet', async () => {
    const t = office(gold({ seats: [{ agent: 'ann', tier: 1 }], wrapUpMs: 0 }));
    const first = t.search('c1');
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.search('c2');
    await settle();
    assert.equal(t.telephony.calls.length, 1);
    await first.found.hangUp('the customer hung up');
    await settle();
    assert.equal(t.telephony.calls[0]?.dialog?.hasEnded, true);
    assert.equal(t.telephony.calls.length, 2);
  });

  it('lets one answer win and cancels the others', async () => {
    const t = office(gold({ strategy: 'ring-all' }));
    const { found, heard } = t.search();
    await settle();
    t.telephony.calls[1]?.answer();
    await settle();
    assert.equal(t.telephony.calls[0]?.cancelledWith, 'another one answered');
    assert.deepEqual(heard, ['answered']);
    assert.equal(found.address, 'sip:bob@pbx.example.net');
    assert.equal(t.desk.agents()[0]?.state, 'ready');
    await found.hangUp('done');
    t.isClean();
  });

  it('says when the one who answered has hung up, and counts how each request left', async () => {
    const t = office(gold());
    const { found, heard } = t.search();
    await settle();
    t.telephony.calls[0]?.answer();
    await settle();
    t.telephony.calls[0]?.dialog?.end();
    await settle();
    assert.deepEqual(heard, ['answered', 'hung up']);
    await found.hangUp('over');
    const { found: other } = t.search('c2');
    await settle();
    await other.hangUp('the customer hung up', 'abandoned');
    assert.deepEqual(
      t.exits.map(({ requestId, exit }) => [requestId, exit]),
      [
        ['c1', 'served'],
        ['c2', 'abandoned'],
      ],
    );
    t.isClean();
  });

  it('never joins when it is taken back at once', async () => {
    const t = office(gold());
    const { found, heard } = t.search();
    await found.hangUp('not needed');
    await settle();
    assert.deepEqual([heard, t.telephony.calls, t.exits], [[], [], []]);
    t.isClean();
  });

  it('holds a place ahead of the dial, and calls the agent once the customer is there', async () => {
    const t = office(gold(), { isAhead: true });
    const { found, heard } = t.search();
    await settle();
    assert.deepEqual(heard, ['near: ann is kept free']);
    assert.deepEqual(t.uris(), []);
    found.customerReady();
    await settle();
    assert.deepEqual(t.uris(), ['sip:ann@pbx.example.net']);
    await found.hangUp('done');
    t.isClean();
  });

  it('is answered while its media are being connected, and has hung up when they cannot be', async () => {
    const t = office(pbx(['a']));
    const { heard } = t.search();
    await settle();
    let fail = (_why: Error): void => {};
    const [endpoint] = t.telephony.endpoints;
    assert.ok(endpoint);
    endpoint.connect = () => new Promise((_, reject) => (fail = reject));
    t.telephony.calls[0]?.answer();
    await settle();
    assert.deepEqual(heard, ['answered']);
    fail(new Error('ENDPOINT_SRTP'));
    await settle();
    assert.deepEqual(heard, ['answered', 'hung up']);
    t.isClean();
  });

  it('lets early media be heard, and says when they are over', async () => {
    const t = office(pbx(['a', 'b'], { earlyMedia: 'pass' }));
    const { found, heard } = t.search();
    await settle();
    t.telephony.calls[0]?.ring(183, 'v=0 early');
    await settle();
    assert.notEqual(found.endpoint, undefined);
    assert.equal(found.dialog, undefined);
    t.telephony.calls[0]?.fail(480);
    await settle();
    assert.deepEqual(heard, ['far side heard', 'far side silent']);
    assert.equal(found.endpoint, undefined);
    await found.hangUp('done');
    t.isClean();
  });

  it('takes media without an answer for a transfer in the end, and its failure for a hang-up', async () => {
    const t = office(pbx(['a']), { confirmTimeoutMs: 5000 });
    const { found, heard } = t.search();
    await settle();
    t.telephony.calls[0]?.ring(183, 'v=0 early');
    await settle();
    assert.equal(found.endpoint, undefined, 'not heard before');
    await t.clock.advance(5000);
    await settle();
    assert.deepEqual(heard, ['answered']);
    assert.notEqual(found.endpoint, undefined);
    t.telephony.calls[0]?.fail(487);
    await settle();
    assert.deepEqual(heard, ['answered', 'hung up']);
    await found.hangUp('done');
    t.isClean();
  });

  it('fails when it was taken for answered and cannot be heard', async () => {
    const t = office(pbx(['a']), { confirmTimeoutMs: 5000 });
    const { heard } = t.search();
    await settle();
    t.telephony.calls[0]?.ring(183, 'v=0 early');
    await settle();
    const [endpoint] = t.telephony.endpoints;
    assert.ok(endpoint);
    endpoint.connect = () => Promise.reject(new Error('ENDPOINT_SRTP'));
    await t.clock.advance(5000);
    await settle();
    assert.deepEqual(heard, [
      'failed: sip:a@pbx.example.net: taken for answered, and its media cannot be heard',
    ]);
    t.isClean();
  });

  it('knows how the customer stands', async () => {
    const t = office(gold({ seats: [{ agent: 'ann', tier: 1 }], expectedHandleMs: 60_000 }));
    const first = t.search('c1');
    await settle();
    const second = t.search('c2');
    await settle();
    assert.deepEqual(first.found.standing(), {}, 'an agent rings');
    assert.deepEqual(second.found.standing(), { position: 1, expectedWaitMs: 60_000 });
  });
});
