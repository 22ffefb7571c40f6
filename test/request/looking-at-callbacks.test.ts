import assert from 'node:assert/strict';
import { CallMetrics } from '../../src/report/call-metrics.js';
import { callbackApi, START } from './callback-api-bed.js';
import { type Body, HOUR_MS, NOON_MS } from './api-bed.js';

describe('The HTTP API', () => {
  const bed = callbackApi();
  const { build, get, started, assertProblem } = bed;

  describe('looking at callbacks', () => {
    const query = async (text: string): Promise<Body[]> => {
      const answer = await get(`/genesys/1/service/callback?${text}`);
      assert.equal(answer.statusCode, 200, answer.body);
      return answer.json<Body[]>();
    };

    it('finds one by its id, in the words of GMS', async () => {
      const id = await started({ account: '77', product: 'kettle' });
      assert.deepEqual(await query(`_id=${id}&returned-keys=product,__proto__,toString`), [
        {
          _id: id,
          _service_name: 'sales',
          _customer_number: '+15550001234',
          account: '77',
          product: 'kettle',
          _callback_state: 'QUEUED',
          _desired_time: '2026-01-15T12:00:00.000Z',
          _expiration_time: '2026-01-16T12:00:00.000Z',
          _url: `${START}/${id}`,
        },
      ]);
      assert.deepEqual(await query('_id=nobody'), []);
    });

    it('finds by number, however it is written, and by lookup keys and states', async () => {
      const one = await started({ account: '77' });
      const two = await started({ account: '78' });
      await bed.store.requestCancel(two, 'customer', NOON_MS);
      const ids = async (text: string): Promise<unknown[]> =>
        (await query(text)).map((record) => record['_id']).sort();
      const both = [one, two].sort();
      assert.deepEqual(await ids('_customer_number=%2B15550001234'), both);
      assert.deepEqual(await ids('_customer_number=+15550001234'), both);
      assert.deepEqual(await ids('_customer_number=5550001234'), both);
      assert.deepEqual(await ids('account=78'), [two]);
      assert.deepEqual(await ids('_customer_number=5550001234&account=77'), [one]);
      assert.deepEqual(await ids('account=77&_callback_state=COMPLETED'), []);
      assert.deepEqual(await ids('_customer_number=5550001234&_callback_state=!COMPLETED'), [one]);
      assert.deepEqual(await ids('_customer_number=5550001234&_callback_state=completed'), [two]);
      const [record] = await query(`_id=${two}`);
      assert.equal(record?.['_callback_reason'], 'CANCELLED');
    });

    it('refuses a query for everybody, and a state that does not exist', async () => {
      const all = await get('/genesys/1/service/callback');
      assertProblem(all, 400, 'CBD_REQUEST_MISSING_KEY');
      const odd = await get('/genesys/1/service/callback?account=7&_callback_state=HAPPY');
      assertProblem(odd, 400, 'CBD_REQUEST_MALFORMED');
    });

    it('lists by queue within a window, and counts what is not merely scheduled', async () => {
      const now = await started();
      const at = (ms: number): object => ({ _desired_time: new Date(NOON_MS + ms).toISOString() });
      const soon = await started(at(2 * HOUR_MS));
      await started(at(30 * HOUR_MS));
      const list = async (text: string): Promise<Record<string, unknown[]>> => {
        const answer = await get(`/genesys/1/admin/callback/queues?${text}`);
        assert.equal(answer.statusCode, 200, answer.body);
        const lists = Object.entries(answer.json<Record<string, Body[]>>());
        return Object.fromEntries(lists.map(([name, of]) => [name, of.map(({ _id }) => _id)]));
      };
      assert.deepEqual(await list(''), { sales: [soon, now], support: [] });
      assert.deepEqual(await list('target=sales&states=SCHEDULED'), { sales: [soon] });
      const window = 'start_time=2026-01-15T11:00:00Z&end_time=2026-01-15T12:30:00Z';
      assert.deepEqual(await list(`target=sales&${window}`), { sales: [now] });
      assertProblem(
        await get('/genesys/1/admin/callback/queues?start_time=noon'),
        400,
        'CBD_REQUEST_MALFORMED',
      );
      const marks = await get('/genesys/1/admin/callback/watermarks?service_name=sales');
      assert.deepEqual(marks.json(), { services: { sales: 1 }, total: 1 });
    });

    it('serves metrics for Prometheus', async () => {
      const metrics = new CallMetrics();
      metrics.attemptEnded('primary', 'Busy');
      await bed.api.close();
      bed.api = await build({ metrics });
      const answer = await get('/metrics');
      assert.equal(answer.statusCode, 200);
      assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
      assert.match(answer.body, /^dialback_attempts_total\{trunk="primary",result="Busy"\} 1$/m);
    });

    it('shows one callback with its attempts, and its story', async () => {
      const id = await started();
      await bed.store.claimDue(NOON_MS, 1);
      const step = {
        atMs: NOON_MS,
        event: { type: 'due', atMs: NOON_MS },
        row: 'due',
        because: 'now',
        commands: [],
        stateName: 'dialing',
      } as const;
      const attempt = {
        attempt: 1,
        callId: `${id}@x`,
        number: '+15550001234',
        startedAtMs: NOON_MS,
      };
      await bed.store.commit(id, { step, attempt, dialLock: 'take' }, { durable: true });

      const record = await get(`/v1/callbacks/${id}`);
      const { callback, attempts } = record.json<{ callback: Body; attempts: Body[] }>();
      assert.equal(callback['id'], id);
      assert.equal(callback['claimed'], true);
      assert.deepEqual(attempts, [{ callbackId: id, ...attempt }]);

      const story = await get(`/v1/callbacks/${id}/story`);
      assert.deepEqual(story.json(), {
        ...{ id, serviceName: callback['serviceName'], state: callback['state'] },
        customerNumber: callback['customerNumber'],
        steps: [step],
        attempts,
        ladder: [
          {
            atMs: NOON_MS,
            attempt: 1,
            callId: `${id}@x`,
            direction: '->',
            leg: 'customer',
            message: 'INVITE +15550001234',
          },
        ],
        media: [],
      });
      assertProblem(await get('/v1/callbacks/nobody/story'), 404, 'CBD_REQUEST_UNKNOWN_CALLBACK');
    });
  });
});
