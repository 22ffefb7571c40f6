import assert from 'node:assert/strict';
import { systemScheduler } from '../../../src/embedded/sip/scheduler.js';
import { SipStack } from '../../../src/embedded/sip/stack.js';
import { UdpTransport } from '../../../src/embedded/sip/udp.js';
import { request } from './virtual-network.js';

describe('SIP over UDP', () => {
  it('carries a request and its response between two endpoints on loopback', async () => {
    const [alice, bob] = await Promise.all([new SipStack().start(), new SipStack().start()]);
    bob.onRequest = (_request, transaction) => transaction.respond(200);
    const status = await new Promise((resolve) => {
      const to = { host: 'localhost', port: bob.port };
      alice.request(request(alice, 'OPTIONS', `${bob.host}:${bob.port}`), to, {
        onResponse: (response) => resolve(response.status),
      });
    });
    assert.equal(status, 200);
    await alice.stop();
    await bob.stop();
  });

  it('finds out that a port is closed', async () => {
    const alice = await new SipStack({ t1Ms: 20 }).start();
    const closed = await new SipStack().start();
    const { port } = closed;
    await closed.stop();
    const response = await new Promise<string>((resolve) => {
      alice.request(
        request(alice, 'OPTIONS', '127.0.0.1'),
        { host: '127.0.0.1', port },
        {
          onResponse: ({ status, local }) => resolve(`${status} ${local}`),
        },
      );
    });
    assert.equal(response, '503 true');
    assert.deepEqual(alice.stats(), { clientTransactions: 0, serverTransactions: 0, timers: 0 });
    await alice.stop();
  });

  it('survives asking an address that may not be asked whether anybody is there', async () => {
    const transport = new UdpTransport(
      { host: '127.0.0.1', port: 0 },
      systemScheduler,
      assert.fail,
    );
    await transport.start(() => undefined);
    transport.probe({ host: '255.255.255.255', port: 5060 }, assert.fail);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await transport.stop();
  });

  it('says which address is taken', async () => {
    const first = await new SipStack().start();
    await assert.rejects(new SipStack({ port: first.port }).start(), { code: 'EADDRINUSE' });
    await first.stop();
  });

  it('fails a request to a name that nobody knows', async () => {
    const alice = await new SipStack().start();
    const status = await new Promise((resolve) => {
      const to = { host: 'no-such-host.invalid', port: 5060 };
      alice.request(request(alice, 'OPTIONS', 'x'), to, {
        onResponse: (response) => resolve(`${response.status} ${response.reason}`),
      });
    });
    assert.equal(status, '503 DNS Error');
    await alice.stop();
  });
});
