import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { SipStack, type ServerTransaction } from '../../../src/embedded/sip/stack.js';
import { TcpTransport, type TcpLimits } from '../../../src/embedded/sip/tcp.js';
import { VirtualClock, request } from './virtual-network.js';

const HOST = '127.0.0.1';
const MESSAGE = 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n';
const CONNECT_TIMEOUT_MS = 4000;
const MESSAGE_TIMEOUT_MS = 10_000;

/** Until something that the kernel has to do first is so. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 3000;
  while (!condition()) {
    assert.ok(performance.now() < deadlineMs, `in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('A TCP transport', () => {
  const clock = new VirtualClock();
  let transport: TcpTransport;
  let port: number;
  let received: string[];
  let rejected: string[];
  let sockets: Socket[];
  let listener: Server | undefined;

  async function open(limits: Partial<TcpLimits> = {}): Promise<void> {
    transport = new TcpTransport({
      scheduler: clock,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      onRejected: (why) => rejected.push(why),
      onError: assert.fail,
      limits,
    });
    const free = createServer().listen(0, HOST);
    await once(free, 'listening');
    ({ port } = free.address() as AddressInfo);
    await new Promise((resolve) => free.close(resolve));
    await transport.start({ host: HOST, port }, (bytes) => received.push(String(bytes)));
  }

  async function join(): Promise<Socket & { text: string }> {
    const socket = Object.assign(connect(port, HOST), { text: '' });
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => (socket.text += bytes.toString()));
    await once(socket, 'connect');
    return socket;
  }

  /** A peer that takes connections, and what it got on each. */
  async function listen(): Promise<{ port: number; heard: string[]; sockets: Socket[] }> {
    const heard: string[] = [];
    const taken: Socket[] = [];
    listener = createServer((socket) => {
      const index = taken.push(socket) - 1;
      heard[index] = '';
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => (heard[index] = `${heard[index]}${bytes.toString()}`));
    }).listen(0, HOST);
    await once(listener, 'listening');
    return { port: (listener.address() as AddressInfo).port, heard, sockets: taken };
  }

  beforeEach(() => {
    received = [];
    rejected = [];
    sockets = [];
    listener = undefined;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await transport.stop();
    if (listener) await new Promise((resolve) => listener?.close(resolve));
  });

  it('takes messages and answers keep-alives on one connection', async () => {
    await open();
    const socket = await join();
    socket.write(`${MESSAGE}${MESSAGE}\r\n\r\n`);
    await until(() => socket.text === '\r\n', 'the answer to the keep-alive');
    assert.deepEqual(received, [MESSAGE, MESSAGE]);
  });

  it('gives a message ten seconds, however busily its bytes drip', async () => {
    await open();
    const socket = await join();
    socket.write(MESSAGE);
    await until(() => received.length === 1, 'the first message');
    for (const byte of ['O', 'P', 'T']) {
      socket.write(byte);
      await new Promise((resolve) => setTimeout(resolve, 20));
      clock.advance(MESSAGE_TIMEOUT_MS / 4);
    }
    assert.equal(socket.closed, false);
    clock.advance(MESSAGE_TIMEOUT_MS / 4);
    await until(() => socket.closed, 'the end of the connection');
    assert.deepEqual(rejected, ['STREAM_SLOW']);
  });

  it('keeps a connection between messages', async () => {
    await open();
    const socket = await join();
    socket.write(MESSAGE);
    await until(() => received.length === 1, 'the first message');
    clock.advance(20 * MESSAGE_TIMEOUT_MS);
    socket.write(MESSAGE);
    await until(() => received.length === 2, 'the second message');
    assert.deepEqual(rejected, []);
  });

  it('ends one that brings no message, keep-alives or not', async () => {
    await open();
    const [mute, pinging] = [await join(), await join()];
    pinging.write('\r\n\r\n');
    await until(() => pinging.text !== '', 'the answer to the keep-alive');
    clock.advance(MESSAGE_TIMEOUT_MS);
    await until(() => mute.closed && pinging.closed, 'the end of both');
    assert.deepEqual(rejected, ['STREAM_SILENT', 'STREAM_SILENT']);
  });

  it('ends one that speaks something else, at once', async () => {
    await open();
    const socket = await join();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => socket.closed, 'the end of the connection');
    assert.deepEqual(rejected, ['STREAM_CONTENT_LENGTH']);
  });

  it('has room for so many connections, and so many of one address', async () => {
    await open({ maxConnectionsPerHost: 2 });
    const [first] = [await join(), await join()];
    const third = await join();
    await until(() => third.closed, 'the end of the third');
    assert.deepEqual(rejected, ['TOO_MANY_CONNECTIONS']);
    first.destroy();
    await until(() => first.closed, 'room for another');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const fourth = await join();
    fourth.write(MESSAGE);
    await until(() => received.length === 1, 'its message');
  });

  it('ends an idle one', async () => {
    await open({ idleTimeoutMs: 50 });
    const socket = await join();
    socket.write(MESSAGE);
    await until(() => socket.closed, 'the end of the connection');
    assert.deepEqual(rejected, []);
  });

  it('uses one connection for all messages to a peer, and a new one when that is lost', async () => {
    await open();
    const peer = await listen();
    const to = { host: HOST, port: peer.port, transport: 'tcp' } as const;
    for (let n = 0; n < 3; n++) transport.send(Buffer.from(MESSAGE), to, assert.fail);
    await until(() => peer.heard[0] === MESSAGE.repeat(3), 'three messages');
    assert.equal(transport.isConnected(to), true);
    peer.sockets[0]?.write(MESSAGE);
    await until(() => received.length === 1, 'a message on the same connection');
    peer.sockets[0]?.end();
    await until(() => !transport.isConnected(to), 'the end of the connection');
    transport.send(Buffer.from(MESSAGE), to, assert.fail);
    await until(() => peer.heard[1] === MESSAGE, 'the message on a new connection');
  });

  it('says when nobody takes the connection', async () => {
    await open();
    const failures: string[] = [];
    const peer = await listen();
    await new Promise((resolve) => listener?.close(resolve));
    listener = undefined;
    for (const to of [
      { host: HOST, port: peer.port },
      { host: HOST, port: 70_000 },
    ]) {
      transport.send(Buffer.from(MESSAGE), to, (why) => failures.push(why));
    }
    await until(() => failures.length === 2, 'both failures');
    assert.match(failures.join(), /no such address.*ECONNREFUSED/);
  });

  it('gives up a peer that does not read', async () => {
    await open({ maxUnsentBytes: 100_000 });
    const peer = await listen();
    const to = { host: HOST, port: peer.port };
    const failures: string[] = [];
    transport.send(Buffer.from(MESSAGE), to, assert.fail);
    await until(() => peer.heard[0] === MESSAGE, 'the first message');
    peer.sockets[0]?.pause();
    const large = Buffer.alloc(60_000, 'x');
    await until(() => {
      transport.send(large, to, (why) => failures.push(why));
      return failures.length > 0;
    }, 'a full connection');
    assert.deepEqual(rejected, ['STREAM_UNREAD']);
  });
});

describe('SIP over TCP', () => {
  let [alice, bob]: SipStack[] = [];

  beforeEach(async () => {
    [alice, bob] = await Promise.all([
      new SipStack({ t1Ms: 20 }).start(),
      new SipStack({ t1Ms: 20 }).start(),
    ]);
  });
  afterEach(() => Promise.all([alice?.stop(), bob?.stop()]));

  const ask = async (method: string, onRequest: SipStack['onRequest']): Promise<SipMessage> => {
    assert.ok(alice && bob);
    bob.onRequest = onRequest;
    const to = { host: bob.host, port: bob.port, transport: 'tcp' } as const;
    const message = request(alice, method, `${bob.host}:${bob.port}`);
    return new Promise((resolve) => {
      alice?.request(message, to, {
        onResponse: (response) => (response.status ?? 0) >= 200 && resolve(response),
      });
    });
  };

  it('carries a request and its response, and neither is waited for to be repeated', async () => {
    const response = await ask('OPTIONS', ({ source }, transaction) => {
      assert.equal(source.transport, 'tcp');
      transaction.respond(200);
    });
    assert.equal(response.status, 200);
    assert.match(response.get('Via') ?? '', /^SIP\/2\.0\/TCP /);
    const nothing = { clientTransactions: 0, serverTransactions: 0, timers: 0 };
    assert.deepEqual([alice?.stats(), bob?.stats()], [nothing, nothing]);
  });

  it('repeats nothing but a 200 to an INVITE', async () => {
    let transaction: ServerTransaction | undefined;
    const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const response = ask('INVITE', (_request, offered) => (transaction = offered));
    await until(() => transaction !== undefined, 'the INVITE');
    await wait(100);
    assert.equal(alice?.counters.retransmissions, 0, 'of the INVITE');
    transaction?.respond(200);
    await response;
    await wait(100);
    assert.ok((bob?.counters.retransmissions ?? 0) > 1, 'of the 200: it may leave TCP on its way');
  });

  it('acknowledges a failure once, and both sides are done', async () => {
    const response = await ask('INVITE', (_request, transaction) => transaction.respond(486));
    assert.equal(response.status, 486);
    await until(() => bob?.stats().serverTransactions === 0, 'the ACK');
    assert.equal(alice?.stats().clientTransactions, 0);
    assert.equal(bob?.counters.retransmissions, 0);
  });

  it('answers on a new connection when the one that brought the request is gone', async () => {
    assert.ok(bob);
    let transaction: ServerTransaction | undefined;
    bob.onRequest = (_request, offered) => (transaction = offered);
    const peer = createServer().listen(0, HOST);
    await once(peer, 'listening');
    const { port } = peer.address() as AddressInfo;
    const socket = connect(bob.port, HOST);
    const lines = [
      ...['OPTIONS sip:bob SIP/2.0', `Via: SIP/2.0/TCP ${HOST}:${port};branch=z9hG4bK1`],
      ...['From: <sip:a>;tag=1', 'To: <sip:b>', 'Call-ID: 1', 'CSeq: 1 OPTIONS'],
    ];
    socket.write([...lines, 'Content-Length: 0', '', ''].join('\r\n'));
    await until(() => transaction !== undefined, 'the request');
    socket.destroy();
    await once(socket, 'close');
    await new Promise((resolve) => setTimeout(resolve, 30));
    const connected = once(peer, 'connection');
    transaction?.respond(200);
    const [answering] = (await connected) as [Socket];
    const [bytes] = (await once(answering, 'data')) as [Buffer];
    assert.match(bytes.toString(), /^SIP\/2\.0 200 OK/);
    answering.destroy();
    await new Promise((resolve) => peer.close(resolve));
  });

  it('gives a local 503 when nobody is there', async () => {
    assert.ok(alice && bob);
    const to = { host: bob.host, port: bob.port, transport: 'tcp' } as const;
    await bob.stop();
    const response = await new Promise<SipMessage>((resolve) => {
      const message = request(alice as SipStack, 'OPTIONS', 'bob');
      alice?.request(message, to, { onResponse: resolve });
    });
    assert.deepEqual([response.status, response.local], [503, true]);
  });
});
