/**
 * The edges of the media server: who may call it, who may control it, how much they may send.
 */
import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import {
  APIS,
  APPLICATIONS,
  ENGINE_COMMANDS,
} from '../../../src/adapters/telephony/engine-commands.js';
import { FREESWITCH_SUBSET, FreeSwitchServer } from '../../../src/embedded/freeswitch/server.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { SipStack } from '../../../src/embedded/sip/stack.js';

const HOST = '127.0.0.1';
const QUIET = { channels: 0, rtpSessions: 0, timers: 0, sockets: 0 };
const OFFER = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
  ...['m=audio 40000 RTP/AVP 0 101', 'a=rtpmap:101 telephone-event/8000', ''],
].join('\r\n');

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(test: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (test()) return;
    await pause(20);
  }
  assert.fail(`no ${what} in 2 s`);
}

describe('The media server', () => {
  let stack: SipStack;
  let caller: SipStack;
  let server: FreeSwitchServer;
  let listener: Server;
  let outbound: Socket[] = [];
  const byes: SipMessage[] = [];

  beforeEach(async () => {
    stack = await new SipStack({ host: HOST, t1Ms: 20 }).start();
    caller = await new SipStack({ host: HOST, t1Ms: 20 }).start();
    caller.onRequest = (request, transaction) => {
      if (request.method === 'BYE') byes.push(request);
      transaction.respond(200);
    };
    server = new FreeSwitchServer({
      ...{ stack, host: HOST, port: 0, secret: 'secret', rtpHost: HOST },
      rtpPortRange: { from: 27000, to: 27998 },
    });
    await server.start();
    outbound = [];
    byes.length = 0;
    listener = createServer((socket) => {
      socket.on('error', () => undefined);
      outbound.push(socket);
    });
    listener.listen(0, HOST);
    await once(listener, 'listening');
  });

  afterEach(async () => {
    for (const socket of outbound) socket.destroy();
    await server.stop();
    await until(
      () => JSON.stringify(server.stats()) === JSON.stringify(QUIET),
      'end of everything',
    );
    await stack.stop();
    await caller.stop();
    listener.close();
  });

  const listenerPort = (): number => (listener.address() as AddressInfo | null)?.port ?? 0;

  function request(method: string, headers: Record<string, string> = {}, body = ''): SipMessage {
    const message = SipMessage.request(method, `sip:drachtio@${HOST}:${stack.port}`);
    const fields = {
      Via: caller.newVia(),
      'Max-Forwards': '70',
      From: `<sip:app@${HOST}:${caller.port}>;tag=a1`,
      To: `<sip:drachtio@${HOST}:${stack.port}>`,
      'Call-ID': `call-${Math.random()}`,
      CSeq: `1 ${method}`,
      Contact: `<sip:app@${HOST}:${caller.port}>`,
      'User-Agent': 'drachtio-fsmrf:one',
      'X-esl-outbound': `${HOST}:${listenerPort()}`,
      ...headers,
    };
    for (const [name, value] of Object.entries(fields)) if (value !== '') message.set(name, value);
    if (body !== '') message.set('Content-Type', 'application/sdp');
    message.body = body;
    return message;
  }

  function send(message: SipMessage): Promise<SipMessage> {
    return new Promise((resolve) => {
      const to = { host: HOST, port: stack.port };
      const transaction = caller.request(message, to, {
        onResponse: (response) => {
          if ((response.status ?? 0) < 200) return;
          if (message.method === 'INVITE' && response.status === 200) {
            const ack = inDialog(message, response, 'ACK');
            transaction.acknowledge(ack, to);
          }
          resolve(response);
        },
      });
    });
  }

  function inDialog(invite: SipMessage, response: SipMessage, method: string): SipMessage {
    return request(method, {
      To: response.get('To') ?? '',
      'Call-ID': invite.get('Call-ID') ?? '',
      CSeq: `${method === 'ACK' ? 1 : 2} ${method}`,
    });
  }

  /** Talks to the event socket; resolves with everything that came until it was closed or `ms`. */
  async function converse(text: string, ms = 200): Promise<string> {
    const socket = connect(server.eslPort, HOST);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.on('error', () => undefined);
    const isClosed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    await once(socket, 'connect');
    socket.write(text);
    const isOver = await Promise.race([isClosed.then(() => true), pause(ms).then(() => false)]);
    socket.destroy();
    await isClosed;
    return heard + (isOver ? '<closed>' : '');
  }

  it('takes no call but from drachtio-fsmrf', async () => {
    const strangers: Record<string, string>[] = [
      { 'User-Agent': 'sipp' },
      { 'User-Agent': 'drachtio-fsmrf:' },
      { 'X-esl-outbound': '' },
      { 'X-esl-outbound': 'example.com:80' },
      { 'X-esl-outbound': '127.0.0.1:99999' },
    ];
    for (const headers of strangers) {
      assert.equal(
        (await send(request('INVITE', headers, OFFER))).status,
        404,
        JSON.stringify(headers),
      );
    }
    assert.equal((await send(request('REGISTER'))).status, 501);
    assert.equal((await send(request('OPTIONS'))).status, 200);
    assert.deepEqual(server.stats(), QUIET);
  });

  it('opens no event socket to another host', async () => {
    const response = await send(request('INVITE', { 'X-esl-outbound': '192.0.2.1:8084' }, OFFER));
    assert.equal(response.status, 403);
    assert.deepEqual(server.stats(), QUIET);
  });

  it('refuses an offer without plain G.711', async () => {
    const offers = [
      OFFER.replace('AVP 0 101', 'AVP 9 101'),
      OFFER.replace('RTP/AVP', 'RTP/SAVP'),
      OFFER.replace('m=audio', 'm=video'),
      OFFER.replace('c=IN IP4', 'c=IN IP6'),
      'hello',
    ];
    for (const offer of offers) {
      assert.equal((await send(request('INVITE', {}, offer))).status, 488, offer);
    }
    assert.deepEqual(server.stats(), QUIET);
  });

  it('answers an offer, calls the application, and takes the BYE', async () => {
    const invite = request('INVITE', {}, OFFER);
    const response = await send(invite);
    assert.equal(response.status, 200);
    assert.match(response.body, /m=audio \d+ RTP\/AVP 0 101/);
    await until(() => outbound.length === 1, 'event socket');
    assert.equal(server.stats().channels, 1);
    assert.equal((await send(inDialog(invite, response, 'BYE'))).status, 200);
    await until(() => server.stats().sockets === 0, 'end of the socket');
    assert.equal(byes.length, 0);
    assert.equal((await send(inDialog(invite, response, 'BYE'))).status, 481);
  });

  it('hangs up when the application cannot be reached, or leaves', async () => {
    await new Promise<void>((resolve) => listener.close(() => resolve()));
    const closedPort = { 'X-esl-outbound': `${HOST}:1` };
    assert.equal((await send(request('INVITE', closedPort, OFFER))).status, 200);
    await until(() => byes.length === 1, 'BYE');
    listener.listen(0, HOST);
    await once(listener, 'listening');
    await send(request('INVITE', {}, OFFER));
    await until(() => outbound.length === 1, 'event socket');
    outbound[0]?.destroy();
    await until(() => byes.length === 2, 'BYE');
  });

  it('gives the port back when the ACK to its own offer never comes', async () => {
    const invite = request('INVITE');
    const to = { host: HOST, port: stack.port };
    const status = await new Promise<number | undefined>((resolve) => {
      caller.request(invite, to, { onResponse: (r) => void (r.status === 200 && resolve(200)) });
    });
    assert.equal(status, 200);
    assert.equal(server.stats().rtpSessions, 1);
    await until(() => server.stats().rtpSessions === 0, 'end of the session');
    assert.equal(outbound.length, 0);
    await until(() => byes.length === 1, 'BYE');
  });

  it('lets nobody in without the secret', async () => {
    assert.match(await converse('auth nope\n\n'), /-ERR invalid[^]*goodbye[^]*<closed>$/);
    assert.match(await converse('api status\n\n'), /-ERR command not found\n\n$/);
    assert.match(await converse('auth secret\n\napi version\n\n'), /\+OK accepted[^]*FreeSWITCH/);
  });

  it('throws out who sends without end', async () => {
    assert.match(await converse(`auth ${'x'.repeat(70_000)}`), /<closed>$/);
    assert.match(await converse(`auth secret\n\napi ${'x'.repeat(70_000)}\n\n`), /<closed>$/);
  });

  it('takes a command in any number of pieces', async () => {
    const socket = connect(server.eslPort, HOST);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    for (const byte of 'auth secret\r\n\r\napi uuid_exists x\n\n') {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => heard.endsWith('false'), 'answer');
    socket.destroy();
  });

  it('has room for 64 applications', async () => {
    const sockets = Array.from({ length: 66 }, () => connect(server.eslPort, HOST));
    let closedCount = 0;
    for (const socket of sockets)
      socket.on('close', () => closedCount++).on('error', () => undefined);
    await until(() => closedCount === 2, 'refusal');
    assert.equal(server.stats().sockets, 64);
    assert.equal(server.stats().timers, 64);
    for (const socket of sockets) socket.destroy();
    await until(() => server.stats().sockets === 0, 'end of the sockets');
  });

  it('lets a reply be one line, whatever the command holds', async () => {
    const heard = await converse('auth secret\n\nsendmsg a\rb\n\nfilter x y\n\n');
    assert.match(heard, /Reply-Text: -ERR invalid session id \[a b\]\n\n/);
  });

  it('implements what the adapters ask for', () => {
    const { applications, fileFormats, callCommands, eslCommands, apis } = FREESWITCH_SUBSET;
    const missing = [
      ...APIS.filter((name) => !apis.includes(name)),
      ...APPLICATIONS.filter((name) => !applications.includes(name)),
      ...ENGINE_COMMANDS.fileFormats.filter((name) => !fileFormats.some((f) => f === name)),
      ...ENGINE_COMMANDS.callCommands.filter((name) => !callCommands.some((c) => c === name)),
      ...ENGINE_COMMANDS.eslCommands.filter((name) => !eslCommands.some((c) => c === name)),
    ];
    assert.deepEqual(missing, []);
  });
});
