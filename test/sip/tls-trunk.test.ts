/**
 * A trunk over TLS: a real drachtio-server of this test's own, with a certificate made for it, and a far
 * side that speaks nothing else. The embedded engine has no TLS.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/adapters/clock/system-clock.js';
import { silentLog } from '../../src/adapters/log.js';
import { connectTelephony } from '../../src/adapters/telephony/connect.js';
import type { Telephony } from '../../src/ports.js';
import { eventually } from '../adapters/telephony/site.js';
import { freePort } from '../fakes/free-port.js';
import { selfSigned } from '../fakes/self-signed.js';
import { findProgram, greetingOf, ServerProcess } from '../faults/servers.js';
import { type Engine, startEngine } from './engines.js';
import { parseSip, type SipText } from './far-party.js';

const CONFIG = fileURLToPath(new URL('../../config/drachtio/drachtio.conf.xml', import.meta.url));
const SDP = [
  ...['v=0', 'o=far 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
  ...['m=audio 40000 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', ''],
].join('\r\n');

interface Pem {
  readonly key: string;
  readonly cert: string;
}

/** A called party that listens for TLS and rings, answers and hangs up as it is told to. */
class TlsParty {
  readonly received: SipText[] = [];
  readonly protocols = new Set<string | null>();
  /** Connections that were no TLS. */
  strangers = 0;
  answers = true;
  /** Asks for credentials first. */
  challenges = false;
  /** What came to the same port in clear. */
  readonly inClear: string[] = [];
  readonly #udp = createSocket('udp4', (message) => this.inClear.push(message.toString()));
  readonly #sockets = new Set<TLSSocket>();

  private constructor(private readonly server: Server) {
    server.on('tlsClientError', () => (this.strangers += 1));
    server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      this.protocols.add(socket.getProtocol());
      socket.on('error', () => socket.destroy());
      let heard = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        heard += text;
        for (let end = endOf(heard); end !== undefined; end = endOf(heard)) {
          this.#take(socket, parseSip(heard.slice(0, end).trimStart()));
          heard = heard.slice(end);
        }
      });
    });
  }

  static async open(pem: Pem): Promise<TlsParty> {
    const server = createServer(pem).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const party = new TlsParty(server);
    party.#udp.bind(party.port, '127.0.0.1');
    return party;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  count(method: string): number {
    return this.received.filter((message) => message.method === method).length;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    this.#udp.close();
  }

  #take(socket: TLSSocket, message: SipText): void {
    this.received.push(message);
    const { method } = message;
    const isKnown = message.header('authorization') !== undefined;
    if (this.challenges && !isKnown && /^(?:INVITE|REGISTER)$/.test(method)) {
      const asked = 'WWW-Authenticate: Digest realm="carrier.test",nonce="n1",qop="auth"';
      return this.#respond(socket, message, '401 Unauthorized', '', asked);
    }
    if (method === 'ACK' || method.startsWith('SIP/')) return;
    if (method !== 'INVITE') {
      this.#respond(socket, message, '200 OK');
      const invite = this.received.findLast((one) => one.method === 'INVITE');
      if (method === 'CANCEL' && invite) this.#respond(socket, invite, '487 Request Terminated');
      return;
    }
    this.#respond(socket, message, '180 Ringing');
    if (this.answers) this.#respond(socket, message, '200 OK', SDP);
  }

  #respond(socket: TLSSocket, to: SipText, status: string, sdp = '', ...more: string[]): void {
    const copied = to.headers.filter(([name]) => /^(?:via|from|call-id|cseq)$/.test(name));
    const lines = [
      `SIP/2.0 ${status}`,
      ...copied.map(([name, value]) => `${name}: ${value}`),
      `to: ${to.header('to')?.replace(/;tag=.*/, '')};tag=far`,
      `contact: <sip:far@127.0.0.1:${this.port};transport=tls>`,
      ...more,
      ...(sdp === '' ? [] : ['content-type: application/sdp']),
      `content-length: ${sdp.length}`,
    ];
    socket.write([...lines, '', sdp].join('\r\n'));
  }
}

/** @returns where the first message of a stream ends; undefined: not all of it is there */
function endOf(stream: string): number | undefined {
  const head = stream.indexOf('\r\n\r\n');
  if (head < 0 || stream.trim() === '') return undefined;
  const length = Number(/^content-length:\s*(\d+)/im.exec(stream.slice(0, head))?.[1] ?? 0);
  const end = head + 4 + length;
  return stream.length >= end ? end : undefined;
}

/** What makes drachtio look at certificates, ours and theirs (docs/deploy.md). */
const CHECKED = { DRACHTIO_TLS_VERIFY_CLIENT_CERT: '1' };

interface Setup {
  readonly folder: string;
  readonly program: string;
  readonly ours: Pem;
}

/** A drachtio-server that takes calls from nobody. @param known certificates beside its own. @param env its own */
async function startDrachtio(
  { folder, program, ours }: Setup,
  known: readonly Pem[],
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const [admin = 0, udp = 0, tls = 0] = await Promise.all([1, 2, 3].map(freePort));
  const [host, secret] = ['127.0.0.1', 'of-this-run-only'];
  const [key, cert, chain] = ['key', 'cert', 'chain'].map((name) => join(folder, `${tls}-${name}`));
  if (!key || !cert || !chain) throw new Error('no names');
  await Promise.all([
    ...[writeFile(key, ours.key), writeFile(cert, ours.cert)],
    writeFile(chain, [ours, ...known].map((pem) => pem.cert).join('')),
  ]);
  const drachtio = new ServerProcess(
    {
      ...{ name: 'drachtio-server', command: program, env: { DRACHTIO_SECRET: secret, ...env } },
      args: [
        ...['--file', CONFIG, '--address', host, '--port', String(admin)],
        ...['--contact', `sip:${host}:${udp};transport=udp,tcp`],
        ...['--contact', `sips:${host}:${tls};transport=tls`],
        ...['--key-file', key, '--cert-file', cert, '--chain-file', chain],
      ],
      control: { host, port: admin, secret },
      greeting: greetingOf(secret),
    },
    join(folder, 'drachtio.log'),
  );
  await drachtio.start();
  return drachtio;
}

describe('A trunk over TLS', function () {
  this.timeout(180_000);
  let setup: Setup | undefined;
  let engine: Engine | undefined;
  let theirs: Pem;
  let far: TlsParty;
  /** As the last test wanted it. */
  let drachtio: ServerProcess | undefined;
  let telephony: Telephony | undefined;

  before(async function () {
    const program = findProgram('drachtio', 'DIALBACK_DRACHTIO_BIN');
    const isThere = !('missing' in program);
    const ours = isThere ? await selfSigned('us.test') : undefined;
    const carriers = isThere ? await selfSigned('carrier.test') : undefined;
    const missing = 'missing' in program ? program.missing : 'no openssl';
    if ('missing' in program || !ours || !carriers) {
      console.log(`      skipped: ${missing}`);
      return this.skip();
    }
    theirs = carriers;
    const folder = await mkdtemp(join(tmpdir(), 'dialback-tls-trunk-'));
    setup = { folder, program: program.path, ours };
    // What it shows is for another name than the one that is called: see docs/deploy.md.
    far = await TlsParty.open(theirs);
    const started = await startEngine();
    if (typeof started === 'string') throw new Error(started);
    engine = started;
    await start([], {});
  });
  after(async () => {
    await stop();
    await engine?.stop();
    if (!setup) return;
    far.close();
    await rm(setup.folder, { recursive: true, force: true });
  });

  async function start(known: readonly Pem[], env: Readonly<Record<string, string>>) {
    await stop();
    assert.ok(setup && engine);
    drachtio = await startDrachtio(setup, known, env);
    telephony = await connectTelephony({
      ...{ drachtio: drachtio.address, freeswitch: engine.freeswitch },
      ...{ log: silentLog, clock: systemClock() },
    });
  }
  async function stop(): Promise<void> {
    await telephony?.close();
    await drachtio?.stop();
  }

  const invite = (uri: string) => {
    assert.ok(telephony);
    return telephony.sip.invite({ uri, callId: randomUUID(), localSdp: SDP });
  };

  for (const uriOf of [
    (port: number) => `sip:+12125550100@127.0.0.1:${port};transport=tls`,
    (port: number) => `sips:+12125550100@127.0.0.1:${port}`,
  ]) {
    it(`carries a call to ${uriOf(5061)}, and its end`, async () => {
      far.received.length = 0;
      far.answers = true;
      const outcome = await invite(uriOf(far.port)).outcome;
      assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
      await eventually(() => assert.equal(far.count('ACK'), 1));
      assert.match(far.received[0]?.header('via') ?? '', /^SIP\/2\.0\/TLS /);
      await outcome.dialog.bye('the test is over');
      assert.equal(far.count('BYE'), 1);
      assert.match(far.received.at(-1)?.header('reason') ?? '', /the test is over/);
      assert.deepEqual([far.strangers, [...far.protocols]], [0, ['TLSv1.3']]);
    });
  }

  it('is cancelled over the same', async () => {
    far.received.length = 0;
    far.answers = false;
    const call = invite(`sip:+12125550100@127.0.0.1:${far.port};transport=tls`);
    await new Promise<void>((resolve) => call.onProvisional(() => resolve()));
    call.cancel('given up');
    await eventually(() => assert.equal(far.count('CANCEL'), 1));
    assert.equal((await call.outcome).kind, 'cancelled');
  });

  for (const uriOf of [
    (port: number) => `sip:+12125550100@127.0.0.1:${port};transport=tls`,
    (port: number) => `sips:+12125550100@127.0.0.1:${port}`,
    (port: number) => `sips:+12125550100@127.0.0.1:${port};transport=tcp`,
  ]) {
    it(`is given its credentials over the same at ${uriOf(5061)}`, async () => {
      far.received.length = 0;
      [far.challenges, far.answers] = [true, true];
      assert.ok(telephony);
      const call = telephony.sip.invite({
        ...{ uri: uriOf(far.port), callId: randomUUID(), localSdp: SDP },
        auth: { username: 'acme', password: 'secret' },
      });
      const outcome = await call.outcome;
      assert.deepEqual(far.inClear, [], 'nothing leaves but over TLS');
      assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
      assert.equal(far.count('INVITE'), 2);
      await outcome.dialog.bye('the test is over');
    });
  }

  it('is registered with over the same', async () => {
    far.challenges = true;
    assert.ok(telephony);
    for (const uri of [`sips:127.0.0.1:${far.port}`, `sip:127.0.0.1:${far.port};transport=tls`]) {
      const outcome = await telephony.sip.request({
        ...{ method: 'REGISTER', uri, limitMs: 10_000, expiresMs: 60_000 },
        ...{ from: '<sips:acme@localhost>', to: '<sips:acme@localhost>' },
        ...{ contact: '<sip:acme@localhost>', auth: { username: 'acme', password: 'secret' } },
      });
      assert.deepEqual(far.inClear, []);
      assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
      assert.equal(outcome.status, 200);
    }
  });

  it('is reached over the same by way of an outbound proxy', async () => {
    far.received.length = 0;
    far.challenges = true;
    assert.ok(telephony);
    const call = telephony.sip.invite({
      ...{ uri: 'sip:+12125550100@carrier.test', callId: randomUUID(), localSdp: SDP },
      proxyUri: `sips:127.0.0.1:${far.port}`,
      auth: { username: 'acme', password: 'secret' },
    });
    const outcome = await call.outcome;
    assert.deepEqual(far.inClear, []);
    assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
    await outcome.dialog.bye('the test is over');
  });

  it('is asked with OPTIONS over the same', async () => {
    assert.ok(telephony);
    const uri = `sip:127.0.0.1:${far.port};transport=tls`;
    const outcome = await telephony.sip.request({ method: 'OPTIONS', uri, limitMs: 10_000 });
    assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
    assert.equal(outcome.status, 200);
  });

  it('goes to nobody whose certificate is unknown, where drachtio is told to look', async () => {
    const stranger = await selfSigned('carrier.test');
    assert.ok(stranger);
    await start([stranger], CHECKED);
    far.received.length = 0;
    far.strangers = 0;
    assert.ok(telephony);
    const uri = `sip:127.0.0.1:${far.port};transport=tls`;
    const outcome = await telephony.sip.request({ method: 'OPTIONS', uri, limitMs: 3000 });
    assert.notEqual(outcome.kind, 'answered');
    assert.ok(far.strangers > 0, 'it came, looked, and went');
    assert.deepEqual(far.received, []);
  });

  it('goes to whose certificate is known, where drachtio is told to look', async () => {
    far.challenges = false;
    await start([theirs], CHECKED);
    far.received.length = 0;
    far.answers = true;
    const outcome = await invite(`sip:+12125550100@127.0.0.1:${far.port};transport=tls`).outcome;
    assert.ok(outcome.kind === 'answered', JSON.stringify(outcome));
    await outcome.dialog.bye('the test is over');
    assert.equal(far.count('BYE'), 1);
  });
});
