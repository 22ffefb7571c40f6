import assert from 'node:assert/strict';
import { ConsultedServices } from '../../src/config/consulted-services.js';
import { TemporaryFolder } from './temporary-config.js';

describe('ConsultedServices', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());
  const sales = () => folder.service('_overwritable_options: [_ttl]');

  it('gives the service itself to a request without options', async () => {
    const service = await sales();
    assert.deepEqual(new ConsultedServices().consult(service, {}), { kind: 'ok', service });
  });

  it('makes the same options once, and again after a reload', async () => {
    const services = new ConsultedServices();
    const before = await sales();
    const first = services.consult(before, { _ttl: 9 });
    assert(first.kind === 'ok');
    assert.equal(first.service.options.ttlMs, 9000);
    assert.equal(services.consult(before, { _ttl: 9 }), first);
    assert.notEqual(services.consult(before, { _ttl: 8 }), first);
    assert.notEqual(services.consult(await sales(), { _ttl: 9 }), first);
  });

  it('keeps a thousand at most', async () => {
    const services = new ConsultedServices();
    const service = await sales();
    const first = services.consult(service, { _ttl: 1 });
    for (let ttl = 2; ttl <= 1001; ttl += 1) services.consult(service, { _ttl: ttl });
    assert.notEqual(services.consult(service, { _ttl: 1 }), first, 'made room');
  });
});
