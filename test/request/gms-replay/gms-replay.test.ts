import assert from 'node:assert/strict';
import { gmsExchanges } from './exchanges.js';
import { replay } from './replay.js';
import { runService, type RunningService } from './service.js';

describe('a GMS client that is pointed here', function () {
  this.timeout(60_000);
  let service: RunningService;

  before(async () => {
    service = await runService();
  });
  after(async () => assert.equal(await service.stop(), 0));

  it('gets the documented answers, request by request', async () => {
    const exchanges = gmsExchanges(Date.now());
    const wrong: string[] = [];
    let count = 0;
    for await (const { exchange, body, differences } of replay(service.url, exchanges)) {
      count += 1;
      if (differences.length === 0) continue;
      wrong.push(`${exchange.title}: ${differences.join('; ')} (${JSON.stringify(body)})`);
    }
    assert.deepEqual(wrong, []);
    assert.equal(count, exchanges.length);
  });

  it('would notice another answer', async () => {
    const [exchange] = gmsExchanges(0);
    assert.ok(exchange);
    const wrong = { ...exchange, status: 201, answer: { error: [1] }, without: ['_id'] };
    for await (const { differences } of replay(service.url, [wrong])) {
      assert.deepEqual(differences, [
        'status 200, not 201',
        'error is nothing, not a list of 1',
        '_id is there',
      ]);
    }
  });
});
