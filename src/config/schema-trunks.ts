/** The blocks about ways out to the telephone network: trunks, and what their refusals mean. */
import { ANSWER_WORDS, isAnswered } from '../callflow/call-state.js';
import { RESULT_ACTIONS } from '../dial/result-rows.js';
import { NUMBER_FORMATS } from '../dial/trunk.js';
import { block, name, option, secret, SIP_TEXT, SIP_URI, TRUNK_URI } from './schema-parts.js';
import { CALLER_ID, CALLER_NAME, PREFIX } from './schema-terms.js';
import type { OptionSpec, TextFormat, ValueType } from './schema-types.js';

const DIGITS: TextFormat = { pattern: /^[0-9]{1,8}$/, says: 'up to 8 digits' };
const ASSERTED: TextFormat = {
  pattern: /^(?:caller|\+?[0-9]{1,20})$/,
  says: '`caller`, or a number',
};
const PLACE: TextFormat = {
  pattern: /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?$/,
  says: 'host or host:port',
};
const ADDRESS: TextFormat = { pattern: /^[0-9A-Fa-f.:]{2,45}$/, says: 'an IP address' };
const HEADER_TEXT: TextFormat = {
  pattern: /^[A-Za-z][A-Za-z0-9-]{0,63}: ?[^\p{Cc}]+$/u,
  says: 'NAME: TEXT',
};
/** As sanitise.ts has it at the dial: what it refuses there would make every call of the trunk fail. */
const HEADER_VALUE: TextFormat = {
  pattern: /^(?!.*\$\{)[^\p{Cc}\p{Zl}\p{Zp}]+$/u,
  says: 'one line without `${`',
};

export const SRTP_CHOICES = ['off', 'required'] as const;

/** Nobody answered: that is what a refusal can stand for. */
const REFUSALS = ANSWER_WORDS.filter((word) => !isAnswered(word));

const callerId: ValueType = { kind: 'text', maxLength: 33, format: CALLER_ID };
const countries = (maxItems = 300): ValueType => ({
  kind: 'list',
  maxItems,
  commaText: true,
  of: { kind: 'country' },
});

const ROUTING: readonly OptionSpec[] = [
  option('name', name, 'Name in logs and records.', { isRequired: true }),
  option(
    'uri',
    { kind: 'text', maxLength: 512, format: TRUNK_URI },
    'Where calls go out, by UDP, `;transport=tcp`, or TLS (`sips:` or `;transport=tls`, with servers that have it). The dialled number becomes its user part.',
    { isRequired: true },
  ),
  option(
    'outboundProxy',
    { kind: 'text', maxLength: 512, format: SIP_URI },
    'SIP URI that requests are sent to instead; the request-URI stays.',
  ),
  option(
    'username',
    { kind: 'text', maxLength: 128, format: SIP_TEXT },
    'For digest authentication.',
  ),
  option('password', secret, 'For digest authentication.'),
  option(
    'priority',
    { kind: 'integer', min: 0, max: 1000 },
    'Lower is tried first. A full trunk gives way to the next.',
    { default: 1 },
  ),
  option(
    'weight',
    { kind: 'integer', min: 1, max: 1000 },
    'Share of the calls among trunks of one priority.',
    { default: 1 },
  ),
  option('allowedCountries', countries(), 'Countries that it may dial; none = all.', {
    default: [],
  }),
  option(
    'maxConcurrentCalls',
    { kind: 'integer', min: 1, max: 100000 },
    'Live calls on the trunk at most.',
    { default: 100 },
  ),
  option(
    'maxCallsPerSecond',
    { kind: 'integer', min: 1, max: 1000 },
    'New calls at most, in any second. Calls wait for their turn, first come, first served.',
    { default: 10 },
  ),
];

const NUMBERS: readonly OptionSpec[] = [
  option(
    'numberFormat',
    { kind: 'choice', values: NUMBER_FORMATS },
    'How numbers are dialled: `e164` +442079460000, `digits` 442079460000, `international` 00442079460000, `national` 02079460000 for numbers of `country` and as `international` for others.',
    { default: 'e164' },
  ),
  option(
    'internationalPrefix',
    { kind: 'text', maxLength: 8, format: DIGITS },
    'For `international` and `national`.',
    { default: '00' },
  ),
  option('country', { kind: 'country' }, 'Whose numbers are national.'),
  option(
    'numberPrefix',
    { kind: 'text', maxLength: 16, format: PREFIX },
    'Dialled before the number, whose `+` is left out then.',
  ),
];

const CALLER: readonly OptionSpec[] = [
  option('callerId', callerId, 'Shown where the service has no `callerId`.'),
  option(
    'callerName',
    { kind: 'text', maxLength: 64, format: CALLER_NAME },
    'Shown where the service has no `callerName`.',
  ),
  option(
    'callerIds',
    { kind: 'map', maxItems: 1000, of: callerId },
    'By service: shown on this trunk instead of the service’s own.',
  ),
  option(
    'callerIdFormat',
    { kind: 'choice', values: NUMBER_FORMATS },
    'How a caller ID that is a number with `+` is written, as in `numberFormat`.',
    { default: 'e164' },
  ),
  option(
    'assertedIdentity',
    { kind: 'text', maxLength: 21, format: ASSERTED },
    'P-Asserted-Identity (RFC 3325): `caller` = what is shown, or a number.',
    { defaultSays: 'not sent' },
  ),
  option(
    'privacy',
    { kind: 'choice', values: ['none', 'id'] },
    '`id`: From is anonymous and `Privacy: id` asks the network to withhold who calls (RFC 3323).',
    { default: 'none' },
  ),
  option(
    'diversion',
    { kind: 'text', maxLength: 33, format: CALLER_ID },
    'Number that calls are said to be diverted from (RFC 5806).',
    { defaultSays: 'not sent' },
  ),
  option(
    'headers',
    { kind: 'map', maxItems: 20, of: { kind: 'text', maxLength: 512, format: HEADER_VALUE } },
    'Headers that the carrier wants in each INVITE, by name. Those that make up a call (From, To, Via, Contact ...) are refused.',
  ),
];

const SIGNALLING: readonly OptionSpec[] = [
  option(
    'register',
    { kind: 'boolean' },
    'Registers with it; without a registration it gets no calls. Refreshed before it expires, taken back at shutdown.',
    { default: false },
  ),
  option(
    'registerExpires',
    { kind: 'integer', min: 60, max: 86400, unit: 's' },
    'How long a registration is asked for; the trunk may say otherwise.',
    { default: 600 },
  ),
  option(
    'optionsInterval',
    { kind: 'integer', min: 0, max: 3600, unit: 's' },
    'Asks this often with OPTIONS whether it is there. Two in a row without an answer, or with 503, and it gets no calls; two answers, and it is back. 0 = never: some carriers do not answer.',
    { default: 0 },
  ),
  option(
    'reliableProvisionals',
    { kind: 'boolean' },
    'Offers 100rel: ringing and early media may come reliably, and are acknowledged with PRACK (RFC 3262).',
    { default: false },
  ),
  option(
    'srtp',
    { kind: 'choice', values: SRTP_CHOICES },
    'Media on this trunk. `off`: plain RTP; SRTP is never offered, and refused where it is asked for. `required`: RTP/SAVP with a key in the SDP (RFC 4568, AES_CM_128_HMAC_SHA1_80); an answer without it ends the call. With `engine: servers`; whoever reads the SIP can listen, so use TLS.',
    { default: 'off' },
  ),
  option(
    'sessionExpires',
    { kind: 'integer', min: 90, max: 86400, unit: 's' },
    'Session timer offered to the customer’s side (RFC 4028): a call whose far end has gone without a word ends by itself. A trunk that refuses it with 422 is offered, once, what it asks for.',
    { defaultSays: 'none offered' },
  ),
  option(
    'redirectsTo',
    { kind: 'list', maxItems: 100, of: { kind: 'text', maxLength: 300, format: PLACE } },
    'Hosts that a 3xx may send calls to besides the trunk’s own and the service’s `allowedDestinations`; they are given the trunk’s credentials when they ask. At most two are followed.',
    { default: [] },
  ),
];

export const trunks: OptionSpec = option(
  'trunks',
  {
    kind: 'list',
    maxItems: 256,
    uniqueBy: 'name',
    of: { kind: 'block', options: [...ROUTING, ...NUMBERS, ...CALLER, ...SIGNALLING] },
  },
  'Ways out to the telephone network. May be empty: a dial then ends in call state 41 (dial error). When a trunk fails, the attempt goes on to another one; what counts as a failure of the trunk stands in the result table at the end.',
  { default: [] },
);

export const trunkResults: OptionSpec = option(
  'trunkResults',
  {
    kind: 'list',
    maxItems: 200,
    of: {
      kind: 'block',
      options: [
        option('trunks', { kind: 'list', maxItems: 256, of: name }, 'Only on these trunks.', {
          defaultSays: 'on all',
        }),
        option(
          'status',
          { kind: 'integer', min: 300, max: 699 },
          'SIP status, or the first of a range.',
          { defaultSays: 'any' },
        ),
        option('statusTo', { kind: 'integer', min: 300, max: 699 }, 'The last of a range.', {
          defaultSays: 'as `status`',
        }),
        option('q850Cause', { kind: 'integer', min: 1, max: 127 }, 'Q.850 cause (RFC 3326).', {
          defaultSays: 'any, or none',
        }),
        option(
          'reasonText',
          { kind: 'text', maxLength: 128, format: HEADER_VALUE },
          'Part of the reason phrase or of the Reason header, in any case.',
          { defaultSays: 'any' },
        ),
        option(
          'header',
          { kind: 'text', maxLength: 256, format: HEADER_TEXT },
          'A header of the response and a part of its value: `X-Carrier-Cause: no credit`.',
          { defaultSays: 'any' },
        ),
        option(
          'then',
          { kind: 'choice', values: RESULT_ACTIONS },
          '`next-trunk`: it is the trunk; another is tried at once, within the attempt, unless a phone rang, or the customer was busy or declined: a row that names these (486, 600, 603, 607, 608; causes 17 and 21) is refused. `by-call-state`: the flow decides. `retry-later`: another attempt, even of a number said to be invalid. `never-again`: the callback ends.',
          { default: 'by-call-state' },
        ),
        option(
          'answer',
          { kind: 'choice', values: REFUSALS },
          'The attempt’s call state, as an answer word.',
          { defaultSays: 'as the built-in rows have it' },
        ),
        option(
          'why',
          { kind: 'text', maxLength: 200, format: HEADER_VALUE },
          'For whoever reads the story.',
          { default: 'trunkResults' },
        ),
      ],
    },
  },
  'Rows of the result table that are asked before the built-in ones (see the end of this page), the first one that fits decides. All conditions of a row have to hold. `dialback explain-sip 503 --q850 34` says which row decides.',
  { default: [] },
);

export const inbound: OptionSpec = block(
  'inbound',
  'Calls that come to us: customers who ring back. OPTIONS are answered with 200; a call is refused, sent on, or taken into a queue.',
  [
    option(
      'acceptFrom',
      { kind: 'list', maxItems: 100, of: { kind: 'text', maxLength: 45, format: ADDRESS } },
      'IP addresses of the trunks and proxies that bring calls; others get a refusal whatever else stands here.',
      { default: [] },
    ),
    option('status', { kind: 'integer', min: 400, max: 699 }, 'What a refused call gets.', {
      default: 480,
    }),
    option(
      'redirectTo',
      { kind: 'text', maxLength: 512, format: SIP_URI },
      'Where calls are sent with 302, such as the queue of a PBX, instead of being refused.',
    ),
    option(
      'service',
      name,
      'Calls are taken into the queue of this service: with its waiting treatment, announcements, whisper, longest wait and `_treatment_find_agent_fail`. They have no callback; `dialback trace` and `GET /v1/inbound-calls` tell of them.',
    ),
    option(
      'maxCalls',
      { kind: 'integer', min: 1, max: 10000 },
      'With `service`: waiting and talking at a time at most; more get 486.',
      { default: 50 },
    ),
    option(
      'maxCallsPerSecond',
      { kind: 'integer', min: 1, max: 1000 },
      'With `service`: calls in any second from one address at most; more get 503.',
      { default: 10 },
    ),
    option(
      'cancelCallbacks',
      { kind: 'boolean' },
      'The callbacks of a number that rings us are cancelled (P-Asserted-Identity, else From; not of a customer who talks to an agent). Only for calls from `acceptFrom`.',
      { default: false },
    ),
  ],
);
