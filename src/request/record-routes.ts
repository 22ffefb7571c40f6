/** What became of callbacks, as a download of any length: page after page from the store. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { callRecord, csvLine, RECORD_COLUMNS, type CallRecord } from '../report/call-record.js';
import type { CallbackRecord, CallbackStore } from '../schedule/callback-store.js';
import type { ApiDeps } from './callback-api.js';

const PAGE = 200;
const DAY_MS = 86_400_000;

interface Query {
  readonly format: 'jsonl' | 'csv';
  readonly service?: string;
  readonly from?: number;
  readonly to?: number;
}

export function registerRecordRoutes(api: FastifyInstance, { store, clock }: ApiDeps): void {
  const schema = {
    tags: ['Records'],
    summary: 'Callbacks that ended in a window, one line each, oldest first',
    querystring: {
      type: 'object',
      properties: {
        format: { type: 'string', enum: ['jsonl', 'csv'], default: 'jsonl' },
        service: { type: 'string', maxLength: 64 },
        from: {
          type: 'integer',
          minimum: 0,
          description: 'Ended at or after; default: a day ago.',
        },
        to: { type: 'integer', minimum: 0, description: 'Ended before; default: now.' },
      },
    },
    produces: ['application/jsonl', 'text/csv'],
    response: { 200: { description: 'Keys as Genesys names them in reports.', type: 'string' } },
  };
  api.get<{ Querystring: Query }>('/v1/records', { schema }, async ({ query }, reply) => {
    const nowMs = clock.nowMs();
    const { format, service, from = nowMs - DAY_MS, to = nowMs } = query;
    const window = { completedFromMs: from, completedToMs: to };
    const records = recordsOf(store, {
      ...window,
      ...(service !== undefined && { serviceName: service }),
    });
    // A store that cannot be read is told by the status, as long as nothing has been sent.
    const first = await records.next();
    const lines = format === 'csv' ? csvOf(first, records) : jsonOf(first, records);
    return reply
      .type(format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl')
      .header('content-disposition', `attachment; filename="callbacks.${format}"`)
      .send(Readable.from(lines));
  });
}

type Records = AsyncGenerator<CallRecord, void>;

async function* recordsOf(
  store: Pick<CallbackStore, 'find' | 'attempts' | 'get'>,
  query: Parameters<CallbackStore['find']>[0],
): Records {
  let { completedFromMs } = query;
  for (let after: CallbackRecord | undefined; ;) {
    const behind = after && { after: after.id };
    const page = await store.find({ ...query, completedFromMs, limit: PAGE, ...behind });
    const attempts = await Promise.all(
      page.map(async ({ id, attemptCount }) => (attemptCount === 0 ? [] : store.attempts(id))),
    );
    for (const [index, record] of page.entries()) yield callRecord(record, attempts[index] ?? []);
    const isPurged = page.length === 0 && after && (await store.get(after.id)) === undefined;
    if (page.length < PAGE && !isPurged) return;
    // Where it stood nobody knows any more; what ended in the same millisecond is gone with it.
    if (isPurged) completedFromMs = (after?.completedAtMs ?? 0) + 1;
    after = page.at(-1);
  }
}

async function* together(first: IteratorResult<CallRecord, void>, rest: Records): Records {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

async function* jsonOf(first: IteratorResult<CallRecord, void>, rest: Records) {
  for await (const record of together(first, rest)) yield `${JSON.stringify(record)}\n`;
}

async function* csvOf(first: IteratorResult<CallRecord, void>, rest: Records) {
  yield csvLine(RECORD_COLUMNS);
  for await (const record of together(first, rest)) {
    yield csvLine(RECORD_COLUMNS.map((column) => record[column]));
  }
}
