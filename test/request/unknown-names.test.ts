import assert from 'node:assert/strict';
import { callbackApi, YAML } from './callback-api-bed.js';

/** A name that is written wrong is an error, and no list that is empty or has everything. */
describe('The HTTP API, asked for a name that it does not know', () => {
  const { build, get, started } = callbackApi();
  const FILTERS = [
    '/v1/callbacks?service=',
    '/v1/records?service=',
    '/v1/inbound-calls?service=',
    '/genesys/1/admin/callback/queues?target=',
    '/genesys/1/admin/callback/watermarks?service_name=',
    '/genesys/1/service/callback/',
  ];

  for (const path of FILTERS) {
    it(`says which service was meant: ${path}`, async () => {
      const odd = await get(`${path}saless`);
      assert.equal(odd.statusCode, 404, odd.body);
      assert.match(odd.body, /CBD_REQUEST_UNKNOWN_SERVICE/);
      assert.match(odd.body, /Did you mean sales\?/);
    });
  }

  it('still lists what a service has left behind that is out of the configuration', async () => {
    await started({});
    await build({}, YAML.replace('  sales:', '  retail:'));
    const found = await get('/v1/callbacks?service=sales');
    assert.equal(found.statusCode, 200, found.body);
    assert.equal(found.json<{ callbacks: unknown[] }>().callbacks.length, 1);
  });

  for (const path of ['/v1/callbacks', '/v1/records', '/v1/inbound-calls']) {
    it(`says which parameter was meant: ${path}`, async () => {
      const odd = await get(`${path}?servise=sales`);
      assert.equal(odd.statusCode, 400, odd.body);
      assert.match(odd.body, /CBD_REQUEST_MALFORMED/);
      assert.match(odd.body, /servise is not known here\. Did you mean service\?/);
    });
  }
});
