import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { sha256Of } from '../../src/config/build-http.js';
import { EventStream } from '../../src/report/event-stream.js';
import type { ApiDeps } from '../../src/request/callback-api.js';
import { configOf } from './test-config.js';
import { openApi, YAML } from './whole-api.js';

const KEY = 'sales-key-0123456789';
const KEYED = `
http:
  apiKeys:
    - { name: sales, hash: "sha256:${sha256Of(KEY)}", scopes: [events, "callbacks:write", admin], services: [sales] }
${YAML}`;

/** Reads blocks of a stream as they come. */
class Reader {
  #text = '';
  #wake = (): void => undefined;
  ended = false;

  constructor(private readonly message: IncomingMessage) {
    message.setEncoding('utf8');
    message.on('data', (text: string) => {
      this.#text += text;
      this.#wake();
    });
    message.on('close', () => {
      this.ended = true;
      this.#wake();
    });
    message.on('error', () => undefined);
  }

  static open(api: FastifyInstance, headers: Record<string, string> = {}): Promise<Reader> {
    const { port } = api.server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const asked = httpRequest(
        { host: '127.0.0.1', port, path: '/v1/events', headers },
        (message) => resolve(new Reader(message)),
      );
      asked.on('error', reject).end();
    });
  }

  /** The next event, comments passed over. */
  async next(): Promise<{ id?: string; event: string; data: Record<string, unknown> }> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end < 0) {
        assert(!this.ended, 'the stream has ended');
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const block = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (block.startsWith(':')) continue;
      const lines = Object.fromEntries(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      return {
        ...lines,
        event: lines['event'] ?? '',
        data: JSON.parse(lines['data'] ?? '{}') as Record<string, unknown>,
      };
    }
  }

  get status(): number | undefined {
    return this.message.statusCode;
  }

  close(): void {
    this.message.destroy();
  }
}

describe('Live over HTTP', () => {
  let api: FastifyInstance;
  let deps: ApiDeps;
  let close: () => Promise<void>;
  let events: EventStream;
  const readers: Reader[] = [];

  const start = async (yaml = YAML): Promise<void> => {
    events = new EventStream('run1');
    ({ api, deps, close } = await openApi(yaml, { events }));
    await api.listen({ host: '127.0.0.1', port: 0 });
  };
  const listen = async (headers?: Record<string, string>): Promise<Reader> => {
    const reader = await Reader.open(api, headers);
    readers.push(reader);
    return reader;
  };
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    await close();
  });

  it('tells what happens, goes on after the last event known, and says when it cannot', async () => {
    await start();
    const reader = await listen();
    events.publish({ type: 'accepted', service: 'sales', data: { id: 'a' } });
    const first = await reader.next();
    assert.deepEqual(
      [first.event, first.data, first.id],
      ['accepted', { service: 'sales', id: 'a' }, 'run1-1'],
    );
    events.publish({ type: 'cancelled', data: { id: 'b' } });
    const again = await listen({ 'last-event-id': 'run1-1' });
    assert.equal((await again.next()).id, 'run1-2');
    const lost = await listen({ 'last-event-id': 'run0-77' });
    assert.equal((await lost.next()).event, 'reset');
  });

  it('keeps so many events and no more', () => {
    const stream = new EventStream('r');
    for (let i = 0; i < 2500; i += 1) stream.publish({ type: 't', data: {} });
    assert.equal(stream.since('r-499'), undefined);
    assert.equal(stream.since('r-500')?.length, 2000);
    assert.equal(stream.since('r-2500')?.length, 0);
    assert.equal(stream.since('r-2501'), undefined);
    assert.equal(stream.since('nonsense'), undefined);
    return start();
  });

  it('shows a key for one service nothing of the others', async () => {
    await start(KEYED);
    const reader = await listen({ 'x-api-key': KEY });
    events.publish({ type: 'step', service: 'support', data: {} });
    events.publish({ type: 'step', service: 'sales', data: { n: 1 } });
    assert.deepEqual((await reader.next()).data, { service: 'sales', n: 1 });
  });

  it('ends with a reload, after which a key that was taken away gets no more', async () => {
    await start(KEYED);
    const reader = await listen({ 'x-api-key': KEY });
    const without = KEYED.replace(sha256Of(KEY), sha256Of('another-key-0123456789'));
    Object.assign(deps, { config: await configOf(without) });
    events.publish({ type: 'reloaded', data: { changes: 1 } });
    assert.equal((await reader.next()).event, 'reloaded');
    events.publish({ type: 'step', service: 'sales', data: { n: 1 } });
    await assert.rejects(reader.next(), /the stream has ended/);
    assert.equal(events.listenerCount, 0);
    const again = await listen({ 'x-api-key': KEY, 'last-event-id': 'run1-1' });
    assert.equal(again.status, 401);
  });

  it('cuts off a reader that does not read, and forgets one that went away', async () => {
    await start();
    const reader = await listen();
    (reader as unknown as { message: IncomingMessage }).message.pause();
    const text = 'x'.repeat(64 * 1024);
    for (let i = 0; i < 400 && events.listenerCount > 0; i += 1) {
      events.publish({ type: 'step', data: { text } });
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(events.listenerCount, 0);
  });

  it('pauses and resumes a service, and everything', async () => {
    await start();
    const post = async (url: string) => (await api.inject({ method: 'POST', url })).json<object>();
    assert.deepEqual(await post('/v1/services/sales/pause'), {
      everything: false,
      services: ['sales'],
    });
    const order = { method: 'POST', payload: { _customer_number: '+15550001234' } } as const;
    const started = await api.inject({ ...order, url: '/genesys/1/service/callback/sales' });
    const { _id: id } = started.json<{ _id: string }>();
    assert.equal((await deps.store.get(id))?.state, 'PAUSED');
    assert.deepEqual(await post('/v1/pause'), { everything: true, services: ['sales'] });
    assert.deepEqual(await post('/v1/services/sales/resume'), { everything: true, services: [] });
    assert.equal((await deps.store.get(id))?.state, 'PAUSED');
    assert.deepEqual(await post('/v1/resume'), { everything: false, services: [] });
    assert.equal((await deps.store.get(id))?.state, 'QUEUED');
    const unknown = await api.inject({ method: 'POST', url: '/v1/services/nobody/pause' });
    assert.equal(unknown.statusCode, 404);
  });

  it('lets a key for some services pause those, and not everything', async () => {
    await start(KEYED);
    const status = async (url: string) =>
      (await api.inject({ method: 'POST', url, headers: { 'x-api-key': KEY } })).statusCode;
    assert.equal(await status('/v1/services/sales/pause'), 200);
    assert.equal(await status('/v1/services/support/pause'), 403);
    assert.equal(await status('/v1/pause'), 403);
  });
});
