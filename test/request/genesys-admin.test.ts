import assert from 'node:assert/strict';
import { StoreError } from '../../src/schedule/callback-store.js';
import { someCallback } from '../adapters/store/fixtures.js';
import { ApiBed, assertGenesysProblem, HOUR_MS, NOON_MS, type Body } from './api-bed.js';

const YAML = `
queues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }
defaults: { queue: q, _throttle_request_parameters_limit: 5000, _enable_in_queue_checking: false, _max_queued_callbacks_per_service: 5000, _throttle_callbacks_per_service_1: 5000, _throttle_callbacks_per_service_2: 5000 }
services:
  sales: {}
`;
const CANCEL = '/genesys/1/admin/callback/cancel';
const KEY = 'a-key-of-sixteen-characters';
const EXPORT = '/genesys/1/admin/callback/reportcancelled';

describe('the administrator’s paths', () => {
  let bed: ApiBed;

  beforeEach(async () => {
    bed = await ApiBed.open(YAML);
  });
  afterEach(() => bed.close());

  const reasonOf = async (id: string) => (await bed.store.get(id))?.reason;

  describe('cancelling many', () => {
    it('says of each what became of it', async () => {
      const [waiting, live, talking] = [
        await bed.started(),
        await bed.started({ _customer_number: '+15550001235' }),
        await bed.started({ _customer_number: '+15550001236' }),
      ];
      const later = { _desired_time: new Date(NOON_MS + HOUR_MS).toISOString() };
      const scheduled = await bed.started(later);
      for (const id of [live, talking]) {
        await bed.store.requestCancel(id, 'admin', 0);
      }
      const [own, talk] = [
        await bed.started({ _customer_number: '+15550001237' }),
        await bed.started(),
      ];
      await bed.store.claimDue(NOON_MS, 10);
      await bed.store.commit(talk, { record: { state: 'PROCESSING' } }, { durable: true });
      const ids = [waiting, own, own, talk, live, scheduled, 'nobody'];
      const answer = await bed.post(CANCEL, { reason: 'CANCELLED_BY_ADMIN', ids });
      assert.equal(answer.statusCode, 200, answer.body);
      assert.deepEqual(answer.json<Body>()['results'], {
        [waiting]: 'asked',
        [own]: 'asked',
        [talk]: 'too-late',
        [live]: 'too-late',
        [scheduled]: 'cancelled',
        nobody: 'unknown',
      });
      assert.deepEqual(bed.cancelled.sort(), [`${own} admin`, `${waiting} admin`].sort());
      assert.equal(await reasonOf(scheduled), 'CANCELLED_BY_ADMIN');
    });

    it('takes the reason of a customer', async () => {
      const id = await bed.started();
      await bed.post(CANCEL, { reason: 'CANCELLED', ids: [id] });
      assert.equal(await reasonOf(id), 'CANCELLED');
    });

    it('refuses what is no list of ids, and other reasons', async () => {
      const id = await bed.started();
      const bad: [object, string, Body][] = [
        [{}, 'CBD_REQUEST_MISSING_KEY', { field: 'ids', rule: 'has to be there' }],
        [{ ids: {} }, 'CBD_REQUEST_MALFORMED', { field: 'ids', rule: 'must be array' }],
        [
          { ids: [id], reason: 'AGENT_CONNECTED' },
          'CBD_REQUEST_MALFORMED',
          { field: 'reason', rule: 'must be one of CANCELLED_BY_ADMIN, CANCELLED' },
        ],
        [
          { ids: Array.from({ length: 1001 }, () => 'x') },
          'CBD_REQUEST_MALFORMED',
          { field: 'ids', rule: 'must NOT have more than 1000 items' },
        ],
      ];
      for (const [payload, error, { field, rule }] of bad) {
        const answer = await bed.post(CANCEL, payload);
        const body = answer.json<Body>();
        assert.deepEqual([answer.statusCode, body['error']], [400, error]);
        assert.deepEqual([body['field'], body['rule']], [field, rule]);
      }
      assert.equal(await reasonOf(id), undefined);
    });
  });

  describe('exporting what was cancelled', () => {
    it('gives CSV with the columns asked for, of one reason', async () => {
      const [mine, theirs] = [
        await bed.started({ note: 'said "no", twice\nand left', formula: '=1+1' }),
        await bed.started({ _customer_number: '+15550001235' }),
      ];
      await bed.started({ _customer_number: '+15550001236' });
      await bed.store.requestCancel(mine, 'admin', NOON_MS);
      await bed.store.requestCancel(theirs, 'customer', NOON_MS);
      const exported_properties = ['_service_id', '_customer_number', 'note', 'formula', 'none'];
      const answer = await bed.post(EXPORT, {
        callback_reason: 'CANCELLED_BY_ADMIN',
        exported_properties,
      });
      assert.equal(answer.statusCode, 200, answer.body);
      assert.match(String(answer.headers['content-type']), /^text\/csv/);
      assert.equal(
        answer.body,
        '_service_id,_customer_number,note,formula,none\r\n' +
          `${mine},+15550001234,"said ""no"", twice\nand left",'=1+1,\r\n`,
      );
      const both = await bed.post(EXPORT, {});
      assert.equal(
        both.body,
        '_id,_service_name,_customer_number,_desired_time,_callback_state,_callback_reason\r\n' +
          `${mine},sales,+15550001234,2026-01-15T12:00:00.000Z,COMPLETED,CANCELLED_BY_ADMIN\r\n` +
          `${theirs},sales,+15550001235,2026-01-15T12:00:00.000Z,COMPLETED,CANCELLED\r\n`,
      );
    });

    it('takes a request without a body for one that leaves everything open', async () => {
      const answer = await bed.api.inject({ method: 'POST', url: EXPORT });
      assert.deepEqual([answer.statusCode, answer.body], [200, (await bed.post(EXPORT, {})).body]);
    });

    it('gives all of them, however many', async () => {
      const ids = await Promise.all(Array.from({ length: 1003 }, () => bed.started()));
      await bed.post(CANCEL, { ids: ids.slice(0, 1000) });
      await bed.post(CANCEL, { ids: ids.slice(1000) });
      const answer = await bed.post(EXPORT, { exported_properties: ['_id'] });
      const lines = answer.body.trimEnd().split('\r\n');
      assert.equal(lines.shift(), '_id');
      assert.deepEqual(lines.sort(), ids.sort());
    }).timeout(60_000);

    it('goes on behind what is deleted while it is read', async () => {
      const ids = Array.from({ length: 1003 }, (_, n) => `callback-${n}`);
      await Promise.all(
        ids.map(async (id, n) => {
          await bed.store.accept(someCallback({ id }));
          await bed.store.requestCancel(id, 'admin', NOON_MS + n);
        }),
      );
      const find = bed.store.find.bind(bed.store);
      let pages = 0;
      bed.store.find = async (query) => {
        if ((pages += 1) === 2) await bed.store.purge(NOON_MS + 1001);
        return find(query);
      };
      const answer = await bed.post(EXPORT, { exported_properties: ['_id'] });
      assert.deepEqual(answer.body.trimEnd().split('\r\n').slice(-2), ids.slice(-2));
    }).timeout(60_000);

    it('says by its status that the store cannot be read', async () => {
      bed.store.find = () => Promise.reject(new StoreError('STORE_FAILED', 'gone'));
      assert.equal((await bed.post(EXPORT, {})).statusCode, 503);
    });

    it('leaves out the services that a key is not for', async () => {
      const keys = `{ name: a, key: ${KEY}, services: [one] }, { name: b, key: ${KEY}-too }`;
      const keyed = await ApiBed.open(
        `http: { apiKeys: [${keys}] }\nqueues: { q: { targets: [ { uri: "sip:agent@pbx.example" } ] } }\nservices: { one: { queue: q }, two: { queue: q } }\n`,
      );
      const ask = (key: string, url: string, payload: object) =>
        keyed.api.inject({ method: 'POST', url, headers: { 'x-api-key': key }, payload });
      for (const service of ['one', 'two']) {
        const start = `/genesys/1/service/callback/${service}`;
        const answer = await ask(`${KEY}-too`, start, { _customer_number: '+15550001234' });
        await keyed.store.requestCancel(String(answer.json<Body>()['_id']), 'admin', NOON_MS);
      }
      const exported_properties = ['_service_name'];
      const all = await ask(`${KEY}-too`, EXPORT, { exported_properties });
      assert.equal(all.body, '_service_name\r\none\r\ntwo\r\n');
      const own = await ask(KEY, EXPORT, { exported_properties });
      assert.equal(own.body, '_service_name\r\none\r\n');
      await keyed.close();
    });

    it('refuses columns and reasons that are none', async () => {
      assertGenesysProblem(
        await bed.post(EXPORT, { callback_reason: 'x; DROP' }),
        400,
        'CBD_REQUEST_MALFORMED',
        {
          field: 'callback_reason',
          value: 'x; DROP',
          rule: 'must match pattern "^[A-Z0-9_]{1,100}$"',
        },
      );
      assert.equal((await bed.post(EXPORT, { exported_properties: {} })).statusCode, 400);
    });
  });
});
