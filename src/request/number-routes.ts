/**
 * "The customer rang us in the meantime": one call ends everything that is planned or under way for a
 * number, and says what became of it. A conversation is not cut.
 */
import type { FastifyInstance } from 'fastify';
import type {
  CallbackQuery,
  CallbackRecord,
  CallbackState,
  CancelledBy,
} from '../schedule/callback-store.js';
import { ALTERNATE_NUMBERS } from './alternate-numbers.js';
import type { ApiDeps } from './callback-api.js';
import { numberForLookup } from './callback-request.js';
import { cancelCallback, type CancelDeps } from './cancel-callbacks.js';
import { serviceNamed } from './named-service.js';
import { RequestProblem, shownNumber } from './problem.js';

/** More open callbacks than this no number has; should it, the answer says that there are more. */
const CANCEL_MAX = 1000;

export interface CancelledNumber {
  /** E.164, one for each country that it could be of. */
  readonly numbers: readonly string[];
  readonly callbacks: readonly {
    readonly id: string;
    readonly service: string;
    readonly was: CallbackState;
    /**
     * `cancelled`: had not begun, or waited. `stopped`: was with a session, which takes back what is in
     * the air, a phone that rings included. `too-late`: customer and agent talk, or it ended meanwhile.
     */
    readonly became: 'cancelled' | 'stopped' | 'too-late';
  }[];
  readonly hasMore: boolean;
}

interface Wish {
  readonly service?: string;
  readonly by: CancelledBy;
}

export function registerNumberRoutes(api: FastifyInstance, deps: ApiDeps): void {
  api.post<{ Params: { readonly number: string }; Body: Wish | null }>(
    '/v1/numbers/:number/cancel',
    {
      schema: {
        tags: ['Live'],
        summary: 'Cancel every callback of a number',
        description:
          'Scheduled and queued callbacks end at once, an attempt that rings or waits for an agent is stopped; customers who talk to an agent are left alone.',
        params: {
          type: 'object',
          properties: {
            number: {
              type: 'string',
              maxLength: 40,
              description: 'As written; national numbers are read as of the services’ countries.',
            },
          },
        },
        body: {
          type: ['object', 'null'],
          additionalProperties: false,
          properties: {
            service: { type: 'string', maxLength: 200, description: 'Of this service only.' },
            by: { enum: ['customer', 'admin'], default: 'customer' },
          },
        },
      },
    },
    ({ params, body }) => cancelNumber(deps, params.number, body ?? { by: 'customer' }),
  );
}

/** @throws RequestProblem for an unknown service, or what is no number */
export async function cancelNumber(
  deps: CancelDeps & Pick<ApiDeps, 'config'>,
  written: string,
  { service, by = 'customer' }: Partial<Wish>,
): Promise<CancelledNumber> {
  const { services } = deps.config;
  const readers = service === undefined ? Object.values(services) : [serviceNamed(deps, service)];
  const numbers = [...new Set(readers.map((reader) => numberForLookup(reader, written)))].filter(
    (number) => number.startsWith('+'),
  );
  if (numbers.length === 0) {
    throw new RequestProblem('CBD_REQUEST_NUMBER_UNPARSABLE', 'This is no telephone number.', {
      fault: { field: 'number', value: shownNumber(written), rule: 'a telephone number' },
    });
  }
  const found = new Map<string, CallbackRecord>();
  for (const one of numbers.flatMap(asAnyNumber)) {
    const query = { ...one, serviceName: service, notStates: ['COMPLETED'] } as const;
    const records = await deps.store.find({ ...query, limit: CANCEL_MAX });
    for (const record of records) found.set(record.id, record);
  }
  const results = await Promise.all(
    [...found.values()].map(async (record) => {
      return { record, result: await cancelCallback(deps, record.id, by) };
    }),
  );
  const callbacks = results.flatMap(({ record, result }) =>
    result === 'unknown'
      ? []
      : [{ id: record.id, service: record.serviceName, was: record.state, became: WORDS[result] }],
  );
  return { numbers, callbacks, hasMore: found.size >= CANCEL_MAX };
}

/** Who rings may do so from any of the numbers that were left for them. */
function asAnyNumber(number: string): Pick<CallbackQuery, 'customerNumber' | 'lookupKeys'>[] {
  const alternates = ALTERNATE_NUMBERS.map((key) => ({ lookupKeys: { [key]: number } }));
  return [{ customerNumber: number }, ...alternates];
}

const WORDS = { cancelled: 'cancelled', asked: 'stopped', 'too-late': 'too-late' } as const;
