import assert from 'node:assert/strict';
import type { InboundCall } from '../../src/inbound/inbound-call.js';
import { inboundDesk, type InboundDeps } from '../../src/inbound/inbound-desk.js';
import { TemporaryFolder } from '../config/temporary-config.js';
import { silentLog } from '../fakes/fake-telephony.js';

const CALL: InboundCall = {
  callId: 'c',
  number: '+12125550100',
  sourceAddress: '192.0.2.1',
  invite: { atMs: 0, direction: '<-', message: 'INVITE', cseq: '1 INVITE' },
  offer: undefined,
  onCancelled: () => undefined,
  accept: () => Promise.reject(new Error('not taken')),
};
const SERVICES = 'services: { sales: { _default_country: US } }\n';

describe('A call from outside', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  async function desk(inbound: string, find = () => Promise.resolve(FOUND)) {
    const config = await folder.load(`inbound: ${inbound}\n${SERVICES}`);
    const cancelled: string[] = [];
    const searched: unknown[] = [];
    const store = {
      find: (query: { customerNumber?: string }) => {
        if (query.customerNumber !== undefined) searched.push(query.customerNumber);
        return find();
      },
      requestCancel: (id: string) => {
        cancelled.push(id);
        return Promise.resolve('cancelled');
      },
    };
    const deps = {
      config,
      store,
      clock: { nowMs: () => 0 },
      log: silentLog,
      cancelLive: () => true,
    };
    return { answer: inboundDesk(deps as unknown as InboundDeps), cancelled, searched };
  }
  const FOUND = [{ id: 'cb-1', serviceName: 'sales', state: 'SCHEDULED' }];
  const BY_NUMBER =
    '{ acceptFrom: [192.0.2.1], redirectTo: "sip:queue@pbx", cancelCallbacks: true }';

  it('is refused as nothing says otherwise', async () => {
    const t = await desk('{}');
    assert.deepEqual(await t.answer(CALL), { kind: 'reject', status: 480 });
    assert.deepEqual(await (await desk('{ status: 603 }')).answer(CALL), {
      kind: 'reject',
      status: 603,
    });
  });

  it('is sent on, and ends the callbacks of who rings', async () => {
    const t = await desk(BY_NUMBER);
    assert.deepEqual(await t.answer(CALL), { kind: 'redirect', uri: 'sip:queue@pbx' });
    assert.deepEqual([t.searched, t.cancelled], [['+12125550100'], ['cb-1']]);
    await t.answer({ ...CALL, number: '2125550100' });
    assert.deepEqual(t.searched[1], '+12125550100', 'however the carrier writes it');
  });

  it('ends nothing for whoever else can reach the port, and goes nowhere', async () => {
    const t = await desk(BY_NUMBER);
    const answer = await t.answer({ ...CALL, sourceAddress: '203.0.113.9' });
    assert.deepEqual(answer, { kind: 'reject', status: 403 });
    assert.deepEqual(t.cancelled, []);
  });

  it('is sent on even when nobody knows who calls, or the store cannot be asked', async () => {
    const t = await desk(BY_NUMBER);
    for (const number of [undefined, '7'])
      assert.equal((await t.answer({ ...CALL, number })).kind, 'redirect');
    assert.deepEqual(t.cancelled, []);
    const broken = await desk(BY_NUMBER, () => Promise.reject(new Error('disk')));
    assert.equal((await broken.answer(CALL)).kind, 'redirect');
  });
});
