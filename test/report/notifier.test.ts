import assert from 'node:assert/strict';
import { Webhook } from 'standardwebhooks';
import { virtualClock, type VirtualClock } from '../../src/adapters/clock/virtual-clock.js';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import type { FetchAnswer, FetchOrder } from '../../src/holder/fetcher.js';
import { Announcer } from '../../src/report/announcer.js';
import { EventStream, type NumberedEvent } from '../../src/report/event-stream.js';
import { Notifier } from '../../src/report/notifier.js';
import { webhookHeaders } from '../../src/report/webhook-signature.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { NOON_MS, HOUR_MS, someCallback } from '../adapters/store/fixtures.js';
import { configOf } from '../request/test-config.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OLD_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const YAML = `
services:
  sales:
    _enable_status_notification: notify
    _status_notification_target: http://127.0.0.1:1/hook
    _enable_notification_reminder: true
    _notification_reminder_buffer: 600
  picky:
    _enable_status_notification: notify
    _status_notification_target: http://127.0.0.1:1/hook
    _callback_events_list: { _cbe_on_callback_queued: { notify_params: "_service_id, product" } }
  quiet: {}
`;

type Sent = { type: string; sequence: string; subject: string; data: Record<string, unknown> };

describe('Notices', () => {
  let store: CallbackStore;
  let watched: CallbackStore;
  let clock: VirtualClock;
  let notifier: Notifier;
  let sent: FetchOrder[];
  let answers: FetchAnswer[];
  let published: NumberedEvent[];
  const quiet = () => undefined;
  let pokes: number;

  const status = (code: number): FetchAnswer => ({
    kind: 'answer',
    status: code,
    headers: {},
    body: Buffer.alloc(0),
    url: '',
  });
  const bodies = (): Sent[] => sent.map(({ body }) => JSON.parse(String(body)) as Sent);
  const types = (): string[] => bodies().map(({ type }) => type);
  /** Until nothing more is delivered at this time. */
  const settle = async (): Promise<void> => {
    for (let before = -1; before !== sent.length;) {
      before = sent.length;
      notifier.poke();
      for (let i = 0; i < 3; i += 1) await store.stats();
      await new Promise((resolve) => setImmediate(resolve));
      for (let i = 0; i < 3; i += 1) await store.stats();
    }
  };

  beforeEach(async () => {
    store = await openSqliteStore({ file: ':memory:' });
    clock = virtualClock(NOON_MS);
    [sent, answers, published, pokes] = [[], [], [], 0];
    const { services } = await configOf(YAML);
    notifier = new Notifier({
      store,
      clock,
      random: { uuid: () => '', fraction: () => 0 },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      fetcher: {
        fetch: (order) => {
          sent.push(order);
          return Promise.resolve(answers.shift() ?? status(204));
        },
      },
      secrets: () => [SECRET, OLD_SECRET],
      source: () => 'http://dialback.example',
    });
    const events = new EventStream('run');
    events.listen((event) => published.push(event));
    const poke = () => void (pokes += 1);
    watched = new Announcer({ services: () => services, events, poke }).watched(store);
    notifier.start();
    await settle();
  });
  afterEach(async () => {
    await notifier.stop();
    await store.close();
  });

  it('are signed so that a receiver can tell, with each secret', () => {
    const body = '{"a":"ä"}';
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = webhookHeaders({ id: 'x.1', timestamp, body }, [SECRET, OLD_SECRET]);
    for (const secret of [SECRET, OLD_SECRET]) {
      assert.deepEqual(new Webhook(secret).verify(body, headers), { a: 'ä' });
    }
    assert.throws(() => new Webhook(SECRET).verify('{"a":"b"}', headers));
    assert.deepEqual(Object.keys(webhookHeaders({ id: 'x', timestamp, body }, [])).sort(), [
      'webhook-id',
      'webhook-timestamp',
    ]);
  });

  it('are looked for when a service has some to send, and not when it has none', async () => {
    await watched.accept(someCallback({ id: 'none', serviceName: 'quiet' }));
    assert.equal(pokes, 0);
    await watched.accept(someCallback({ id: 'some' }));
    assert.equal(pokes, 1);
  });

  it('tell what requests do, in order and numbered, as a cloud event', async () => {
    const { id } = await watched.accept(someCallback());
    await watched.reschedule(id, { atMs: NOON_MS, userData: { a: 'b' } });
    await watched.requestCancel(id, 'customer', NOON_MS);
    await settle();
    assert.deepEqual(types(), [
      '_cbe_on_callback_queued',
      '_cbe_on_callback_rescheduled',
      '_cbe_on_callback_status_updated',
      '_cbe_on_callback_cancelled',
    ]);
    const last = bodies().at(-1);
    assert.deepEqual(last, {
      specversion: '1.0',
      id: `${id}.4`,
      source: 'http://dialback.example/services/sales',
      type: '_cbe_on_callback_cancelled',
      subject: id,
      time: new Date(NOON_MS).toISOString(),
      datacontenttype: 'application/json',
      sequence: '0000000004',
      data: {
        ...{ _service_id: id, _service_name: 'sales' },
        _customer_number: (await store.get(id))?.customerNumber,
        _desired_time: new Date(NOON_MS).toISOString(),
        ...{ _callback_state: 'COMPLETED', _callback_reason: 'CANCELLED' },
      },
    });
    assert.equal(sent[0]?.headers?.['webhook-id'], `${id}.1`);
    assert.equal(sent[0]?.maxRedirects, 0);
    assert.deepEqual(await store.findNotices({}), []);
    assert.deepEqual(
      published.map(({ type, data }) => [type, data['state']]),
      [
        ['accepted', 'QUEUED'],
        ['rescheduled', 'QUEUED'],
        ['cancelled', 'COMPLETED'],
      ],
    );
  });

  it('tell only the wanted events with the wanted parameters, and nobody where nobody is told', async () => {
    const { id } = await watched.accept(someCallback({ serviceName: 'picky' }));
    await watched.requestCancel(id, 'customer', NOON_MS);
    await watched.accept(someCallback({ serviceName: 'quiet' }));
    await settle();
    assert.deepEqual(
      bodies().map(({ type, data }) => [type, data]),
      [['_cbe_on_callback_queued', { _service_id: id, product: 'kettle' }]],
    );
  });

  it('are tried again, later each time, and then kept until somebody replays them', async () => {
    answers = [status(500), { kind: 'failed', code: 'FETCH_TIMEOUT', why: 'x' }, status(302)];
    await watched.accept(someCallback());
    await settle();
    assert.equal(sent.length, 1);
    await clock.advance(4900);
    await settle();
    assert.equal(sent.length, 1);
    await clock.advance(200);
    await settle();
    assert.equal(sent.length, 2);
    await clock.advance(20_000);
    await settle();
    assert.equal(sent.length, 3);
    const [dead] = await store.findNotices({ isDead: true });
    assert.deepEqual([dead?.why, dead?.deliveryCount], ['answered 302', 3]);
    await clock.advance(HOUR_MS);
    await settle();
    assert.equal(sent.length, 3);
    const id = dead?.id ?? '';
    await store.settleNotices([{ id, kind: 'replay', atMs: clock.nowMs() }]);
    await settle();
    assert.equal(sent.length, 4);
    assert.deepEqual(await store.findNotices({}), []);
  });

  it('are sent no more to a target that says 410', async () => {
    answers = [status(410)];
    await watched.accept(someCallback());
    await settle();
    await watched.accept(someCallback());
    await settle();
    assert.equal(sent.length, 1);
    assert.equal((await store.findNotices({ isDead: true })).length, 1);
  });

  it('remind of a scheduled callback before its time, of the last time given, once', async () => {
    const desiredAtMs = NOON_MS + HOUR_MS;
    const { id } = await watched.accept(someCallback({ desiredAtMs }));
    await watched.reschedule(id, { atMs: NOON_MS, desiredAtMs: desiredAtMs + HOUR_MS });
    await settle();
    assert.deepEqual(types(), ['_cbe_on_callback_scheduled', '_cbe_on_callback_rescheduled']);
    await clock.advance(HOUR_MS);
    await settle();
    assert.equal(sent.length, 2);
    await clock.advance(HOUR_MS - 599_000);
    await settle();
    assert.deepEqual(types().slice(2), ['_cbe_on_callback_reminder']);
    assert.deepEqual(await store.findNotices({}), []);
  });
});
