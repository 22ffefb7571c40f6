import assert from 'node:assert/strict';
import { numberForAttempt, numbersOf } from '../../src/request/alternate-numbers.js';
import { assertGenesysProblem, ApiBed, NOON_MS, type Body } from './api-bed.js';

const FIRST = '+442079460123';
const SECOND = '+447400123456';
const THIRD = '+442079460124';
const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q, _default_country: GB }
services:
  sales: { _throttle_request_parameters_limit: 2, _enable_in_queue_checking: false }
`;

describe('Alternate numbers', () => {
  let bed: ApiBed;
  beforeEach(async () => (bed = await ApiBed.open(YAML)));
  afterEach(() => bed.close());

  const started = (more: object = {}): Promise<string> =>
    bed.started({
      _customer_number: FIRST,
      _alternate_number_1: '07400 123456',
      _alternate_number_2: '020 7946 0124',
      ...more,
    });
  const change = (id: string, payload: object) =>
    bed.api.inject({ method: 'PUT', url: `/genesys/1/service/callback/sales/${id}`, payload });
  const numbers = async (id: string): Promise<readonly string[]> => {
    const record = await bed.store.get(id);
    assert.ok(record);
    return numbersOf(record);
  };

  it('are taken in their order and in E.164, and shown with the callback', async () => {
    const id = await started();
    assert.deepEqual(await numbers(id), [FIRST, SECOND, THIRD]);
    const [found] = (await bed.get(`/genesys/1/service/callback?_id=${id}`)).json<Body[]>();
    assert.equal(found?.['_alternate_number_1'], SECOND);
  });

  it('are judged as the first number is, and the refusal names which it was', async () => {
    const url = '/genesys/1/service/callback/sales';
    const premium = '+449098790001';
    const payload = { _customer_number: FIRST, _alternate_number_2: premium };
    const answer = await bed.post(url, payload);
    assert.equal(answer.statusCode, 400);
    assert.equal(answer.json<Body>()['field'], '_alternate_number_2');
    assert.ok(!answer.body.includes(premium));
  });

  it('count within the daily limit of a number, whichever of them it is', async () => {
    const [other, another] = ['+442079460130', '+442079460131'];
    const only = (number: string, alternate: string) =>
      bed.post('/genesys/1/service/callback/sales', {
        ...{ _customer_number: number, _alternate_number_1: alternate },
      });
    assert.equal((await only(other, SECOND)).statusCode, 200);
    assert.equal((await only(another, SECOND)).statusCode, 200);
    const refused = await only('+442079460132', SECOND);
    assert.equal(refused.statusCode, 503);
    assert.match(refused.body, /CBD_REQUEST_THROTTLED/);
    const id = await bed.started({ _customer_number: FIRST });
    assert.equal((await change(id, { _alternate_number_4: SECOND })).statusCode, 503);
    assert.deepEqual(await numbers(id), [FIRST]);
  });

  it('may be changed and deleted, until a session has the callback', async () => {
    const id = await started();
    assert.equal((await change(id, { _alternate_number_1: '' })).statusCode, 200);
    assert.deepEqual(await numbers(id), [FIRST, THIRD]);
    assert.equal((await change(id, { _alternate_number_2: '07400 123456' })).statusCode, 200);
    assert.deepEqual(await numbers(id), [FIRST, SECOND]);
    // The same again is no change, and uses up nothing.
    for (let times = 0; times < 4; times += 1) {
      assert.equal((await change(id, { _alternate_number_2: SECOND })).statusCode, 200);
    }
    await bed.store.claimDue(NOON_MS, 10);
    const late = await change(id, { _alternate_number_2: THIRD });
    assertGenesysProblem(late, 409, 'CBD_REQUEST_TOO_LATE');
    assert.equal((await change(id, { product: 'kettle' })).statusCode, 200);
  });

  it('find the callback, and cancel it when the customer rings from one of them', async () => {
    const id = await started();
    const query = `_alternate_number_1=${encodeURIComponent(SECOND)}`;
    const found = (await bed.get(`/genesys/1/service/callback?${query}`)).json<Body[]>();
    assert.deepEqual(
      found.map(({ _id }) => _id),
      [id],
    );
    const cancelled = await bed.post(`/v1/numbers/${encodeURIComponent(THIRD)}/cancel`, {});
    assert.deepEqual(cancelled.json<{ callbacks: Body[] }>().callbacks, [
      { id, service: 'sales', was: 'QUEUED', became: 'cancelled' },
    ]);
  });

  it('are dialled in turn, without those that may not be', () => {
    const callback = {
      customerNumber: FIRST,
      lookupKeys: { _alternate_number_1: SECOND, _alternate_number_4: THIRD },
    };
    const inTurn = (mayDial: (number: string) => boolean) =>
      [1, 2, 3, 4].map((attempt) => numberForAttempt(callback, attempt, mayDial));
    assert.deepEqual(
      inTurn(() => true),
      [FIRST, SECOND, THIRD, FIRST],
    );
    assert.deepEqual(
      inTurn((number) => number !== SECOND),
      [FIRST, THIRD, THIRD, FIRST],
    );
    assert.deepEqual(
      inTurn(() => false),
      [FIRST, SECOND, THIRD, FIRST],
    );
  });
});
