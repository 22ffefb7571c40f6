/** Calls from outside in the queue, on a faked telephony and a virtual clock. */
import assert from 'node:assert/strict';
import { virtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { QueueDesk } from '../../src/handoff/queue-desk.js';
import type { InboundCall } from '../../src/inbound/inbound-call.js';
import { InboundLine } from '../../src/inbound/inbound-line.js';
import type { InboundFacts } from '../../src/report/call-record.js';
import type { LegChange } from '../../src/schedule/callback-store.js';
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
    const ledger: (readonly [callId: string, leg: LegChange])[] = [];
    const records: InboundFacts[] = [];
    const outcomes: string[] = [];
    const state = { isBusy: false, released: 0, ids: 0 };
    const line = new InboundLine({
      ...{ telephony, clock, desk, log: silentLog },
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
      keepLeg: (callId, leg) => void ledger.push([callId, leg]),
      settings: () => ({ places: { directory: '/m', packagedDirectory: '/p' }, routePoints: {} }),
    });
    const dialogs: FakeDialog[] = [];
    let rung = 0;
    const ring = (sourceAddress = CARRIER) => {
      rung += 1;
      const callId = `call-${rung}`;
      const call: InboundCall = {
        ...{ callId, number: '+12125550142', sourceAddress, offer: 'v=0 offer' },
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
    return { line, ring, dialogs, telephony, clock, ledger, records, outcomes, state, left };
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
    assert.deepEqual([outcomes, records], [['refused'], []]);
    assert.deepEqual(left(), NOTHING);
  });

  it('has both legs of a call in the ledger until they are over, and one record afterwards', async () => {
    const { ring, clock, telephony, ledger, records, dialogs, left } = open();
    await ring();
    const kinds = (callId: string) =>
      ledger.flatMap(([, leg]) => (leg.callId === callId ? [leg.kind] : []));
    assert.deepEqual(kinds('call-1'), ['begun', 'facts', 'facts']);
    const [, , identity] = ledger.map(([, leg]) => leg);
    assert.ok(identity?.kind === 'facts');
    assert.deepEqual(identity.identity, ANSWERED_IDENTITY);
    await settle();
    const agent = telephony.calls.at(-1);
    assert.ok(agent);
    await clock.advance(4000);
    agent.answer();
    await settle();
    assert.deepEqual(kinds(agent.callId), ['begun', 'facts', 'facts', 'facts']);
    assert.equal(new Set(ledger.map(([callId]) => callId)).size, 1, 'under one name');
    await clock.advance(60_000);
    dialogs[0]?.end();
    await settle();
    assert.deepEqual([kinds('call-1').at(-1), kinds(agent.callId).at(-1)], ['over', 'over']);
    const [{ id, outcome, waitedMs, talkedMs, connectedTo } = {} as InboundFacts] = records;
    assert.equal(id, ledger[0]?.[0]);
    assert.deepEqual([outcome, waitedMs, talkedMs], ['served', 4000, 60_000]);
    assert.equal(connectedTo, 'sip:support@pbx');
    assert.deepEqual([records.length, left()], [1, NOTHING]);
  });
});
