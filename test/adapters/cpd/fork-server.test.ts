import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import WebSocket from 'ws';
import { type ForkListener, ForkServer } from '../../../src/adapters/cpd/fork-server.js';

const PROTOCOL = 'audio.drachtio.org';
const LEAVE_MAX_MS = 300;

const listenerOf = (onAudio: () => void): ForkListener => ({
  isExpected: () => true,
  onOpen: () => undefined,
  onAudio,
  onRefused: () => undefined,
});

describe('the server that mod_audio_fork sends to', () => {
  let server: ForkServer;
  let path: string;
  let isExpected = true;
  let heard: number[] = [];
  let opened = 0;
  let refused = 0;
  beforeEach(async () => {
    server = await ForkServer.listen('127.0.0.1', 5, LEAVE_MAX_MS);
    [isExpected, heard, opened, refused] = [true, [], 0, 0];
    path = server.add({
      isExpected: () => isExpected,
      onOpen: () => (opened += 1),
      onAudio: (bytes) => heard.push(bytes.length),
      onRefused: () => (refused += 1),
    });
  });
  afterEach(() => server.close());

  /** @returns an open connection, or undefined when the server turned it away */
  async function dial(to = path, protocol: string | string[] = PROTOCOL) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${to}`, protocol);
    const error = new Promise<undefined>((resolve) => socket.on('error', () => resolve(undefined)));
    return Promise.race([once(socket, 'open').then(() => socket), error]);
  }

  it('takes the metadata, then two frames at once, then frame by frame', async () => {
    const socket = await dial();
    assert.equal(socket?.protocol, PROTOCOL);
    socket?.send('{"any":"metadata"}');
    socket?.send(Buffer.alloc(640));
    socket?.send(Buffer.alloc(320));
    socket?.close();
    await once(socket, 'close');
    assert.deepEqual([opened, heard, refused], [1, [640, 320], 0]);
  });

  it('takes what was said while the module connected, in pieces of 80 ms', async () => {
    const socket = await dial();
    socket?.send(Buffer.alloc(6720));
    socket?.close();
    if (socket) await once(socket, 'close');
    assert.deepEqual(heard, [1280, 1280, 1280, 1280, 1280, 320]);
  });

  it("turns away a path that is nobody's, and one that was given back", async () => {
    assert.equal(await dial('/'), undefined);
    assert.equal(await dial(`${path}x`), undefined);
    server.remove(path);
    assert.equal(await dial(), undefined);
    assert.equal(opened, 0);
  });

  it('leaves it to the module to close what is not heard any more, for a while', async () => {
    const [closes, stays] = [await dial(), await dial(server.add(listenerOf(() => undefined)))];
    assert.ok(closes && stays);
    server.remove(path);
    closes.send(Buffer.alloc(320));
    closes.ping();
    await once(closes, 'pong');
    assert.equal(closes.readyState, WebSocket.OPEN);
    assert.deepEqual([heard, refused], [[], 0]);
    closes.close(1000);
    const [code] = (await once(closes, 'close')) as [number];
    assert.equal(code, 1000);
    server.close();
    await once(stays, 'close');
  });

  it('ends what is not closed by the module', async () => {
    const socket = await dial();
    server.remove(path);
    const [code] = (await once(socket!, 'close')) as [number];
    assert.equal(code, 1006);
  });

  it('gives every tap a path of its own that cannot be guessed', () => {
    const listener = listenerOf(() => undefined);
    const paths = new Set(Array.from({ length: 100 }, () => server.add(listener)));
    assert.equal(paths.size, 100);
    for (const each of paths) assert.match(each, /^\/[\w-]{32}$/);
  });

  it('turns away another sub-protocol and another sender', async () => {
    assert.equal(await dial(path, 'chat'), undefined);
    assert.equal(await dial(path, []), undefined);
    isExpected = false;
    assert.equal(await dial(), undefined);
    isExpected = true;
    assert.ok(await dial());
    assert.deepEqual([opened, refused], [1, 3]);
  });

  it('hears one connection at a time: the latest', async () => {
    const first = await dial();
    const firstClosed = first && once(first, 'close');
    const second = await dial();
    await firstClosed;
    first?.send(Buffer.alloc(640));
    second?.send(Buffer.alloc(320));
    second?.close();
    if (second) await once(second, 'close');
    assert.deepEqual([opened, heard, refused], [2, [320], 0]);
  });

  for (const [what, messages] of [
    ['a text after audio has begun', [Buffer.alloc(320), 'text']],
    ['a second text', ['{}', '{}']],
    ['a binary message of more than two seconds', [Buffer.alloc(32_002)]],
    ['a long text', ['x'.repeat(9000)]],
    ['a very long text', ['x'.repeat(40_000)]],
  ] as const) {
    it(`ends the connection on ${what}`, async () => {
      const socket = await dial();
      const closed = once(socket!, 'close');
      for (const message of messages) socket?.send(message);
      await closed;
      assert.equal(refused, 1);
      assert.ok(heard.every((length) => length <= 1280));
      assert.ok(await dial(), 'the same tap can be connected anew');
    });
  }

  it('ends what is no WebSocket: plain HTTP, long headers, garbage', async () => {
    for (const text of [
      `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET ${path} HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: ${PROTOCOL}\r\n\r\n`,
    ]) {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(text);
      socket.resume();
      await once(socket, 'close');
    }
    assert.equal(opened, 0);
  });
});
