import assert from 'node:assert/strict';
import { WebSocketClient } from '../../../src/embedded/freeswitch/web-socket.js';
import { SocketServer } from './socket-server.js';

describe('The WebSocket client', () => {
  let server: SocketServer;
  let story: string[] = [];
  let client: WebSocketClient;

  beforeEach(async () => {
    server = await new SocketServer().start();
    story = [];
  });

  afterEach(async () => {
    client.close();
    server.stop();
    await heard('closed');
  });

  function connect(url = server.url('/a?b=c')): void {
    client = new WebSocketClient(new URL(url), 'audio.drachtio.org', {
      onOpen: () => void story.push('open'),
      onText: (text) => void story.push(`text ${text.length > 20 ? text.length : text}`),
      onClosed: (why, hasOpened) => void story.push(`closed ${hasOpened} ${why}`),
    });
  }

  async function heard(begin: string): Promise<void> {
    const isHere = (): boolean => story.some((line) => line.startsWith(begin));
    await server.until(isHere, begin);
  }

  it('says texts and bytes of every size, masked', async () => {
    connect();
    await heard('open');
    for (const size of [0, 125, 126, 65_535, 65_536]) client.sendBinary(Buffer.alloc(size, size));
    client.sendText('grüße');
    await server.until(({ texts }) => texts.length === 1, 'text');
    assert.deepEqual(
      server.binaries.map(({ length }) => length),
      [0, 125, 126, 65_535, 65_536],
    );
    assert.ok(server.binaries.every((b) => b.every((byte) => byte === b.length % 256)));
    assert.deepEqual([server.texts, server.path], [['grüße'], '/a?b=c']);
  });

  it('hears texts whole, in pieces and with a ping between them', async () => {
    connect();
    await heard('open');
    // RFC 6455 section 5.7: "Hello" unmasked; "Hel" and "lo" in fragments; a ping.
    server.raw(Buffer.from([0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f]));
    server.raw(Buffer.from([0x01, 3, 0x48, 0x65]));
    server.raw(Buffer.from([0x6c, 0x89, 2, 1, 2, 0x80, 2, 0x6c, 0x6f]));
    server.text('x'.repeat(300));
    await heard('text 300');
    assert.deepEqual(story, ['open', 'text Hello', 'text Hello', 'text 300']);
    await server.until(({ frames }) => frames.length === 1, 'pong');
    assert.deepEqual(server.frames[0], { opcode: 10, payload: Buffer.from([1, 2]) });
  });

  it('closes with 1000, and answers a close', async () => {
    connect();
    await heard('open');
    client.close();
    client.sendText('too late');
    await server.until(({ frames }) => frames.length === 1, 'close');
    assert.deepEqual(server.frames[0], { opcode: 8, payload: Buffer.from([0x03, 0xe8]) });
    await heard('closed true');
    assert.deepEqual(story, ['open', 'closed true closed']);
  });

  it('takes leave when the server does', async () => {
    connect();
    await heard('open');
    server.close(1001);
    await server.until(({ isClosed }) => isClosed, 'end');
    assert.deepEqual(server.frames, [{ opcode: 8, payload: Buffer.from([0x03, 0xe9]) }]);
  });

  it('disconnects a server that masks, or says too much', async () => {
    for (const bytes of [
      [0x81, 0x81, 1, 2, 3, 4, 5],
      [0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0],
    ]) {
      story = [];
      connect();
      await heard('open');
      server.raw(Buffer.from(bytes));
      await heard('closed true');
    }
    story = [];
    connect();
    await heard('open');
    for (let i = 0; i < 5; i++) {
      server.raw(Buffer.concat([Buffer.from([0x01, 126, 0xff, 0xff]), Buffer.alloc(65_535)]));
    }
    await heard('closed true');
  });

  it('does not open with another protocol, another answer or nobody', async () => {
    server.protocol = undefined;
    connect();
    await heard('closed false handshake refused');
    story = [];
    connect('ws://127.0.0.1:1/');
    await heard('closed false connect ECONNREFUSED');
    story = [];
    connect();
    client.close();
    assert.deepEqual(story, ['closed false closed']);
  });
});
