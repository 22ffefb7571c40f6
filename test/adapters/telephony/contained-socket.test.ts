import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { connectTelephony } from '../../../src/adapters/telephony/connect.js';
import { useSite } from './site.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the listener to which the media server opens its event sockets', function () {
  this.timeout(60_000);
  const site = useSite();

  it('cuts off whoever sends nonsense, which ends nothing else', async () => {
    const port = await freePort();
    const options = site().options();
    const freeswitch = { ...options.freeswitch, listen: `127.0.0.1:${port}` };
    const warnings: string[] = [];
    const log = { ...options.log, warn: (_: object, text: string) => void warnings.push(text) };
    const telephony = await connectTelephony({ ...options, freeswitch, log });
    const endpoint = await telephony.media.createEndpoint();
    for (const bytes of ['Reply-Text: 100%\n\n', 'Content-Type: %zz\nContent-Length: 5\n\n%%%%%']) {
      const stranger = connect(port, '127.0.0.1').on('error', () => undefined);
      stranger.resume();
      stranger.write(bytes);
      await once(stranger, 'close');
    }
    assert.equal(warnings.length, 2);
    assert.equal(endpoint.hasEnded, false, 'the call that was up goes on');
    await (await telephony.media.createEndpoint()).close();
    await endpoint.close();
    await telephony.close();
  });
});
