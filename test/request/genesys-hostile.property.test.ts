import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { ApiBed, type Body } from './api-bed.js';

const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
officeHours: { hours: { timezone: Europe/Paris, weekly: ["Mon-Fri 08:00-18:00"] } }
services:
  sales: { queue: q, _customer_lookup_keys: [_customer_number, account], _overwritable_options: [_ttl], _business_hours_service: hours, whenClosed: schedule }
`;

/** Texts that break parsers, patterns, numbers, dates and headers. */
const evil = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '!',
      '!!',
      '%00',
      '\0',
      '\r\nX: y',
      '../../etc/passwd',
      '__proto__',
      'constructor',
    ],
    ...[
      'NaN',
      '-0',
      '1e999',
      '9'.repeat(400),
      '+',
      '+' + '1'.repeat(60),
      '２０２６',
      "';--",
      '${env:X}',
    ],
    ...[
      '2026-02-30T00:00:00Z',
      '0000-00-00T00:00:00Z',
      '9999-12-31T23:59:59+23:59',
      'a'.repeat(5000),
    ],
    ...[
      '\ud800',
      '𝒂',
      '<script>',
      '{"a":',
      '[[[[',
      ',,,,',
      'QUEUED,!QUEUED',
      'true',
      'null',
      'sales',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 200 }),
);
const name = fc.oneof(
  fc.constantFrom(
    ...[
      '_id',
      '_customer_number',
      '_desired_time',
      '_new_desired_time',
      '_callback_state',
      'account',
    ],
    ...['operand', 'returned-keys', 'max', 'after', 'target', 'start_time', 'end_time', 'states'],
    ...['service_name', 'number', 'country', 'geocodingLocale', 'start', 'end', 'number-of-days'],
    ...['start-ms', 'end-ms', 'max-time-slots', 'timezone', 'report-busy', 'ids', 'reason', '_ttl'],
    ...['callback_reason', 'exported_properties', '_customer_timezone', '__proto__', 'toString'],
  ),
  evil,
);
const pairs = fc
  .array(fc.tuple(name, evil), { maxLength: 6 })
  .map((all) => new URLSearchParams(all));
const json = fc.oneof(
  fc.dictionary(name, fc.oneof(evil, fc.jsonValue({ maxDepth: 3 })), { maxKeys: 8 }),
  fc.jsonValue({ maxDepth: 2 }),
);

const part = fc.oneof(fc.constantFrom('sales', 'hours', 'ID'), evil);
const PATHS: readonly [InjectOptions['method'], string][] = [
  ['POST', '/genesys/1/service/callback/:part'],
  ['PUT', '/genesys/1/service/callback/sales/:part'],
  ['DELETE', '/genesys/1/service/callback/sales/:part'],
  ['GET', '/genesys/1/service/callback'],
  ['GET', '/genesys/1/service/callback/:part'],
  ['GET', '/genesys/1/service/callback/:part/availability'],
  ['GET', '/genesys/2/service/callback/sales/availability'],
  ['GET', '/genesys/1/service/:part'],
  ['GET', '/genesys/1/service/:part/check-queue-position'],
  ['GET', '/genesys/1/phonenumber'],
  ['GET', '/genesys/1/admin/callback/queues'],
  ['GET', '/genesys/1/admin/callback/watermarks'],
  ['POST', '/genesys/1/admin/callback/cancel'],
  ['POST', '/genesys/1/admin/callback/reportcancelled'],
];

const payloadOf = fc.oneof(
  fc.record({
    type: fc.constant('application/json'),
    text: json.map((value) => JSON.stringify(value) ?? ''),
  }),
  fc.record({
    type: fc.constant('application/x-www-form-urlencoded'),
    text: pairs.map(String),
  }),
  fc.record({
    type: fc.constantFrom('application/json', 'multipart/form-data; boundary=x', 'text/xml', 'x'),
    text: evil,
  }),
);

describe('GMS’ paths and hostile input', function () {
  this.timeout(120_000);
  let bed: ApiBed;
  let id: string;

  before(async () => {
    bed = await ApiBed.open(YAML);
    id = await bed.started({ account: '7' });
  });
  after(() => bed.close());

  it('answers what is no path in the same shape', async () => {
    for (const url of [
      '/genesys/1/service/%',
      '/genesys/%ff%fe',
      `/genesys/1/service/${'a'.repeat(300)}`,
    ]) {
      const answer = await bed.get(url);
      assert.equal(answer.json<Body>()['code'], answer.statusCode, answer.body);
      assert.ok(answer.statusCode >= 400 && answer.statusCode < 500);
    }
  });

  for (const [method = 'GET', pattern] of PATHS) {
    it(`${method} ${pattern} answers with 4xx that says why, and never with 500`, async () => {
      await fc.assert(
        fc.asyncProperty(part, pairs, payloadOf, async (text, query, { type, text: payload }) => {
          // A lone surrogate cannot be escaped; as the clients' own libraries do it.
          const whole = Buffer.from(text === 'ID' ? id : text).toString();
          const named = encodeURIComponent(whole);
          const hasBody = method !== 'GET';
          const answer = await bed.api.inject({
            method,
            url: `${pattern.replace(':part', named)}?${String(query)}`,
            headers: { ...(hasBody && { 'content-type': type }) },
            ...(hasBody && { payload }),
          });
          // 503: the day's requests for a number are used up.
          const { statusCode: status } = answer;
          assert.ok(status < 500 || status === 503, `${status} ${answer.body}`);
          if (status < 400) return;
          const body = answer.json<Body>();
          assert.equal(body['code'], status);
          assert.match(String(body['exception']), /^com\.genesyslab\.gsg\./);
          assert.match(String(body['error']), /^CBD_REQUEST_[A-Z_]+$/);
          assert.ok(!/\bat .*\.[jt]s:\d|node_modules/.test(answer.body), answer.body);
          assert.ok(answer.body.length < 3000, answer.body);
          if (status !== 400) return;
          assert.ok(typeof body['field'] === 'string' && body['field'] !== '', answer.body);
          assert.ok(typeof body['rule'] === 'string' && body['rule'] !== '', answer.body);
        }),
        { numRuns: 60 },
      );
    });
  }
});
