/**
 * What GMS' paths take and give, as JSON Schema: requests are checked against it, and the description
 * of the API is made of it. Parameters that a service names itself (lookup keys, user data) are open.
 */

import { ALTERNATE_NUMBERS } from './alternate-numbers.js';
import { CALLBACK_STATES } from '../schedule/callback-store.js';

export const TAGS = ['Callbacks'];

/** Lists are cut here. */
export const LIST_MAX = 1000;

export const NAME = { type: 'string', minLength: 1, maxLength: 200 } as const;
export const text = (description: string, maxLength = 4000) =>
  ({ type: 'string', maxLength, description }) as const;

export const SERVICE_PATH = {
  type: 'object',
  required: ['service'],
  properties: { service: { ...NAME, description: 'A service of the configuration.' } },
} as const;

export const CALLBACK_PATH = {
  type: 'object',
  required: ['service', 'id'],
  properties: {
    ...SERVICE_PATH.properties,
    id: { ...NAME, description: '`_id` of the callback.' },
  },
} as const;

export const CALLBACK_ID_PATH = {
  type: 'object',
  required: ['id'],
  properties: { id: CALLBACK_PATH.properties.id },
} as const;

const ERROR = {
  description: 'Why not.',
  type: 'object',
  additionalProperties: true,
  required: ['exception', 'message', 'code', 'phrase', 'error'],
  properties: {
    exception: { type: 'string', description: 'Class name, as GMS has it.' },
    message: { type: 'string' },
    code: { type: 'integer', description: 'The status of the answer.' },
    phrase: { type: 'string' },
    error: { type: 'string', pattern: '^CBD_[A-Z_]+$', description: 'Our code, stable.' },
    field: { type: 'string', description: 'The part of the request that is wrong.' },
    value: {
      type: 'string',
      description: 'What it was: the first 100 characters, no whole number.',
    },
    rule: { type: 'string', description: 'What it has to be.' },
    availability: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'Times that are free instead.',
    },
  },
} as const;

export const ERRORS = { '4xx': ERROR, '5xx': ERROR } as const;

export const BODY_TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
];

const NUMBER = {
  type: ['string', 'number'],
  description: 'The number to call, E.164 or as of the country of the service.',
} as const;
/** Each optional; dialled in their order when the number before was not reached. */
const ALTERNATES = Object.fromEntries(
  ALTERNATE_NUMBERS.map((name) => {
    const description = 'Another number of the customer. An empty text deletes it.';
    return [name, { ...NUMBER, description }];
  }),
);
export const TIME = text('ISO 8601 with a zone: `2026-01-15T12:00:00.000Z`.', 40);

/** Everything that is no control parameter is user data, so it cannot be listed. */
export const START_BODY = {
  type: 'object',
  required: ['_customer_number'],
  properties: {
    _customer_number: NUMBER,
    ...ALTERNATES,
    _desired_time: { ...TIME, description: `${TIME.description} Left out: now.` },
  },
  additionalProperties: true,
} as const;

export const CHANGE_BODY = {
  type: 'object',
  properties: {
    _customer_number: NUMBER,
    ...ALTERNATES,
    _desired_time: TIME,
    _new_desired_time: { ...TIME, description: 'The same, in the words of GMS’ mobile clients.' },
  },
  additionalProperties: true,
} as const;

export const CANCEL_QUERY = {
  type: 'object',
  properties: {
    discard_ors_failure: {
      type: 'boolean',
      description: 'Taken and not needed: there is no orchestration server that could fail.',
    },
  },
} as const;

export const STARTED = {
  type: 'object',
  required: ['_id'],
  properties: {
    _id: { type: 'string' },
    _action: { type: 'string', const: 'ConfirmationDialog' },
    _text: { type: 'string' },
    _ok_title: { type: 'string' },
    _dialog_id: { type: 'string' },
  },
  description: 'On disk. Without a desired time also what mobile clients show.',
} as const;

/** A callback in GMS' words. */
export const RECORD = {
  type: 'object',
  required: ['_id', '_service_name', '_customer_number', '_callback_state', '_desired_time'],
  properties: {
    _id: { type: 'string' },
    _service_name: { type: 'string' },
    _customer_number: { type: 'string', description: 'E.164.' },
    _callback_state: { type: 'string', enum: CALLBACK_STATES },
    _callback_reason: { type: 'string', description: 'Only with COMPLETED.' },
    _desired_time: { type: 'string', format: 'date-time' },
    _expiration_time: { type: 'string', format: 'date-time' },
    _url: { type: 'string' },
  },
  additionalProperties: { type: 'string' },
  description: 'With the lookup keys of the service, and user data that was asked for.',
} as const;

const RETURNED_KEYS = text('User data to add, separated by commas.');
const STATE = text(
  `One of ${CALLBACK_STATES.join(', ')}, or several with commas; \`!\` before one: every other.`,
  200,
);
const MAX = {
  type: 'integer',
  minimum: 1,
  maximum: LIST_MAX,
  default: LIST_MAX,
  description: 'Callbacks at most.',
} as const;

export const QUERY = {
  type: 'object',
  properties: {
    _id: { ...NAME, description: 'One callback.' },
    _customer_number: text('The number, however it is written; `!` before it: every other.', 60),
    _callback_state: STATE,
    operand: {
      type: 'string',
      enum: ['AND', 'OR'],
      default: 'AND',
      description: 'Whether all lookup keys have to fit, or one of them.',
    },
    'returned-keys': RETURNED_KEYS,
    max: MAX,
  },
  additionalProperties: true,
} as const;

export const QUEUES_QUERY = {
  type: 'object',
  properties: {
    target: { ...NAME, description: 'A service; all of them without it.' },
    start_time: text('Desired from; 15 minutes ago without it.', 40),
    end_time: text('Desired until; 24 hours ahead without it.', 40),
    states: STATE,
    _callback_state: STATE,
    _callback_reason: text('Reasons, separated by commas.', 400),
    'returned-keys': RETURNED_KEYS,
    max: MAX,
    after: { ...NAME, description: 'From the `Link` header of the page before.' },
  },
  additionalProperties: true,
} as const;

export const WATERMARKS_QUERY = {
  type: 'object',
  properties: {
    service_name: {
      anyOf: [NAME, { type: 'array', maxItems: LIST_MAX, items: NAME }],
      description: 'Once for each service; all of them without it.',
    },
  },
} as const;

export const WATERMARKS = {
  type: 'object',
  required: ['services', 'total'],
  properties: {
    services: { type: 'object', additionalProperties: { type: 'integer' } },
    total: { type: 'integer' },
  },
  description: 'Callbacks that are open and not merely scheduled.',
} as const;

export const BULK_CANCEL_BODY = {
  type: 'object',
  required: ['ids'],
  properties: {
    reason: {
      type: 'string',
      enum: ['CANCELLED_BY_ADMIN', 'CANCELLED'],
      default: 'CANCELLED_BY_ADMIN',
    },
    ids: { type: 'array', maxItems: LIST_MAX, items: NAME },
  },
} as const;

export const CANCEL_RESULTS = {
  type: 'object',
  required: ['results'],
  properties: {
    results: {
      type: 'object',
      additionalProperties: {
        type: 'string',
        enum: ['cancelled', 'asked', 'too-late', 'unknown'],
        description: '`asked`: a call is up and is being ended.',
      },
    },
  },
} as const;

export const EXPORT_BODY = {
  type: ['object', 'null'],
  properties: {
    callback_reason: {
      type: 'string',
      pattern: '^[A-Z0-9_]{1,100}$',
      description: 'Both ways of being cancelled without it.',
    },
    exported_properties: {
      type: 'array',
      maxItems: 100,
      items: { type: 'string', minLength: 1, maxLength: 100 },
      description: 'Columns: keys of the record, or of user data.',
    },
  },
} as const;

export const QUEUE_POSITION = {
  type: 'object',
  required: ['queue', 'position', 'ewt'],
  properties: {
    queue: { type: 'string' },
    position: { type: 'integer', description: 'From 1; 0 while an agent is being called.' },
    ewt: { type: ['number', 'null'], description: 'Expected wait, seconds; null: no estimate.' },
  },
} as const;
