/** The schemas of what is asked before a callback: is the number one, is somebody there, what is free. */

import { NAME, text, TIME } from './genesys-schemas.js';

const flag = { type: 'boolean' } as const;
const word = { type: 'string' } as const;

export const PHONE_QUERY = {
  type: 'object',
  required: ['number'],
  properties: {
    number: text('As it is written.', 60),
    country: {
      type: 'string',
      pattern: '^[A-Za-z]{2}$',
      default: 'US',
      description: 'ISO 3166, for numbers without `+`.',
    },
    geocodingLocale: {
      type: 'string',
      pattern: '^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$',
      default: 'en',
      description: 'Language of `location`.',
    },
  },
} as const;

export const PHONE = {
  type: 'object',
  properties: {
    'number-specified': word,
    'country-default': word,
    'language-specified': word,
    'country-code': { type: 'integer' },
    'country-code-source': word,
    'region-code': word,
    'number-E164': word,
    'number-international': word,
    'number-national': word,
    'number-national-short': word,
    'number-original': word,
    'number-type': word,
    extension: word,
    'is-possible-number': flag,
    'is-valid-number': flag,
    'is-valid-number-for-region': flag,
    'is-premium': flag,
    'italian-leading-zero': flag,
    location: { ...word, description: 'The country’s name.' },
    'time-zone': { ...word, description: 'IANA names, separated by commas; empty: not known.' },
    carrier: { ...word, description: 'Always empty: no table of carriers is kept.' },
  },
} as const;

export const HOURS_PATH = {
  type: 'object',
  required: ['hours'],
  properties: { hours: { ...NAME, description: 'A name under `officeHours`.' } },
} as const;

const WINDOW = {
  start: { ...TIME, description: `${TIME.description} Left out: now.` },
  end: { ...TIME, description: 'Goes before `number-of-days`.' },
  'number-of-days': {
    type: 'integer',
    minimum: 0,
    maximum: 366,
    description: 'Days of 24 hours from the start.',
  },
} as const;

export const WINDOW_QUERY = { type: 'object', properties: WINDOW } as const;

export const OFFICE_HOURS = {
  type: 'object',
  required: ['error', 'periods'],
  properties: {
    error: { type: 'null', description: 'As GMS has it; faults are answered with a status.' },
    periods: {
      type: 'array',
      items: {
        type: 'object',
        required: ['start', 'end'],
        properties: {
          start: { type: 'string', format: 'date-time' },
          end: { type: 'string', format: 'date-time' },
        },
      },
      description: 'What is open, ascending, cut at both ends of the stretch.',
    },
  },
} as const;

/** A week of slots of five minutes: no more are looked at for one answer, calls are in the air meanwhile. */
export const SLOTS_MAX = 2016;

const SLOTS = {
  ...WINDOW,
  'number-of-days': { ...WINDOW['number-of-days'], maximum: 62 },
  'max-time-slots': { type: 'integer', minimum: 1, maximum: SLOTS_MAX, default: SLOTS_MAX },
} as const;

const EPOCH_MS = { type: 'integer', minimum: 0, maximum: 8_640_000_000_000 } as const;

export const AVAILABILITY_QUERY_1 = { type: 'object', properties: SLOTS } as const;

export const AVAILABILITY_QUERY_2 = {
  type: 'object',
  properties: {
    ...SLOTS,
    'start-ms': { ...EPOCH_MS, description: 'In place of `start`, since the epoch.' },
    'end-ms': { ...EPOCH_MS, description: 'In place of `end`.' },
    timezone: text('IANA name: of times without a zone, and for `localTime`.', 64),
    'report-busy': { type: 'boolean', default: false, description: 'Full slots as well.' },
  },
} as const;

export const AVAILABILITY_1 = {
  type: 'object',
  additionalProperties: { type: 'integer' },
  description: 'Beginnings of slots, and how many callbacks each still takes.',
} as const;

export const AVAILABILITY_2 = {
  type: 'object',
  required: ['durationMin', 'slots'],
  properties: {
    durationMin: { type: 'integer', description: 'Length of a slot in minutes.' },
    timezone: word,
    slots: {
      type: 'array',
      items: {
        type: 'object',
        required: ['utcTime', 'capacity', 'total'],
        properties: {
          utcTime: { type: 'string', format: 'date-time' },
          localTime: { type: 'string', description: 'By the clocks of `timezone`.' },
          capacity: { type: 'integer', description: 'What is still free.' },
          total: { type: 'integer' },
        },
      },
    },
  },
} as const;
