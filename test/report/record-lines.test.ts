import assert from 'node:assert/strict';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import { Announcer } from '../../src/report/announcer.js';
import { EventStream, type NumberedEvent } from '../../src/report/event-stream.js';
import { RecordLines } from '../../src/report/record-lines.js';
import type { Standing } from '../../src/report/call-record.js';
import type { ServiceConfig } from '../../src/config/config.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { Bench, birth, dialing, NOON_MS, someCallback } from '../adapters/store/fixtures.js';
import { silentLog } from '../fakes/fake-telephony.js';
import { configOf } from '../request/test-config.js';

type Line = Record<string, string | number>;
const NOON = NOON_MS / 1000;
const YAML = `
services:
  sales:
    _enable_status_notification: notify
    _status_notification_target: http://127.0.0.1:1/hook
`;

describe('Call records as lines', () => {
  let store: CallbackStore;
  let lines: Line[];
  let isOn: boolean;
  let standing: Standing | undefined;
  let records: RecordLines;
  let announcer: Announcer;
  let published: NumberedEvent[];
  let sales: ServiceConfig;

  beforeEach(async () => {
    store = await openSqliteStore({ file: ':memory:' });
    [lines, isOn, published] = [[], true, []];
    standing = { position: 3, ewtMs: 61_400 };
    records = new RecordLines({
      ...{ store, log: silentLog },
      isOn: () => isOn,
      append: (line) => lines.push(JSON.parse(line) as Line),
      standing: () => standing,
    });
    const events = new EventStream('run');
    events.listen((event) => published.push(event));
    const { services } = await configOf(YAML);
    assert.ok(services['sales']);
    sales = services['sales'];
    announcer = new Announcer({ services: () => services, events, records, poke: () => undefined });
  });
  afterEach(() => store.close());

  const due = { type: 'due', atMs: NOON_MS + 2000 } as const;
  const step = { state: dialing, row: 'dial.first', because: 'it is due', commands: [] } as const;

  it('begin with where the customer would stand, and what was told when it was offered', async () => {
    const lookupKeys = {
      _customer_number: '+15550001234',
      _CB_EWT_WHEN_CALLBACK_WAS_OFFERED: '240',
    };
    const record = await store.accept(someCallback({ id: 'one', lookupKeys }));
    announcer.taken(record, sales, due, step);
    const { customerNumber } = record;
    assert.deepEqual(lines, [
      {
        ...{ _CB_SERVICE_ID: 'one', service: 'sales', customer_number: customerNumber },
        ...{ _CB_FINAL_RECORD: 0, state: 'QUEUED', attempts: 0, started_at: NOON + 2 },
        ...{ _CB_T_CALLBACK_OFFERED: NOON, _CB_T_CALLBACK_ACCEPTED: NOON, desired_at: NOON },
        ...{ _CB_D_CALLBACK_OFFER: 0, _CB_DIM_CALL_DIRECTION: 'USERTERMINATED' },
        _CB_EWT_WHEN_CALLBACK_WAS_OFFERED: '240',
        _CB_EWT_WHEN_READY_TO_START_MEDIA_IXN: 61,
        _CB_POS_WHEN_READY_TO_START_MEDIA_IXN: 3,
      },
    ]);
    const waiting = { ...step, state: { ...dialing, name: 'waiting-until-due' } as const };
    announcer.taken(record, sales, due, waiting);
    assert.equal(lines.length, 1, 'one that found the office closed has not begun');
  });

  it('end with the facts of the store, whoever ended it', async () => {
    const bench = new Bench(store);
    const dialled = await bench.claimed();
    const attempt = { ...birth, callState: 6, trunk: 'primary' };
    await store.commit(dialled, { dialLock: 'take', attempt }, { durable: true });
    const record = { state: 'COMPLETED', reason: 'FAIL_CALL_TO_CUSTOMER' } as const;
    await store.commit(dialled, { atMs: NOON_MS, record }, { durable: true });
    announcer.endWritten(dialled);
    const cancelled = await bench.accepted();
    await announcer.watched(store).requestCancel(cancelled, 'admin', NOON_MS);
    await records.settled();
    assert.deepEqual(
      lines.map((line) => [line['_CB_SERVICE_ID'], line['_CB_FINAL_RECORD'], line['reason']]),
      [
        [dialled, 1, 'FAIL_CALL_TO_CUSTOMER'],
        [cancelled, 1, 'CANCELLED_BY_ADMIN'],
      ],
    );
    const { dialled_number: number, _CB_DIAL_1_RESULT: result } = lines[0] ?? {};
    assert.deepEqual([number, result], [birth.number, 'BUSY']);
  });

  it('tell of one that was given up, as notices and events do', async () => {
    const record = await store.accept(someCallback());
    const { notices, told } = announcer.givenUp(record, 'FAIL_TIMEOUT_TTL', NOON_MS);
    assert.deepEqual(
      notices.map(({ event, data }) => [event, data['_callback_reason']]),
      [
        '_cbe_on_callback_status_updated',
        '_cbe_on_callback_processing_failed',
        '_cbe_on_service_exit',
      ].map((event) => [event, 'FAIL_TIMEOUT_TTL']),
    );
    told();
    assert.deepEqual(
      published.map(({ type, data }) => [type, data['reason']]),
      [['ended', 'FAIL_TIMEOUT_TTL']],
    );
    await records.settled();
    assert.deepEqual(lines, [], 'the store does not say so yet');
  });

  it('cost nothing while nobody keeps them', async () => {
    isOn = false;
    announcer.taken(await store.accept(someCallback()), sales, due, step);
    records.ended('one');
    await records.settled();
    assert.deepEqual(lines, []);
  });

  it('of a call from outside tells who rang, how long they waited and with whom they talked', () => {
    const call = {
      ...{ id: 'inbound-1', callId: 'theirs', serviceName: 'sales', number: '+15550001234' },
      ...{ sourceAddress: '192.0.2.10', startedAtMs: NOON_MS, connectedAtMs: NOON_MS + 4200 },
      ...{ connectedTo: 'sip:ann@pbx', endedAtMs: NOON_MS + 65_200 },
      outcome: 'served',
      why: 'the agent hung up',
    } as const;
    records.inbound(call);
    assert.deepEqual(lines, [
      {
        ...{ inbound_id: 'inbound-1', sip_call_id: 'theirs', service: 'sales' },
        ...{ customer_number: '+15550001234', outcome: 'served', why: 'the agent hung up' },
        ...{ started_at: NOON, completed_at: NOON + 65, talk: 61, connected_to: 'sip:ann@pbx' },
        ...{ _CB_D_CUSTOMER_CONNECTED_WAITING_FOR_AGENT: 4 },
        _CB_DIM_CALL_DIRECTION: 'USERORIGINATED',
      },
    ]);
    const { connectedAtMs: _never, connectedTo: _nobody, number: _withheld, ...rest } = call;
    records.inbound({ ...rest, outcome: 'lost', why: 'NODE_LOST' });
    assert.deepEqual(
      lines.at(-1),
      {
        ...{ inbound_id: 'inbound-1', sip_call_id: 'theirs', service: 'sales' },
        ...{ outcome: 'lost', why: 'NODE_LOST', started_at: NOON, completed_at: NOON + 65 },
        _CB_DIM_CALL_DIRECTION: 'USERORIGINATED',
      },
      'how long it waited nobody knows',
    );
    isOn = false;
    records.inbound(call);
    assert.equal(lines.length, 2);
  });
});
