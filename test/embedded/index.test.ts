import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { startEmbedded, type EngineLogLine } from '../../src/embedded/index.js';

interface Srf {
  connect(options: { host: string; port: number; secret: string }): void;
  disconnect(): void;
  on(event: 'connect', listener: (error: Error | null, hostport: string) => void): void;
}
const Srf = createRequire(import.meta.url)('drachtio-srf') as new () => Srf;

const refused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });

describe('The embedded engine', function () {
  this.timeout(10_000);

  it('lets drachtio-srf in with the secret of this start, and says where SIP is', async () => {
    const engine = await startEmbedded();
    const srf = new Srf();
    const hostport = await new Promise<string>((resolve, reject) => {
      srf.on('connect', (error, where) => (error ? reject(error) : resolve(where)));
      srf.connect(engine.drachtio);
    });
    const here = `${engine.sip.host}:${engine.sip.port}`;
    assert.equal(hostport, `tcp/${here},udp/${here}`);
    assert.equal((await engine.stats()).clients, 1);
    srf.disconnect();
    await engine.stop();
  });

  it('has nothing alive at rest', async () => {
    const engine = await startEmbedded();
    const { timers, ...counts } = await engine.stats();
    assert.deepEqual(new Set(Object.values(counts)), new Set([0]));
    assert.equal(typeof timers, 'number');
    await engine.stop();
  });

  it('closes its ports when it stops, which may be asked for twice', async () => {
    const engine = await startEmbedded();
    await engine.stop();
    await engine.stop();
    assert.equal(await refused(engine.drachtio.port), true);
    assert.equal(await refused(engine.freeswitch.port), true);
    await assert.rejects(engine.stats(), /has stopped/);
  });

  it('runs more than once in one process, with ports and secrets of its own', async () => {
    const engines = await Promise.all([startEmbedded(), startEmbedded()]);
    const parts = engines.flatMap((e) => [
      e.drachtio.port,
      e.freeswitch.port,
      e.sip.port,
      e.drachtio.secret,
    ]);
    assert.equal(new Set(parts).size, parts.length);
    await Promise.all(engines.map((engine) => engine.stop()));
  });

  it('says which address is taken', async () => {
    const first = await startEmbedded();
    await assert.rejects(startEmbedded({ sipPort: first.sip.port }), /engine: .*EADDRINUSE/);
    await assert.rejects(
      startEmbedded({ drachtioPort: first.drachtio.port }),
      /engine: .*EADDRINUSE/,
    );
    await first.stop();
  });

  it('passes its log lines to whoever wants them', async () => {
    const lines: EngineLogLine[] = [];
    const engine = await startEmbedded({ onLog: (line) => lines.push(line) });
    const { createSocket } = await import('node:dgram');
    const socket = createSocket('udp4');
    socket.send('this is no SIP message at all', engine.sip.port, engine.sip.host);
    while (!lines.some(({ msg }) => msg.includes('malformed'))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(
      lines.find(({ msg }) => msg.includes('malformed'))?.fields?.['code'],
      'SIP_START_LINE',
    );
    socket.close();
    await engine.stop();
  });
});
