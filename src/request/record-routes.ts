/** What became of callbacks, as a download of any length: page after page from the store. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { callRecord, csvLine, RECORD_COLUMNS, type CallRecord } from '../report/call-record.js';
import type { CallbackQuery, CallbackStore } from '../schedule/callback-store.js';
import type { ApiDeps } from './callback-api.js';
import { endedCallbacks, readAhead } from './ended-callbacks.js';
import { checkFilter } from './named-service.js';
import { onlyThese } from './schemas.js';

const PAGE = 200;
const DAY_MS = 86_400_000;

interface Query {
  readonly format: 'jsonl' | 'csv';
  readonly service?: string;
  readonly from?: number;
  readonly to?: number;
}

export function registerRecordRoutes(api: FastifyInstance, deps: ApiDeps): void {
  const { store, clock } = deps;
  const schema = {
    tags: ['Records'],
    summary: 'Callbacks that ended in a window, one line each, oldest first',
    querystring: onlyThese({
      format: { type: 'string', enum: ['jsonl', 'csv'], default: 'jsonl' },
      service: { type: 'string', maxLength: 64 },
      from: {
        type: 'integer',
        minimum: 0,
        description: 'Ended at or after; default: a day ago.',
      },
      to: { type: 'integer', minimum: 0, description: 'Ended before; default: now.' },
    }),
    produces: ['application/jsonl', 'text/csv'],
    response: { 200: { description: 'Keys as Genesys names them in reports.', type: 'string' } },
  };
  api.get<{ Querystring: Query }>('/v1/records', { schema }, async ({ query }, reply) => {
    const nowMs = clock.nowMs();
    const { format, service, from = nowMs - DAY_MS, to = nowMs } = query;
    const window = { completedFromMs: from, completedToMs: to };
    await checkFilter(deps, service, (serviceName) => store.find({ serviceName, limit: 1 }));
    const ofService = service !== undefined && { serviceName: service };
    const records = await readAhead(recordsOf(store, { ...window, ...ofService }));
    const lines = format === 'csv' ? csvOf(records) : jsonOf(records);
    return reply
      .type(format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl')
      .header('content-disposition', `attachment; filename="callbacks.${format}"`)
      .send(Readable.from(lines));
  });
}

type Records = AsyncGenerator<CallRecord, void>;

async function* recordsOf(
  store: Pick<CallbackStore, 'find' | 'attempts' | 'get'>,
  query: Omit<CallbackQuery, 'after'>,
): Records {
  for await (const page of endedCallbacks(store, query, PAGE)) {
    const attempts = await Promise.all(
      page.map(async ({ id, attemptCount }) => (attemptCount === 0 ? [] : store.attempts(id))),
    );
    for (const [index, record] of page.entries()) yield callRecord(record, attempts[index] ?? []);
  }
}

async function* jsonOf(records: Records) {
  for await (const record of records) yield `${JSON.stringify(record)}\n`;
}

async function* csvOf(records: Records) {
  yield csvLine(RECORD_COLUMNS);
  for await (const record of records) {
    yield csvLine(RECORD_COLUMNS.map((column) => record[column]));
  }
}
