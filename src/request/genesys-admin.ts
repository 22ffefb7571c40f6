/** What GMS' administrators do: cancel many at once, and take away a list of what was cancelled. */

import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { CallbackRecord } from '../schedule/callback-store.js';
import type { ApiDeps } from './callback-api.js';
import { toGenesysView } from './callback-view.js';
import { cancelCallbacks } from './cancel-callbacks.js';
import { endedCallbacks, readAhead } from './ended-callbacks.js';
import {
  BULK_CANCEL_BODY,
  CANCEL_RESULTS,
  ERRORS,
  EXPORT_BODY,
  LIST_MAX,
  TAGS,
} from './genesys-schemas.js';

type CancelReason = 'CANCELLED' | 'CANCELLED_BY_ADMIN';

interface BulkCancel {
  readonly ids: readonly string[];
  readonly reason?: CancelReason;
}

interface Export {
  readonly callback_reason?: string;
  readonly exported_properties?: readonly string[];
}

const CANCELLED: readonly CancelReason[] = ['CANCELLED', 'CANCELLED_BY_ADMIN'];
const COLUMNS = [
  '_id',
  '_service_name',
  '_customer_number',
  '_desired_time',
  '_callback_state',
  '_callback_reason',
];

export function registerGenesysAdmin(api: FastifyInstance, deps: ApiDeps): void {
  const { store } = deps;

  api.post<{ Body: BulkCancel }>(
    '/genesys/1/admin/callback/cancel',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Cancel many callbacks', body: BULK_CANCEL_BODY },
        response: { 200: CANCEL_RESULTS, ...ERRORS },
      },
    },
    async ({ body: { ids, reason } }) => ({
      results: await cancelCallbacks(deps, [...new Set(ids)], cancellerOf(reason)),
    }),
  );

  api.post<{ Body: Export | null | undefined }>(
    '/genesys/1/admin/callback/reportcancelled',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Cancelled callbacks as CSV', body: EXPORT_BODY },
        ...{ produces: ['text/csv'], response: { 200: { type: 'string' }, ...ERRORS } },
      },
    },
    async ({ body }, reply) => {
      const reasons = body?.callback_reason === undefined ? CANCELLED : [body.callback_reason];
      const named = body?.exported_properties ?? [];
      const columns = named.length > 0 ? named : COLUMNS;
      const query = { states: ['COMPLETED'], reasons } as const;
      const pages = await readAhead(endedCallbacks(store, query, LIST_MAX));
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="CancelledCallbacks.csv"')
        .send(Readable.from(csvOf(pages, columns)));
    },
  );
}

function cancellerOf(reason: CancelReason = 'CANCELLED_BY_ADMIN') {
  return reason === 'CANCELLED' ? 'customer' : 'admin';
}

/** Page by page: there may be more than anybody wants in memory. */
async function* csvOf(
  pages: AsyncGenerator<readonly CallbackRecord[], void>,
  columns: readonly string[],
): AsyncGenerator<string> {
  yield lineOf(columns);
  for await (const page of pages) {
    yield page.map((record) => lineOf(cellsOf(record, columns))).join('');
  }
}

function cellsOf(record: CallbackRecord, columns: readonly string[]): string[] {
  const view = { ...toGenesysView(record, columns), _service_id: record.id };
  const values = new Map(Object.entries<string>(view));
  return columns.map((column) => values.get(column) ?? '');
}

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it, numbers do not. */
function lineOf(cells: readonly string[]): string {
  const safe = cells.map((cell) =>
    /^[=+\-@\t\r]/.test(cell) && !/^[+-]?\d+$/.test(cell) ? `'${cell}` : cell,
  );
  const quoted = safe.map((cell) =>
    /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return `${quoted.join(',')}\r\n`;
}
