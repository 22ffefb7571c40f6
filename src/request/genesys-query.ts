/**
 * How GMS' clients look at callbacks: by id or lookup keys, by queue, and as counts.
 * Source: GMS "Callback Services API"; the answers of 8.5.11x; what its mobile clients send.
 */

import type { FastifyInstance, FastifyReply } from 'fastify';
import {
  CALLBACK_STATES,
  type CallbackQuery,
  type CallbackRecord,
  type CallbackState,
} from '../schedule/callback-store.js';
import { ALTERNATE_NUMBERS } from './alternate-numbers.js';
import type { ApiDeps } from './callback-api.js';
import { CUSTOMER_NUMBER, numberForLookup } from './callback-request.js';
import { toGenesysView, type GenesysView } from './callback-view.js';
import { readTime } from './desired-time.js';
import {
  ERRORS,
  LIST_MAX,
  QUERY,
  QUEUES_QUERY,
  RECORD,
  SERVICE_PATH,
  TAGS,
  WATERMARKS,
  WATERMARKS_QUERY,
} from './genesys-schemas.js';
import { currentCaller } from './guarded-routes.js';
import { checkFilter, serviceNamed } from './named-service.js';
import { RequestProblem, shownValue } from './problem.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Default window of the list by queue. */
const LIST_BACK_MS = 15 * MINUTE_MS;
const LIST_AHEAD_MS = 24 * HOUR_MS;

type Query = Readonly<Record<string, unknown>>;
type QueryDeps = Pick<ApiDeps, 'store' | 'config' | 'clock'>;

export function registerGenesysQueries(api: FastifyInstance, deps: QueryDeps): void {
  const found = { 200: { type: 'array', items: RECORD }, ...ERRORS };

  api.get<{ Querystring: Query }>(
    '/genesys/1/service/callback',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Find callbacks of all services by id or lookup keys' },
        ...{ querystring: QUERY, response: found },
      },
    },
    ({ query }) => findCallbacks(deps, query),
  );

  api.get<{ Params: { readonly service: string }; Querystring: Query }>(
    '/genesys/1/service/callback/:service',
    {
      schema: {
        ...{ tags: TAGS, summary: 'Find callbacks of one service' },
        ...{ params: SERVICE_PATH, querystring: QUERY, response: found },
      },
    },
    ({ query, params }) => findCallbacks(deps, query, serviceNamed(deps, params.service).name),
  );

  api.get<{ Querystring: Query }>(
    '/genesys/1/admin/callback/queues',
    {
      schema: {
        ...{ tags: TAGS, summary: 'List callbacks by service', querystring: QUEUES_QUERY },
        description:
          'Any lookup key filters as well. The newest desired times come first; when there are more, `Link` leads to the next page.',
        response: {
          200: { type: 'object', additionalProperties: { type: 'array', items: RECORD } },
          ...ERRORS,
        },
      },
    },
    ({ query, url }, reply) => listQueues(deps, query, { url, reply }),
  );

  api.get<{ Querystring: { readonly service_name?: string | readonly string[] } }>(
    '/genesys/1/admin/callback/watermarks',
    {
      schema: {
        ...{ tags: TAGS, summary: 'How many callbacks wait or talk' },
        ...{ querystring: WATERMARKS_QUERY, response: { 200: WATERMARKS, ...ERRORS } },
      },
    },
    async ({ query }) => {
      const asked = query.service_name === undefined ? undefined : [query.service_name].flat();
      asked?.forEach((name) => serviceNamed(deps, name));
      const names = asked ?? serviceNames(deps.config);
      const { open } = await deps.store.stats();
      const counts = new Map(names.map((name) => [name, 0]));
      for (const { serviceName, state, count } of open) {
        const before = counts.get(serviceName);
        if (before !== undefined && state !== 'SCHEDULED') counts.set(serviceName, before + count);
      }
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      return { services: Object.fromEntries(counts), total };
    },
  );
}

async function findCallbacks(
  { store, config }: QueryDeps,
  query: Query,
  serviceName?: string,
): Promise<GenesysView[]> {
  const returnedKeys = commaList(textOf(query, 'returned-keys'));
  const limit = typeof query['max'] === 'number' ? query['max'] : LIST_MAX;
  const states = readStates('_callback_state', textOf(query, '_callback_state'));
  const id = textOf(query, '_id');
  if (id !== undefined) {
    const record = await store.get(id);
    const fits = record !== undefined && record.serviceName === (serviceName ?? record.serviceName);
    return fits ? [toGenesysView(record, returnedKeys)] : [];
  }
  const terms = termsOf(config, query);
  const isAll = terms.length === 0;
  const isNarrow = serviceName !== undefined || terms.some(({ isNegated }) => !isNegated);
  if (!isNarrow || (isAll && !('_callback_state' in query))) throw needsKey(config);
  const base = { ...states, ...(serviceName !== undefined && { serviceName }), limit };
  const queries =
    query['operand'] === 'OR'
      ? terms.flatMap((term) => queriesOf(config, [term]))
      : queriesOf(config, terms);
  const records = new Map<string, CallbackRecord>();
  for (const one of queries) {
    for (const record of await store.find({ ...base, ...one })) records.set(record.id, record);
  }
  return [...records.values()]
    .sort((a, b) => b.desiredAtMs - a.desiredAtMs)
    .slice(0, limit)
    .map((record) => toGenesysView(record, returnedKeys));
}

/** A lookup key of the query; `!` before its value asks for every other. */
interface Term {
  readonly key: string;
  readonly value: string;
  readonly isNegated: boolean;
}

function termsOf(config: ApiDeps['config'], query: Query): Term[] {
  const known = lookupKeysOf(config);
  return Object.keys(query)
    .filter((key) => known.has(key))
    .map((key) => {
      const written = textOf(query, key) ?? '';
      const isNegated = written.startsWith('!');
      return { key, value: isNegated ? written.slice(1) : written, isNegated };
    });
}

function lookupKeysOf({ services }: ApiDeps['config']): ReadonlySet<string> {
  const keys = Object.values(services).flatMap(({ request }) => request.lookupKeys);
  return new Set([CUSTOMER_NUMBER, ...ALTERNATE_NUMBERS, ...keys]);
}

/** One query, or one for each way in which a number without `+` can be read. */
function queriesOf(config: ApiDeps['config'], terms: readonly Term[]): CallbackQuery[] {
  const lookupKeys: Record<string, string> = {};
  const notLookupKeys: Record<string, readonly string[]> = {};
  let numbers: readonly string[] | undefined;
  for (const { key, value, isNegated } of terms) {
    const isNumber = key === CUSTOMER_NUMBER || ALTERNATE_NUMBERS.includes(key);
    const values = isNumber ? numbersOf(config, value) : [value];
    if (isNegated) notLookupKeys[key] = values;
    else if (key === CUSTOMER_NUMBER) numbers = values;
    else lookupKeys[key] = values[0] ?? value;
  }
  const base = { lookupKeys, notLookupKeys };
  return numbers?.map((customerNumber) => ({ ...base, customerNumber })) ?? [base];
}

/** A number written without `+` means another number in each service's country. */
function numbersOf({ services }: ApiDeps['config'], written: string): string[] {
  // A `+` that was not escaped arrives as a blank.
  const number = written.startsWith(' ') ? `+${written.slice(1)}` : written;
  const read = Object.values(services).map((service) => numberForLookup(service, number));
  return [...new Set(read)];
}

async function listQueues(
  { store, config, clock }: QueryDeps,
  query: Query,
  { url, reply }: { readonly url: string; readonly reply: FastifyReply },
): Promise<Readonly<Record<string, readonly GenesysView[]>>> {
  const nowMs = clock.nowMs();
  const target = textOf(query, 'target');
  await checkFilter({ config }, target, (serviceName) => store.find({ serviceName, limit: 1 }));
  const limit = typeof query['max'] === 'number' ? query['max'] : LIST_MAX;
  const after = textOf(query, 'after');
  const reasons = commaList(textOf(query, '_callback_reason'));
  const stateWords = [textOf(query, 'states'), textOf(query, '_callback_state')];
  const filters = termsOf(config, query);
  const records: CallbackRecord[] = [];
  for (const one of queriesOf(config, filters)) {
    const page = await store.find({
      ...one,
      ...readStates('states', stateWords.filter((word) => word !== undefined).join(',')),
      ...(target !== undefined && { serviceName: target }),
      ...(reasons.length > 0 && { reasons }),
      ...(after !== undefined && { after }),
      desiredFromMs: readTime('start_time', textOf(query, 'start_time')) ?? nowMs - LIST_BACK_MS,
      desiredToMs: readTime('end_time', textOf(query, 'end_time')) ?? nowMs + LIST_AHEAD_MS,
      limit,
    });
    records.push(...page);
    const last = page.at(-1);
    if (page.length === limit && last) void reply.header('link', nextPage(url, last.id));
  }
  const returnedKeys = commaList(textOf(query, 'returned-keys'));
  const names = target === undefined ? serviceNames(config) : [target];
  const lists = new Map<string, GenesysView[]>(names.map((name) => [name, []]));
  for (const record of records) {
    const list = lists.get(record.serviceName) ?? [];
    list.push(toGenesysView(record, returnedKeys));
    lists.set(record.serviceName, list);
  }
  return Object.fromEntries(lists);
}

/** Those that the caller's key is for. */
function serviceNames({ services }: ApiDeps['config']): string[] {
  const allowed = currentCaller()?.services;
  return Object.keys(services).filter((name) => allowed?.has(name) ?? true);
}

/** RFC 8288. */
function nextPage(url: string, after: string): string {
  const next = new URL(url, 'http://localhost');
  next.searchParams.set('after', after);
  return `<${next.pathname}${next.search}>; rel="next"`;
}

/** `QUEUED,ROUTING` or, with `!` before each, everything else. */
function readStates(
  field: string,
  text: string | undefined,
): Pick<CallbackQuery, 'states' | 'notStates'> {
  const words = commaList(text);
  const states = words.filter((word) => !word.startsWith('!')).map((word) => toState(field, word));
  const notStates = words
    .filter((word) => word.startsWith('!'))
    .map((word) => toState(field, word.slice(1)));
  return {
    ...(states.length > 0 && { states }),
    ...(notStates.length > 0 && { notStates }),
  };
}

function toState(field: string, word: string): CallbackState {
  const state = CALLBACK_STATES.find((known) => known === word.toUpperCase());
  if (state !== undefined) return state;
  const rule = `one of ${CALLBACK_STATES.join(', ')}`;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `A callback state is ${rule}.`, {
    fault: { field, value: shownValue(word), rule },
  });
}

function needsKey(config: ApiDeps['config']): RequestProblem {
  const keys = [...lookupKeysOf(config)].filter((key) => !ALTERNATE_NUMBERS.includes(key));
  const rule = `_id, or one of ${keys.join(', ')}`;
  return new RequestProblem('CBD_REQUEST_MISSING_KEY', `invalid option: ${rule} is needed.`, {
    fault: { field: 'query', rule },
  });
}

/** @throws RequestProblem when the query has the name twice */
function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new RequestProblem('CBD_REQUEST_MALFORMED', `${name} is there more than once.`, {
    fault: { field: shownValue(name), value: shownValue(value), rule: 'once' },
  });
}

function commaList(text: string | undefined): string[] {
  const words = text?.split(',').map((word) => word.trim());
  return words?.filter((word) => word !== '') ?? [];
}
