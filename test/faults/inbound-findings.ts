/** What a fault campaign has to answer for of calls that came to us, and of agents who sent a call on. */
import type { HeardCall } from '../../src/farend/far-end.js';
import type { InboundCallRecord } from '../../src/schedule/inbound-calls.js';
import { AGENTS, DESK } from '../crash/service-yaml.js';
import type { RungCall } from './callers.js';
import { AFTERMATH_MS, GHOST_AFTER_MS, type FaultPeriod, type Finding } from './findings.js';

export interface InboundEvidence {
  /** By those who rang. */
  readonly rung: readonly RungCall[];
  /** By the store. */
  readonly records: readonly InboundCallRecord[];
  readonly periods: readonly FaultPeriod[];
}

/** An agent who stays after a REFER hears what became of it within this time. */
export const TRANSFER_WATCHED_MS = 5000;
const SERVICE_KILLED = 'kill the service';
/** The store and those who ring look at the same clock, a moment apart. */
const APART_MS = 500;

export function inboundFindings({ rung, records, periods }: InboundEvidence): Finding[] {
  const callers = new Map(rung.map((call) => [call.callId, call]));
  return [
    ...rung.flatMap((call) => [...ghost(call, periods), ...recordOf(call, records)]),
    ...records.flatMap((record) => {
      const call = callers.get(record.callId);
      return call ? wrongOutcome(record, call, periods) : [{ what: `nobody rang: ${record.id}` }];
    }),
  ];
}

function ghost(call: RungCall, periods: readonly FaultPeriod[]): Finding[] {
  const { startedAtMs, endedAtMs = Infinity, callId, ladder } = call;
  const met = periods.filter(
    ({ atMs, healedAtMs }) => startedAtMs < healedAtMs && endedAtMs > atMs,
  );
  const livedMs = endedAtMs - Math.max(startedAtMs, ...met.map(({ healedAtMs }) => healedAtMs));
  if (livedMs <= GHOST_AFTER_MS) return [];
  const howLong = livedMs === Infinity ? 'to the end' : `for ${livedMs} ms`;
  return [{ what: `caller ${callId} was left on the line ${howLong}: ${ladder.join(', ')}` }];
}

function recordOf(call: RungCall, records: readonly InboundCallRecord[]): Finding[] {
  const own = records.filter(({ callId }) => callId === call.callId);
  const isRight = own.length === 1 || (own.length === 0 && call.answeredAtMs === undefined);
  const what = `${call.callId} has ${own.length} records: ${call.ladder.join(', ')}`;
  return isRight ? [] : [{ what }];
}

function wrongOutcome(
  record: InboundCallRecord,
  call: RungCall,
  periods: readonly FaultPeriod[],
): Finding[] {
  const { id, outcome, why, startedAtMs, connectedAtMs, endedAtMs } = record;
  const told = (what: string): Finding[] => [
    { what: `${call.callId} ${what}: ${why ?? ''}; ${call.ladder.join(', ')}`, callbackId: id },
  ];
  if (outcome === undefined || endedAtMs === undefined) return told('has no end');
  const outlived = periods.some(
    ({ name, atMs, healedAtMs }) =>
      name === SERVICE_KILLED && startedAtMs < atMs && endedAtMs > healedAtMs - APART_MS,
  );
  // Killed while it started: before the fault is told of, or while it is.
  const mayBeLost = periods.some(
    ({ name, atMs, healedAtMs }) =>
      name === SERVICE_KILLED &&
      startedAtMs < atMs + APART_MS &&
      endedAtMs > atMs - APART_MS &&
      healedAtMs > startedAtMs,
  );
  if (outlived && outcome !== 'lost') return told(`outlived its process as ${outcome}`);
  if (outcome === 'lost') return mayBeLost ? [] : told('is lost, though its process lived');
  if (periods.some((period) => isNear(record, period))) return [];
  const expected = expectedOf(call, connectedAtMs !== undefined);
  return expected.includes(outcome) ? [] : told(`ended as ${outcome}, no fault near`);
}

function expectedOf({ endedBy }: RungCall, wasConnected: boolean): readonly string[] {
  switch (endedBy) {
    case 'refused':
      return ['refused'];
    case 'given up':
      return ['abandoned'];
    case 'caller':
      return [wasConnected ? 'served' : 'abandoned'];
    default:
      return wasConnected ? ['served'] : ['gave-up'];
  }
}

type Span = Pick<InboundCallRecord, 'startedAtMs' | 'endedAtMs'>;

function isNear({ startedAtMs, endedAtMs = Infinity }: Span, period: FaultPeriod): boolean {
  return startedAtMs < period.healedAtMs + AFTERMATH_MS && endedAtMs > period.atMs;
}

const has = ({ ladder }: HeardCall, wanted: RegExp) => ladder.some(({ what }) => wanted.test(what));
const isTaken = (call: HeardCall) => has(call, /^202 received to REFER/);

/** Of agents' REFERs: sent, taken, and arrived at whom they named. */
export function transfersOf(
  calls: readonly HeardCall[],
): readonly [sent: number, taken: number, arrived: number] {
  const agents = calls.filter(({ userPart }) => userPart === AGENTS);
  const arrived = calls.filter(({ userPart }) => userPart === DESK);
  const sent = agents.filter((call) => has(call, /^REFER sent/));
  return [sent.length, sent.filter(isTaken).length, arrived.length];
}

/** An agent who stayed to hear of it, with no fault near, has to be told that it worked. */
export function transferFindings(
  calls: readonly HeardCall[],
  periods: readonly FaultPeriod[],
): Finding[] {
  return calls.flatMap((call) => {
    const { callId, startedAtEpochMs: startedAtMs, endedAtMs = Infinity, ladder } = call;
    const sentAtMs = ladder.find(({ what }) => what === 'REFER sent')?.atMs;
    const hasWatched = sentAtMs !== undefined && endedAtMs - sentAtMs >= TRANSFER_WATCHED_MS;
    const span = { startedAtMs, endedAtMs: startedAtMs + endedAtMs };
    if (!hasWatched || periods.some((period) => isNear(span, period))) return [];
    if (has(call, /^told SIP\/2\.0 200/)) return [];
    const steps = ladder.map(({ atMs, what }) => `${atMs} ms ${what}`).join(', ');
    return [
      { what: `agent ${callId} sent the customer on and was not told that it worked: ${steps}` },
    ];
  });
}
