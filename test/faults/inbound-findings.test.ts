import assert from 'node:assert/strict';
import type { HeardCall } from '../../src/farend/far-end.js';
import type { InboundCallRecord } from '../../src/schedule/inbound-calls.js';
import type { RungCall } from './callers.js';
import { inboundFindings, transferFindings, transfersOf } from './inbound-findings.js';

const KILL = {
  ...{ n: 1, name: 'kill the service', atMs: 100_000, healedAtMs: 102_000, callsUp: 4 },
};
const FREEZE = { ...KILL, name: 'freeze freeswitch' };

const rang = (more: Partial<RungCall> = {}): RungCall => ({
  ...{ callId: 'call', startedAtMs: 10_000, answeredAtMs: 10_100, endedAtMs: 20_000 },
  ...{ endedBy: 'service', ladder: [] },
  ...more,
});
const record = (more: Partial<InboundCallRecord> = {}): InboundCallRecord => ({
  ...{ id: 'inbound-1', callId: 'call', serviceName: 'sales', sourceAddress: '127.0.0.1' },
  ...{ startedAtMs: 10_000, connectedAtMs: 12_000, endedAtMs: 20_000 },
  ...{ outcome: 'served', why: 'w' },
  ...more,
});
const found = (
  rung: readonly RungCall[],
  records: readonly InboundCallRecord[],
  periods = [KILL],
): string[] => inboundFindings({ rung, records, periods }).map(({ what }) => what);

describe('the findings of a fault campaign about calls that came to us', () => {
  it('are none for one call with one record and the right outcome', () => {
    assert.deepEqual(found([rang()], [record()]), []);
    const leaver = rang({ endedBy: 'caller' });
    const { connectedAtMs: _never, ...waiting } = record({ outcome: 'abandoned' });
    assert.deepEqual(found([leaver], [waiting]), []);
    const { answeredAtMs: _not, ...busy } = rang({ endedBy: 'refused', status: 503 });
    assert.deepEqual(found([busy], []), [], 'it was not taken');
  });

  it('name a call with no record or two, a record of nobody, and one without an end', () => {
    assert.match(found([rang()], [])[0] ?? '', /^call has 0 records/);
    assert.match(found([rang()], [record(), record({ id: 'inbound-2' })])[0] ?? '', /2 records/);
    assert.deepEqual(found([], [record()]), ['nobody rang: inbound-1']);
    const { outcome: _none, endedAtMs: _never, ...open } = record();
    assert.match(found([rang()], [open])[0] ?? '', /has no end/);
  });

  it('name an outcome that no fault explains', () => {
    assert.match(found([rang()], [record({ outcome: 'failed' })])[0] ?? '', /as failed, no fault/);
    const near = { startedAtMs: 95_000, endedAtMs: 99_000 };
    const failed = record({ ...near, outcome: 'failed' });
    assert.deepEqual(found([rang(near)], [failed], [{ ...FREEZE, atMs: 98_000 }]), []);
  });

  it('want a call lost with its process, and no other', () => {
    const span = { startedAtMs: 95_000, endedAtMs: 103_000 };
    assert.deepEqual(found([rang(span)], [record({ ...span, outcome: 'lost' })]), []);
    assert.match(found([rang(span)], [record(span)])[0] ?? '', /outlived its process as served/);
    const lost = record({ ...span, outcome: 'lost' });
    assert.match(found([rang(span)], [lost], [FREEZE])[0] ?? '', /lost, though its process lived/);
  });

  it('name a caller who is left on the line', () => {
    const forgotten = rang({ startedAtMs: 99_000, endedAtMs: 138_000 });
    const lost = record({ startedAtMs: 99_000, endedAtMs: 103_000, outcome: 'lost' });
    assert.match(found([forgotten], [lost])[0] ?? '', /left on the line for 36000 ms/);
  });
});

describe('the findings about agents who send a call on', () => {
  const agent = (startedAtEpochMs: number, endedAtMs: number, ...steps: string[]) =>
    ({
      ...{ callId: 'a', userPart: 'agents', startedAtEpochMs, endedAtMs },
      ladder: ['REFER sent', '202 received to REFER', ...steps].map((what) => ({
        atMs: 900,
        what,
      })),
    }) as unknown as HeardCall;

  it('want one who stays to hear that it worked, unless a fault is near', () => {
    const told = agent(10_000, 6500, 'told SIP/2.0 100 Trying', 'told SIP/2.0 200 OK');
    assert.deepEqual(transferFindings([told], [KILL]), []);
    const untold = [agent(10_000, 6500, 'told SIP/2.0 100 Trying')];
    assert.match(transferFindings(untold, [KILL])[0]?.what ?? '', /was not told that it worked/);
    assert.deepEqual(transferFindings([agent(99_000, 6500)], [KILL]), []);
    assert.deepEqual(transferFindings([agent(10_000, 2000)], [KILL]), [], 'it did not stay');
    assert.deepEqual(transfersOf([told, ...untold]), [2, 2, 0]);
  });
});
