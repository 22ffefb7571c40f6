import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { DrachtioAddress } from '../../../src/adapters/telephony/drachtio-connection.js';
import type { FaultyEngine } from '../../../src/embedded/testing.js';
import { selfSigned } from '../../fakes/self-signed.js';
import { FleetBed } from './fleet-bed.js';
import { eventually } from './site.js';

const NAME = 'drachtio.test';

/** TLS in front of a plain port. */
class TlsFront {
  readonly #sockets = new Set<Socket>();
  handshakes = 0;
  /** Connections that began with anything but a TLS record. */
  plainCount = 0;

  private constructor(
    private readonly server: Server,
    target: { host: string; port: number },
  ) {
    server.on('secureConnection', (near) => {
      this.handshakes += 1;
      const far = connect(target);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
    });
    server.on('tlsClientError', () => (this.plainCount += 1));
  }

  static async open(
    pem: { key: string; cert: string },
    target: { host: string; port: number },
  ): Promise<TlsFront> {
    const server = createServer(pem);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsFront(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

describe('drachtio over TLS', function () {
  this.timeout(60_000);
  let pem: { key: string; cert: string };
  let bed: FleetBed;
  let engine: FaultyEngine;
  let front: TlsFront;
  before(async function () {
    const made = await selfSigned(NAME);
    if (!made) {
      console.log('      skipped: no openssl to make a certificate with');
      return this.skip();
    }
    pem = made;
  });
  beforeEach(async () => {
    bed = new FleetBed();
    engine = await bed.engine();
    front = await TlsFront.open(pem, engine.drachtio);
  });
  afterEach(async () => {
    await bed.close();
    front.close();
  });

  const connectWith = (tls: DrachtioAddress['tls'], port = front.port) => {
    const drachtio = { ...engine.drachtio, port, ...(tls && { tls }) };
    return bed.fleet([{ name: 'only', drachtio, freeswitch: [engine.freeswitch] }]);
  };
  const trusting = () => ({ minVersion: 'TLSv1.2', ca: pem.cert, servername: NAME }) as const;

  it('makes calls, and stays on TLS when the connection is lost and comes back', async () => {
    const fleet = await connectWith(trusting());
    await bed.hangUp(await bed.call(fleet));
    const before = front.handshakes;
    front.cut();
    await eventually(() => assert.equal(fleet.sip.isConnected, false));
    await eventually(() => assert.equal(fleet.sip.isConnected, true));
    assert.equal(front.handshakes, before + 2, 'asked first, then connected, both over TLS');
    assert.equal(front.plainCount, 0);
    await bed.hangUp(await bed.call(fleet));
  });

  for (const [why, tls] of [
    ['an authority it does not know', { minVersion: 'TLSv1.2', servername: NAME }],
    ['a certificate for another name', { minVersion: 'TLSv1.2', servername: 'other.test' }],
  ] as const) {
    it(`refuses ${why}, and says what to set`, async () => {
      const ca = tls.servername === NAME ? {} : { ca: pem.cert };
      await assert.rejects(connectWith({ ...tls, ...ca }), {
        code: 'DRACHTIO_TLS',
        message: /drachtio\.tlsCa.*drachtio\.tlsServerName/,
      });
    });
  }

  it('names a port that speaks no TLS', async () => {
    await assert.rejects(connectWith(trusting(), engine.drachtio.port), {
      code: 'DRACHTIO_TLS',
      message: /tls-port/,
    });
  });

  it('names a TLS port that is spoken to in clear', async () => {
    await assert.rejects(connectWith(undefined), (thrown: object) =>
      /^DRACHTIO_/.test((thrown as { code: string }).code),
    );
  });
});
