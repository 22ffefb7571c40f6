import assert from 'node:assert/strict';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { EventStream } from '../../src/report/event-stream.js';
import type { ApiDocument, ApiOperation, SchemaNode } from '../../src/request/docs-page.js';
import { callRecord, csvLine, RECORD_COLUMNS } from '../../src/report/call-record.js';
import { NOON_MS, someCallback } from '../adapters/store/fixtures.js';
import { openApi } from './whole-api.js';

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 10_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_115);
/** A stream without an end is not asked for. */
const LEFT_OUT = new Set(['/v1/events']);

/** The same numbers for the same seed (mulberry32). */
function dice(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return { next, below, pick };
}

const ODD = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e308',
    'NaN',
    'null',
    'true',
    '[]',
    '{}',
    '%',
    '%00',
    '\u0000',
    '\r\nX: y',
  ],
  ...['../../etc/passwd', "' OR 1=1 --", '${jndi:ldap://x}', '<script>', '𝕏', 'constructor'],
  ...[
    '__proto__',
    '+15550001234',
    '2026-01-15T12:00:00Z',
    '9'.repeat(400),
    'a'.repeat(5000),
    'sales',
  ],
];

describe('The API under a fuzzer', () => {
  let api: FastifyInstance;
  let close: () => Promise<void>;
  let document: ApiDocument;
  before(async () => {
    const shown = () => ({});
    const invalid = () => Promise.resolve({ kind: 'invalid', problems: [] } as const);
    ({ api, close } = await openApi(undefined, {
      events: new EventStream('fuzz'),
      configuration: { shown, preview: invalid, reload: invalid },
    }));
    document = (await api.inject('/openapi.json')).json();
  });
  after(() => close());

  it(`answers ${REQUESTS} odd requests without a 500 and without a trace`, async function () {
    this.timeout(120_000);
    const { next, below, pick } = dice(SEED);
    const scalar = (): unknown => pick([...ODD, 0, -1, 2 ** 53, true, null, [], {}]);
    const valueOf = (schema: SchemaNode | undefined, depth = 0): unknown => {
      if (schema === undefined || next() < 0.3) return scalar();
      if (schema.enum && next() < 0.8) return pick(schema.enum);
      const [type] = [schema.type].flat();
      if (schema.properties && depth < 4) {
        const known = Object.entries(schema.properties)
          .filter(() => next() < 0.7)
          .map(([name, property]) => [name, valueOf(property, depth + 1)]);
        const more = next() < 0.2 ? [[pick(ODD), scalar()]] : [];
        return Object.fromEntries([...known, ...more]) as unknown;
      }
      if (type === 'integer') return below(2_000);
      if (type === 'boolean') return next() < 0.5;
      if (type === 'array')
        return Array.from({ length: below(4) }, () => valueOf(schema.items, depth + 1));
      return pick(ODD);
    };
    const textOf = (value: unknown): string =>
      typeof value === 'string' ? value : JSON.stringify(value);
    const operations = Object.entries(document.paths)
      .filter(([path]) => !LEFT_OUT.has(path))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
      );

    const requestOf = (path: string, method: string, operation: ApiOperation): InjectOptions => {
      const url = path.replace(/\{\w+\}/g, () => encodeURIComponent(pick(ODD).slice(0, 300)));
      const asked = (operation.parameters ?? []).filter(
        (one) => one.in === 'query' && next() < 0.6,
      );
      const pairs = asked.map(({ name, schema }): [string, string] => [
        name,
        textOf(valueOf(schema)),
      ]);
      const query = new URLSearchParams(pairs).toString();
      const headers: Record<string, string> = {};
      if (next() < 0.2)
        headers['idempotency-key'] = pick(['k', 'ä', 'x'.repeat(300)]).replace('ä', 'a b');
      if (method === 'get') return { method: 'GET', url: `${url}?${query}`, headers };
      const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
      const body = valueOf(
        schema ?? { properties: { _customer_number: {}, _desired_time: {}, state: {} } },
      );
      headers['content-type'] = pick([
        'application/json',
        'application/json',
        'application/x-www-form-urlencoded',
        'text/plain',
        'multipart/form-data; boundary=x',
      ]);
      const payload = next() < 0.1 ? pick(ODD) : JSON.stringify(body);
      return { method: method.toUpperCase(), url: `${url}?${query}`, headers, payload };
    };

    const seen = new Map<number, number>();
    for (let i = 0; i < REQUESTS; i += 1) {
      const { path, method, operation } = pick(operations);
      const request = requestOf(path, method, operation);
      const answer = await api.inject(request);
      const { statusCode, body } = answer;
      seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1);
      const told = `seed ${SEED}, request ${i}: ${JSON.stringify(request).slice(0, 600)} -> ${statusCode} ${body.slice(0, 300)}`;
      assert(statusCode < 500 || statusCode === 503, told);
      assert.doesNotMatch(body, /\bat \S+ \(|node_modules|\.ts:\d/, told);
      if (statusCode < 400 || /^.(?:plugin|v1.config.reload)/.test(path)) continue;
      const problem = answer.json<Record<string, unknown>>();
      assert.equal(typeof problem['message'], 'string', told);
      assert.match(String(problem['error'] ?? problem['code']), /^CBD_[A-Z_]+$/, told);
    }
    // It has come past the checks, too.
    assert((seen.get(200) ?? 0) > REQUESTS / 20, JSON.stringify([...seen]));
    assert((seen.get(400) ?? 0) > REQUESTS / 20, JSON.stringify([...seen]));
  });
});

describe('Records as comma-separated values', () => {
  it('are no formulas to a spreadsheet, and keep numbers as they are', () => {
    const line = csvLine([
      '=1+1',
      '+HYPERLINK()',
      '-2',
      '@x',
      '+15550001234',
      'a"b,c',
      -5,
      undefined,
    ]);
    assert.equal(line, `'=1+1,'+HYPERLINK(),'-2,'@x,+15550001234,"a""b,c",-5,\r\n`);
  });

  it('go on behind what is deleted while they are read', async () => {
    const { api, deps, close } = await openApi();
    try {
      const { store } = deps;
      for (let index = 0; index < 250; index += 1) {
        const { id } = await store.accept(someCallback());
        await store.requestCancel(id, 'admin', NOON_MS + index);
      }
      const find = store.find.bind(store);
      let pages = 0;
      store.find = async (query) => {
        if ((pages += 1) === 2) await store.purge(NOON_MS + 230);
        return find(query);
      };
      const lines = (await api.inject(`/v1/records?from=0&to=${NOON_MS + 1000}`)).body.split('\n');
      assert.equal(lines.length - 1, 200 + 20);
    } finally {
      await close();
    }
  });

  it('come out of the API with a line for each callback that ended', async () => {
    const { api, deps, close } = await openApi();
    try {
      const order = { method: 'POST', payload: { _customer_number: '+15550001234' } } as const;
      const started = await api.inject({ ...order, url: '/genesys/1/service/callback/sales' });
      const { _id: id } = started.json<{ _id: string }>();
      await deps.store.requestCancel(id, 'admin', deps.clock.nowMs());
      const window = `from=0&to=${deps.clock.nowMs() + 1}`;
      const csv = (await api.inject(`/v1/records?format=csv&${window}`)).body.split('\r\n');
      assert.equal(csv[0], RECORD_COLUMNS.join(','));
      assert.equal(csv.length, 3);
      assert(csv[1]?.startsWith(`${id},1,sales,+15550001234,COMPLETED,CANCELLED_BY_ADMIN,`));
      const line = JSON.parse((await api.inject(`/v1/records?${window}`)).body) as object;
      const record = await deps.store.get(id);
      assert(record);
      assert.deepEqual(line, callRecord(record, []));
      assert.equal((await api.inject(`/v1/records?service=support&${window}`)).body, '');
    } finally {
      await close();
    }
  });
});
