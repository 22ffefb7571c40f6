/**
 * What our own paths take and answer, as JSON Schema: requests are checked with it, and the description
 * of the API is made of it.
 */
import { CALLBACK_STATES } from '../schedule/callback-store.js';
import { INBOUND_OUTCOMES } from '../schedule/inbound-calls.js';

const text = { type: 'string' } as const;
const integer = { type: 'integer' } as const;
const flag = { type: 'boolean' } as const;
export const timeMs = { type: 'integer', description: 'Milliseconds since the epoch.' } as const;
const texts = { type: 'object', additionalProperties: text } as const;

export const PAGE_MAX = 1000;
const PAGE_DEFAULT = 100;

/** A name or an id in a path. */
const pathPart = { type: 'string', minLength: 1, maxLength: 200 } as const;
export const params = (...names: string[]) => ({
  type: 'object',
  required: names,
  properties: Object.fromEntries(names.map((name) => [name, pathPart])),
});

export const answers = (description: string, schema: object) => ({
  200: { description, ...schema },
});

export const CALLBACK = {
  type: 'object',
  required: ['id', 'serviceName', 'customerNumber', 'state'],
  properties: {
    id: text,
    serviceName: text,
    customerNumber: { type: 'string', description: 'E.164.' },
    state: { type: 'string', enum: CALLBACK_STATES },
    reason: { type: 'string', description: 'Why it is over; only with COMPLETED.' },
    createdAtMs: timeMs,
    desiredAtMs: timeMs,
    dueAtMs: { ...timeMs, description: 'When something has to happen next.' },
    expiresAtMs: timeMs,
    completedAtMs: timeMs,
    updatedAtMs: timeMs,
    attemptCount: { type: 'integer', description: 'Dials made so far.' },
    callState: { type: 'integer', description: 'Result of the latest attempt.' },
    claimed: { type: 'boolean', description: 'A session works on it.' },
    userData: texts,
    lookupKeys: texts,
    requestOptions: texts,
    flow: { type: 'string', description: 'State of the call flow.' },
  },
} as const;

const ATTEMPT = {
  type: 'object',
  properties: {
    attempt: { type: 'integer', description: 'From 1.' },
    callId: text,
    number: { type: 'string', description: 'As dialled.' },
    trunk: text,
    startedAtMs: timeMs,
    answeredAtMs: timeMs,
    endedAtMs: timeMs,
    callState: integer,
    outcome: text,
    sipStatus: integer,
    sipReason: text,
    q850Cause: integer,
    cpdReason: { type: 'string', description: 'Why it was taken for who it was.' },
    connectedAtMs: timeMs,
    connectedTo: text,
    waitMs: integer,
    talkMs: integer,
  },
} as const;

const listOf = (items: object) => ({ type: 'array', items });

export const CALLBACK_DOCUMENT = {
  type: 'object',
  properties: {
    callback: {
      ...CALLBACK,
      properties: {
        ...CALLBACK.properties,
        heldBecause: {
          type: 'object',
          description: 'Why it is not dialled now; absent when it is, or is over.',
          properties: { code: text, why: text, untilMs: timeMs },
        },
      },
    },
    attempts: listOf(ATTEMPT),
  },
};

export const STORY = {
  type: 'object',
  properties: {
    id: text,
    serviceName: text,
    customerNumber: text,
    state: text,
    reason: text,
    steps: listOf({
      type: 'object',
      properties: {
        atMs: timeMs,
        row: { type: 'string', description: 'Of the decision table.' },
        because: text,
        stateName: text,
        event: { type: 'object' },
        commands: listOf({ type: 'object' }),
      },
    }),
    attempts: listOf(ATTEMPT),
    ladder: { ...listOf({ type: 'object' }), description: 'SIP, message by message.' },
    media: { ...listOf({ type: 'object' }), description: 'Played, heard, bridged.' },
  },
};

/** The words by which lists of callbacks are narrowed down. */
/** Of a query: a parameter that is written wrong is no filter that lets everything through. */
export function onlyThese(properties: Readonly<Record<string, object>>) {
  return { type: 'object', properties, additionalProperties: false } as const;
}

export const CALLBACK_FILTERS = {
  service: { type: 'string', maxLength: 64 },
  state: {
    type: 'string',
    maxLength: 200,
    description: `One or more of ${CALLBACK_STATES.join(', ')}, with commas; \`!STATE\` leaves one out.`,
  },
  number: { type: 'string', maxLength: 40, description: 'E.164.' },
  from: { type: 'integer', minimum: 0, description: 'Desired at or after, milliseconds.' },
  to: { type: 'integer', minimum: 0, description: 'Desired at or before, milliseconds.' },
} as const;

export const PAGING = {
  limit: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT },
  cursor: { type: 'string', maxLength: 200, description: '`next` of the page before.' },
} as const;

export const CALLBACK_PAGE = {
  type: 'object',
  properties: {
    callbacks: listOf(CALLBACK),
    next: { type: 'string', description: 'Cursor of the next page; absent on the last one.' },
  },
};

export const INBOUND_CALL = {
  type: 'object',
  required: ['id', 'callId', 'serviceName', 'sourceAddress', 'startedAtMs'],
  properties: {
    id: text,
    callId: { type: 'string', description: "SIP's Call-ID." },
    serviceName: text,
    number: { type: 'string', description: 'As the network shows it; absent when withheld.' },
    sourceAddress: { type: 'string', description: 'Where it came from.' },
    startedAtMs: timeMs,
    answeredAtMs: timeMs,
    connectedAtMs: timeMs,
    connectedTo: text,
    endedAtMs: { ...timeMs, description: 'Present, with `outcome` and `why`, when it is over.' },
    outcome: { type: 'string', enum: INBOUND_OUTCOMES },
    why: text,
  },
} as const;

export const INBOUND_FILTERS = {
  service: { type: 'string', maxLength: 64 },
  number: { type: 'string', maxLength: 40, description: 'As the network shows it.' },
  callId: { type: 'string', maxLength: 128, description: "SIP's Call-ID." },
  from: { type: 'integer', minimum: 0, description: 'Rang at or after, milliseconds.' },
  to: { type: 'integer', minimum: 0, description: 'Rang at or before, milliseconds.' },
} as const;

export const INBOUND_PAGE = {
  type: 'object',
  properties: {
    calls: listOf(INBOUND_CALL),
    next: { type: 'string', description: 'Cursor of the next page; absent on the last one.' },
  },
};

const AGENT_STATE = { type: 'string', enum: ['ready', 'not-ready', 'logged-out'] } as const;

export const AGENT_REASON_MAX = 100;

export const AGENT = {
  type: 'object',
  properties: {
    name: text,
    uri: text,
    state: text,
    sinceMs: timeMs,
    next: { ...AGENT_STATE, description: 'What holds once nothing keeps them.' },
    reason: { type: ['string', 'null'], description: 'Why not ready, as it was said.' },
    queues: listOf({ type: 'object', properties: { queue: text, tier: integer } }),
    missesInARow: integer,
    answered: integer,
    missed: integer,
    isLeaving: flag,
  },
};

export const AGENT_WISH = {
  type: 'object',
  required: ['state'],
  properties: {
    state: AGENT_STATE,
    reason: { type: 'string', maxLength: AGENT_REASON_MAX, description: 'Why not ready; shown.' },
  },
};

export const QUEUE = {
  type: 'object',
  properties: {
    name: text,
    kind: { type: 'string', enum: ['sip', 'agents'] },
    waiting: integer,
    ahead: integer,
    longestWaitMs: integer,
    ewtMs: { type: ['integer', 'null'], description: 'Expected wait of who came now.' },
    agents: {
      type: ['object', 'null'],
      properties: { onDuty: integer, free: integer },
    },
    exits: { type: 'object', additionalProperties: integer },
    serviceLevelMs: integer,
    serviceLevel: { type: ['number', 'null'] },
  },
};

export const TRUNK = {
  type: 'object',
  properties: {
    name: text,
    isUp: flag,
    why: { type: 'string', description: 'Why it is not up.' },
    isRegistered: { type: 'boolean', description: 'Of a trunk that registers.' },
    calls: integer,
    maxConcurrentCalls: integer,
    callsInSecond: integer,
    maxCallsPerSecond: integer,
  },
};

export const list = (name: string, items: object) => ({
  type: 'object',
  properties: { [name]: listOf(items) },
});
