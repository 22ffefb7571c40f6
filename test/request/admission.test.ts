import assert from 'node:assert/strict';
import { openSqliteStore } from '../../src/adapters/store/sqlite-store.js';
import type { ServiceConfig } from '../../src/config/config.js';
import type { CallbackStore } from '../../src/schedule/callback-store.js';
import { acceptLimits, refusalOf } from '../../src/request/admission.js';
import type { RequestProblem } from '../../src/request/problem.js';
import { someCallback } from '../adapters/store/fixtures.js';
import { configOf } from './test-config.js';

const HOUR_MS = 3_600_000;
/** Half an hour before midnight UTC. */
const LATE_MS = Date.UTC(2026, 0, 15, 23, 30);

/** What the store does with the limits is its own test (conformance). */
describe('Admission', () => {
  let store: CallbackStore;
  let nowMs: number;
  let dayZone: string;
  beforeEach(async () => {
    nowMs = LATE_MS;
    dayZone = 'UTC';
    store = await openSqliteStore({ file: ':memory:' });
  });
  afterEach(() => store.close());

  async function service(options = ''): Promise<ServiceConfig> {
    const { services } = await configOf(
      `services:\n  sales:\n    queue: q\n${options}queues: { q: { targets: [ { uri: "sip:a@b.example" } ] } }\n`,
    );
    assert.ok(services['sales']);
    return services['sales'];
  }

  async function ask(
    from: ServiceConfig,
    changes: Parameters<typeof someCallback>[0] = {},
    values: Readonly<Record<string, string>> = { account: '77' },
  ): Promise<void> {
    const callback = someCallback({ createdAtMs: nowMs, desiredAtMs: nowMs, ...changes });
    const brought = new Map(Object.entries(values));
    const result = await store.admit(callback, acceptLimits(from, callback, brought, dayZone));
    if (!result.ok) throw refusalOf(result, from, callback, brought);
  }

  const throttled = { code: 'CBD_REQUEST_THROTTLED', status: 503 };
  const full = { code: 'CBD_REQUEST_QUEUE_FULL', status: 503 };

  it('limits a service to so many in each of two windows', async () => {
    const sales = await service(
      `    _throttle_callbacks_per_service_1: 2
    _throttle_ttl_1: 60
    _throttle_callbacks_per_service_2: 3
    _throttle_ttl_2: 600
`,
    );
    await ask(sales);
    await ask(sales);
    await assert.rejects(ask(sales), {
      ...{ ...throttled, retryAfterSeconds: 60 },
      message: 'Limit of queued callbacks for sales is reached for interval 60s.',
    });
    nowMs += 60_000;
    await ask(sales);
    await assert.rejects(ask(sales), { ...throttled, retryAfterSeconds: 540 });
    nowMs += 540_000;
    await ask(sales);
  });

  it('limits one number to so many a day, until the date changes', async () => {
    const sales = await service(
      '    _throttle_customer_number_limit: 2\n    _enable_in_queue_checking: false\n',
    );
    const customerNumber = '+15550001234';
    const headers = { _customer_number: 'another one each time' };
    await ask(sales, { customerNumber });
    await ask(sales, { customerNumber }, headers);
    await assert.rejects(ask(sales, { customerNumber }), { ...throttled, retryAfterSeconds: 1800 });
    await ask(sales, { customerNumber: '+15550004321' });
    nowMs += HOUR_MS / 2;
    await ask(sales, { customerNumber });
  });

  it('ends the day at the midnight of the zone that is configured', async () => {
    dayZone = 'Europe/Berlin';
    const sales = await service('    _throttle_customer_number_limit: 1\n');
    const customerNumber = '+15550001234';
    await ask(sales, { customerNumber });
    const untilMidnight = { ...throttled, retryAfterSeconds: 23.5 * 3600 };
    await assert.rejects(ask(sales, { customerNumber }), untilMidnight);
  });

  it('limits the values of other parameters when told to', async () => {
    const sales = await service(
      '    _throttle_request_parameters: [account]\n    _throttle_request_parameters_limit: 1\n',
    );
    await ask(sales);
    await assert.rejects(ask(sales), (problem: RequestProblem) => {
      assert.deepEqual(problem.details.fault, {
        ...{ field: 'account', value: '77', rule: 'at most 1 a day with the same value' },
      });
      assert.match(
        problem.message,
        /^Callback for account=77 rejected .* more than 1 times today\.$/,
      );
      return problem.code === 'CBD_REQUEST_THROTTLED';
    });
    await ask(sales, {}, { account: '78' });
    await ask(sales, {}, {});
  });

  it('refuses everything with a limit of 0', async () => {
    await assert.rejects(
      ask(await service('    _throttle_callbacks_per_service_2: 0\n')),
      throttled,
    );
  });

  it('refuses when the queue is full', async () => {
    const sales = await service('    _max_queued_callbacks_per_service: 1\n');
    await ask(sales);
    const message = 'Limit of queued callbacks for sales is reached.';
    await assert.rejects(ask(sales), { ...full, message });
    await ask(sales, { desiredAtMs: nowMs + HOUR_MS });
  });

  it('refuses a number that is in the queue twice, unless told not to look', async () => {
    const customerNumber = '+15550001234';
    for (let n = 0; n < 2; n += 1) await ask(await service(), { customerNumber });
    await assert.rejects(ask(await service(), { customerNumber }), full);
    await ask(await service('    _enable_in_queue_checking: false\n'), { customerNumber });
  });

  it('refuses one more callback of a number than may be open', async () => {
    const sales = await service('    openPerNumberMax: 1\n');
    const later = { customerNumber: '+15550001234', desiredAtMs: nowMs + HOUR_MS };
    await ask(sales, later);
    await assert.rejects(ask(sales, later), full);
  });
});
