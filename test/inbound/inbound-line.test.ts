/** Calls from outside in the queue, on a faked telephony and a virtual clock. */
import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import type { InboundCall } from '../../src/inbound/inbound-call.js';
import { InboundLine } from '../../src/inbound/inbound-line.js';
import type { CommitResult, LegChange } from '../../src/schedule/callback-store.js';
import type { EndedInboundCallRecord } from '../../src/schedule/inbound-calls.js';
import { FakeStore } from '../fakes/fake-store.js';
import {
  ANSWERED_IDENTITY,
  FakeDialog,
  FakeTelephony,
  settle,
  silentLog,
} from '../fakes/fake-telephony.js';
import { supportPlans } from '../fakes/queue-desk.js';
import { serviceConfig } from '../fakes/service-config.js';

const LIMITS = { maxCalls: 10, maxCallsPerSecond: 2 };
const CARRIER = '192.0.2.10';
const TAKEN = { kind: 'taken' };
const UNAVAILABLE = { kind: 'reject', status: 503 };

describe('The line of calls from outside', () => {
  function open() {
    const telephony = new FakeTelephony();
    const clock = virtualClock();
    const desk = new QueueDesk({ clock, log: silentLog }, supportPlans('sip:support@pbx'));
    const store = Object.assign(new FakeStore(), { isWritable: true });
    const records: EndedInboundCallRecord[] = [];
    const outcomes: string[] = [];
    const state = { isBusy: false, released: 0, ids: 0 };
    const line = new InboundLine({
      ...{ store, telephony, clock, desk, log: silentLog },
      random: { uuid: () => `id-${(state.ids += 1)}`, fraction: () => 0.5 },
      files: { probe: () => Promise.resolve(undefined), fetch: () => Promise.reject(new Error()) },
      comfortFile: '/p/comfort.wav',
      setUps: {
        queue: () => ({
          isGranted: !state.isBusy,
          granted: state.isBusy ? new Promise<void>(() => undefined) : Promise.resolve(),
          heldBecause: undefined,
          release: () => void (state.released += 1),
        }),
      },
      metrics: { inbound: (_service, outcome) => void outcomes.push(outcome) },
      records: { inbound: (call) => void records.push(call) },
      settings: () => ({ places: { directory: '/m', packagedDirectory: '/p' }, routePoints: {} }),
    });
    const dialogs: FakeDialog[] = [];
    let rung = 0;
    const ring = (sourceAddress = CARRIER) => {
      rung += 1;
      const callId = `call-${rung}`;
      const call: InboundCall = {
        ...{ callId, number: '+12125550142', sourceAddress, offer: 'v=0 offer' },
        invite: { atMs: clock.nowMs(), direction: '<-', message: 'INVITE', cseq: '1 INVITE' },
        onCancelled: () => undefined,
        accept: (_sdp, hears) => {
          telephony.liveDialogs += 1;
          const dialog = new FakeDialog(callId, () => (telephony.liveDialogs -= 1));
          dialogs.push(dialog);
          hears.onIdentity(ANSWERED_IDENTITY);
          return Promise.resolve(dialog);
        },
      };
      return line.take(call, serviceConfig(), LIMITS);
    };
    const left = () => ({ ...telephony.counts(), timers: clock.pendingCount, calls: line.count });
    /** What the ledger was told, by the id of the call. */
    const ledger = () =>
      store.commits.flatMap(({ id, change: { leg } }) => (leg ? [[id, leg] as const] : []));
    const parts = { line, ring, dialogs, telephony, clock, store, ledger };
    return { ...parts, records, outcomes, state, left };
  }
  const NOTHING = { endpoints: 0, dialogs: 0, timers: 0, calls: 0 };

  it('takes so many a second from one address, and refuses the others with 503', async () => {
    const { ring, clock, outcomes, line, left } = open();
    assert.deepEqual(await ring(), TAKEN);
    await clock.advance(600);
    assert.deepEqual(await ring(), TAKEN);
    assert.deepEqual(await ring(), UNAVAILABLE);
    assert.deepEqual(await ring('192.0.2.11'), TAKEN, 'another carrier has a pace of its own');
    await clock.advance(399);
    assert.deepEqual(await ring(), UNAVAILABLE, 'in any second, not in one of our clock');
    await clock.advance(1);
    assert.deepEqual(await ring(), TAKEN);
    assert.deepEqual(await ring(), UNAVAILABLE);
    assert.deepEqual(outcomes, ['refused', 'refused', 'refused']);
    await line.drain(0);
    assert.deepEqual(left(), NOTHING);
  });

  it('answers 503 when the media servers have no place for two seconds, and gives the place back', async () => {
    const { ring, clock, state, telephony, dialogs, records, outcomes, left } = open();
    state.isBusy = true;
    const answer = ring();
    let isAnswered = false;
    void answer.then(() => (isAnswered = true));
    await clock.advance(1999);
    await settle();
    assert.equal(isAnswered, false, 'it rings that long');
    await clock.advance(1);
    assert.deepEqual(await answer, UNAVAILABLE);
    assert.equal(state.released, 1);
    assert.deepEqual([telephony.endpoints, dialogs], [[], []]);
    assert.deepEqual(outcomes, ['refused']);
    const [{ outcome, why } = {} as EndedInboundCallRecord] = records;
    assert.deepEqual([outcome, why], ['refused', 'the media servers are busy']);
    assert.deepEqual(left(), NOTHING);
  });

  it('has both legs of a call in the ledger until they are over, and one record afterwards', async () => {
    const { ring, clock, telephony, ledger, records, dialogs, left } = open();
    await ring();
    const kinds = (callId: string) =>
      ledger().flatMap(([, leg]) => (leg.callId === callId ? [leg.kind] : []));
    assert.deepEqual(kinds('call-1'), ['begun', 'facts', 'facts']);
    const [, , identity] = ledger().map(([, leg]): LegChange => leg);
    assert.ok(identity?.kind === 'facts');
    assert.deepEqual(identity.identity, ANSWERED_IDENTITY);
    await settle();
    const agent = telephony.calls.at(-1);
    assert.ok(agent);
    await clock.advance(4000);
    agent.answer();
    await settle();
    assert.deepEqual(kinds(agent.callId), ['begun', 'facts', 'facts', 'facts']);
    assert.equal(new Set(ledger().map(([callId]) => callId)).size, 1, 'under one name');
    await clock.advance(60_000);
    dialogs[0]?.end();
    await settle();
    assert.deepEqual([kinds('call-1').at(-1), kinds(agent.callId).at(-1)], ['over', 'over']);
    const [{ id, outcome, ...times } = {} as EndedInboundCallRecord] = records;
    assert.equal(id, ledger()[0]?.[0]);
    assert.equal(outcome, 'served');
    const { startedAtMs, connectedAtMs = 0, endedAtMs } = times;
    assert.deepEqual([connectedAtMs - startedAtMs, endedAtMs - connectedAtMs], [4000, 60_000]);
    assert.equal(times.connectedTo, 'sip:support@pbx');
    assert.deepEqual([records.length, left()], [1, NOTHING]);
  });

  it('is on disk with its leg before anything is done, and its end before it is told', async () => {
    const { ring, clock, telephony, store, dialogs, records, line, left } = open();
    let write: (result: CommitResult) => void = () => undefined;
    const isWriting = { next: true };
    const commit = store.commit.bind(store);
    store.commit = async (id, change, options) => {
      if (!options.durable || !isWriting.next) return commit(id, change, options);
      await commit(id, change, options);
      return new Promise((resolve) => (write = resolve));
    };
    const answer = ring();
    await settle();
    const [{ change, durable } = {} as (typeof store.commits)[number]] = store.commits;
    assert.deepEqual(
      [change.inbound?.callId, change.inbound?.startedAtMs, change.leg?.kind, durable],
      ['call-1', clock.nowMs(), 'begun', true],
    );
    assert.deepEqual([telephony.endpoints, dialogs], [[], []], 'nothing is done yet');
    write({ ok: true });
    assert.deepEqual(await answer, TAKEN);
    dialogs[0]?.end();
    await settle();
    const end = store.commits.at(-1)?.change.inbound;
    assert.deepEqual([end?.outcome, end?.endedAtMs], ['abandoned', clock.nowMs()]);
    assert.deepEqual([records, line.count], [[], 1]);
    write({ ok: true });
    await settle();
    assert.deepEqual([records.length, left()], [1, NOTHING]);
  });

  it('is not taken by a process that may not, or whose store cannot write', async () => {
    const { ring, telephony, store, records, outcomes, left } = open();
    const commit = store.commit.bind(store);
    store.commit = () => Promise.resolve({ ok: false, why: 'not-claimed' });
    assert.deepEqual(await ring(), UNAVAILABLE);
    await settle();
    store.commit = commit;
    store.isWritable = false;
    assert.deepEqual(await ring(), UNAVAILABLE);
    assert.deepEqual([telephony.endpoints, records, store.commits], [[], [], []]);
    assert.deepEqual(outcomes, ['refused', 'refused']);
    assert.deepEqual(left(), NOTHING);
  });

  it('has its end written as soon as the disk takes it, and leaves it to the next start at the last', async () => {
    const { ring, clock, store, dialogs, records, line, left } = open();
    await ring();
    const endedAtMs = clock.nowMs();
    store.broken = new Error('disk full');
    dialogs[0]?.end();
    await settle();
    await clock.advance(2500);
    assert.deepEqual([records, line.count], [[], 1]);
    store.broken = undefined;
    await clock.advance(500);
    assert.deepEqual([records[0]?.outcome, records[0]?.endedAtMs], ['abandoned', endedAtMs]);
    await ring();
    store.broken = new Error('disk full');
    await line.drain(0);
    assert.deepEqual([records.length, left()], [1, NOTHING]);
  });

  it('that another process has ended meanwhile is not told twice', async () => {
    const { ring, store, dialogs, records, outcomes, left } = open();
    await ring();
    store.commit = () => Promise.resolve({ ok: false, why: 'completed' });
    dialogs[0]?.end();
    await settle();
    assert.deepEqual([records, outcomes, left()], [[], [], NOTHING]);
  });

  it('looks for one agent at a time though a bridge fails twice over, and no longer than it may', async () => {
    const { ring, clock, telephony, line, left } = open();
    const { agentRetryMs, agentWaitMaxMs } = serviceConfig().options;
    await ring();
    await settle();
    const [customer] = telephony.endpoints;
    assert.ok(customer);
    let breakBridge: (error: Error) => void = () => undefined;
    customer.bridge = () => new Promise((_resolve, reject) => (breakBridge = reject));
    const first = telephony.calls.at(-1);
    first?.answer();
    await settle();
    first?.dialog?.end();
    await settle();
    breakBridge(new Error('no answer'));
    await settle();
    await clock.advance(agentRetryMs);
    await settle();
    await clock.advance(agentRetryMs);
    await settle();
    assert.equal(telephony.calls.length, 2, 'one more agent is called');
    assert.ok(agentWaitMaxMs > 2 * agentRetryMs);
    await clock.advance(agentWaitMaxMs - 2 * agentRetryMs);
    await settle();
    assert.notEqual(telephony.calls.at(-1)?.cancelledWith, undefined);
    await line.drain(0);
    assert.deepEqual(left(), NOTHING);
  });

  it('has a story: messages, what was played, looked for and bridged, and how it ended', async () => {
    const { ring, clock, telephony, store, dialogs } = open();
    await ring();
    await settle();
    telephony.calls.at(-1)?.answer();
    await settle();
    await clock.advance(1000);
    dialogs[0]?.end();
    await settle();
    assert.deepEqual(store.trail, [
      'customer <- INVITE',
      'customer endpoint endpoint-1',
      'customer queue support, as queue-1',
      'agent endpoint endpoint-2',
      'customer play waiting.wav, in a loop',
      'customer play-stopped waiting.wav',
      'customer bridge with queue-1',
      'customer over served: the caller hung up',
    ]);
  });
});
