import assert from 'node:assert/strict';
import { checkConfig } from '../../src/config/check-config.js';
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

  it('have plain RTP unless they say `srtp: required`, whose keys belong into TLS', async () => {
    const load = (uri: string) =>
      folder.load(`engine: servers
drachtio: { host: 127.0.0.1, port: 9022, secret: cymru }
freeswitch: [{ host: 127.0.0.1, port: 8021, secret: ClueCon }]
trunks: [{ name: a, uri: "${uri}", srtp: required }, { name: b, uri: "sip:b" }]
services: {}
`);
    const config = await load('sips:gw.example.net');
    assert.deepEqual(
      config.trunks.map(({ isSecure }) => isSecure),
      [true, false],
    );
    const said = async (uri: string) =>
      (await checkConfig(await load(uri))).filter(({ path }) => path === 'trunks[0].srtp').length;
    assert.equal(await said('sips:gw.example.net'), 0);
    assert.equal(await said('sip:gw.example.net;transport=tls'), 0);
    assert.equal(await said('sip:gw.example.net'), 1);
  });

  it('bring calls into the queue of a service that has one', async () => {
    const { inbound } = await folder.load(`queues: { support: { targets: [{ uri: "sip:a" }] } }
inbound: { acceptFrom: [192.0.2.1], service: sales, maxCalls: 5, maxCallsPerSecond: 2 }
services: { sales: { queue: support } }
`);
    const { service, maxCalls, maxCallsPerSecond } = inbound;
    assert.deepEqual([service, maxCalls, maxCallsPerSecond], ['sales', 5, 2]);
    const problems = async (block: string): Promise<unknown> =>
      folder.load(`inbound: ${block}\nservices: { sales: {} }\n`).then(
        () => 'none',
        (error: unknown) => String(error),
      );
    assert.match(String(await problems('{ service: sales }')), /This service has no queue/);
    const both = '{ service: sales, redirectTo: "sip:a" }';
    assert.match(String(await problems(both)), /not both/);
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
