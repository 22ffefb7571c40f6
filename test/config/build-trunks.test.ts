import assert from 'node:assert/strict';
import { TemporaryFolder } from './temporary-config.js';

describe('trunks in a configuration', () => {
  const folder = new TemporaryFolder();
  after(() => folder.remove());

  it('have what a carrier wants of a call', async () => {
    const { trunks } = await folder.load(`trunks:
  - name: a
    uri: "sips:gw.example.net"
    outboundProxy: "sip:proxy.example.net;lr"
    weight: 3
    allowedCountries: [GB, IE]
    numberFormat: national
    country: GB
    callerIds: { sales: "+442079460000" }
    assertedIdentity: caller
    privacy: id
    headers: { X-Account: "7" }
    register: true
    registerExpires: 3600
    optionsInterval: 30
    reliableProvisionals: true
services: {}
`);
    const [trunk] = trunks;
    assert.ok(trunk);
    const { proxyUri, weight, allowedCountries, callerIds, headers } = trunk;
    assert.deepEqual(
      { proxyUri, weight, allowedCountries, callerIds, headers },
      {
        proxyUri: 'sip:proxy.example.net;lr',
        weight: 3,
        allowedCountries: ['GB', 'IE'],
        callerIds: { sales: '+442079460000' },
        headers: { 'X-Account': '7' },
      },
    );
    assert.deepEqual([trunk.registerExpiresMs, trunk.optionsIntervalMs], [3_600_000, 30_000]);
    assert.equal(trunk.isReliable, true);
  });

  it('neither register nor ask unless told to', async () => {
    const { trunks } = await folder.load('trunks: [{ name: a, uri: "sip:a" }]\nservices: {}\n');
    const { registerExpiresMs, optionsIntervalMs } = trunks[0] ?? {};
    assert.deepEqual([registerExpiresMs, optionsIntervalMs], [undefined, undefined]);
  });

  it('are joined by rows of the result table', async () => {
    const { trunkResults } = await folder.load(`trunkResults:
  - { status: 480, statusTo: 489, header: "X-Cause: no credit", then: next-trunk, why: paid up? }
  - { q850Cause: 38, reasonText: outage, then: retry-later, answer: no-answer }
services: {}
`);
    assert.deepEqual(
      trunkResults.map(({ id, when, then, answer }) => [id, when, then, answer]),
      [
        [
          'trunkResults[0]',
          {
            ...{ trunks: undefined, status: [480, 489], q850Cause: undefined },
            ...{ reasonText: undefined, header: { name: 'X-Cause', text: 'no credit' } },
          },
          'next-trunk',
          undefined,
        ],
        [
          'trunkResults[1]',
          {
            ...{ trunks: undefined, status: undefined, q850Cause: 38 },
            ...{ reasonText: 'outage', header: undefined },
          },
          'retry-later',
          'no-answer',
        ],
      ],
    );
  });
});
