import assert from 'node:assert/strict';
import { tapSockets } from '../../../src/adapters/cpd/tap-sockets.js';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'fs1.example.net': ['192.0.2.1', '192.0.2.2'],
  '192.0.2.3': ['192.0.2.3'],
};

const resolve = (host: string): Promise<readonly string[]> => {
  const found = NAMES[host];
  return found ? Promise.resolve(found) : Promise.reject(new Error('ENOTFOUND'));
};

describe('the sockets of the audio taps', () => {
  it('stay on loopback while every media server is on this host', async () => {
    for (const hosts of [[], ['127.0.0.1'], ['localhost', '127.0.0.2']]) {
      assert.deepEqual(await tapSockets(hosts, resolve), { host: '127.0.0.1', sources: [] });
    }
  });

  it('are open to the media servers of other hosts, and to nobody else', async () => {
    const hosts = ['127.0.0.1', 'fs1.example.net', '192.0.2.3', 'unknown.example.net'];
    assert.deepEqual(await tapSockets(hosts, resolve), {
      host: '0.0.0.0',
      sources: ['127.0.0.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'],
    });
  });

  it('look up an address without asking anybody', async () => {
    const { sources } = await tapSockets(['192.0.2.9']);
    assert.deepEqual(sources, ['127.0.0.1', '192.0.2.9']);
  });
});
