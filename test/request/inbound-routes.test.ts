import assert from 'node:assert/strict';
import { sha256Of } from '../../src/config/build-http.js';
import type { TrailEntry } from '../../src/report/trail.js';
import type { InboundStoryDocument } from '../../src/request/inbound-routes.js';
import type { InboundCallRecord } from '../../src/schedule/inbound-calls.js';
import { someInbound } from '../adapters/store/conformance-inbound.js';
import { ApiBed, NOON_MS } from './api-bed.js';

const KEY = 'sales-key-0123456789';
const hash = `sha256:${sha256Of(KEY)}`;
const YAML = `
http: { apiKeys: [{ name: sales, hash: "${hash}", scopes: ["callbacks:read"], services: [sales] }] }
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q }
services: { sales: {}, support: {} }
`;

describe('Calls from outside, over HTTP', () => {
  let bed: ApiBed;
  const message = (atMs: number, leg: TrailEntry['leg'], callId: string): TrailEntry => ({
    ...{ kind: 'sip', leg, callId, atMs },
    ...{ direction: leg === 'customer' ? '<-' : '->', message: 'INVITE', cseq: '1 INVITE' },
  });

  beforeEach(async () => {
    bed = await ApiBed.open(YAML);
    for (const [n, serviceName] of ['sales', 'support', 'sales'].entries()) {
      const id = `inbound-${n}`;
      const inbound = someInbound({ serviceName, callId: `call-${n}`, startedAtMs: NOON_MS + n });
      const trail = [message(NOON_MS, 'customer', `call-${n}`), message(NOON_MS + 5, 'agent', 'a')];
      await bed.store.commit(id, { inbound, trail }, { durable: true });
    }
  });
  afterEach(() => bed.close());

  const ask = async <T>(url: string, key?: string) => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const answer = await bed.api.inject({ method: 'GET', url, headers });
    return { status: answer.statusCode, body: answer.json<T>() };
  };
  const list = async (query: string, key?: string) => {
    const { body } = await ask<{ calls: InboundCallRecord[]; next?: string }>(
      `/v1/inbound-calls${query}`,
      key,
    );
    return { ids: body.calls.map(({ id }) => id), next: body.next };
  };

  it('are listed page by page, the latest first, and found by number and Call-ID', async () => {
    await bed.reconfigure(YAML.replace(/^http:.*$/m, ''));
    const first = await list('?limit=2');
    assert.deepEqual(first.ids, ['inbound-2', 'inbound-1']);
    assert.deepEqual(await list(`?limit=2&cursor=${first.next}`), {
      ...{ ids: ['inbound-0'], next: undefined },
    });
    assert.deepEqual((await list('?callId=call-1')).ids, ['inbound-1']);
    assert.deepEqual((await list(`?number=+15550001234&from=${NOON_MS + 2}`)).ids, ['inbound-2']);
    assert.deepEqual((await list('?number=%2B4420')).ids, []);
    assert.deepEqual((await list(`?service=sales&to=${NOON_MS}`)).ids, ['inbound-0']);
  });

  it('have a story, with every leg', async () => {
    await bed.reconfigure(YAML.replace(/^http:.*$/m, ''));
    const { body } = await ask<InboundStoryDocument>('/v1/inbound-calls/inbound-1/story');
    assert.equal(body.call.serviceName, 'support');
    assert.deepEqual(
      body.ladder.map(({ leg, direction, atMs }) => [leg, direction, atMs]),
      [
        ['customer', '<-', NOON_MS],
        ['agent', '->', NOON_MS + 5],
      ],
    );
    const { status, body: problem } = await ask<{ code: string }>('/v1/inbound-calls/no/story');
    assert.deepEqual([status, problem.code], [404, 'CBD_REQUEST_UNKNOWN_CALLBACK']);
  });

  it('are shown to a key for one service only where they are its own', async () => {
    assert.deepEqual((await list('', KEY)).ids, ['inbound-2', 'inbound-0']);
    assert.deepEqual((await list('?service=support', KEY)).ids, []);
    const own = await ask<InboundStoryDocument>('/v1/inbound-calls/inbound-0/story', KEY);
    assert.equal(own.body.ladder.length, 2);
    assert.equal((await ask('/v1/inbound-calls/inbound-1/story', KEY)).status, 404);
    assert.equal((await ask('/v1/inbound-calls')).status, 401);
  });
});
