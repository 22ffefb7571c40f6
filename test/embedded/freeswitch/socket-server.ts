/**
 * A WebSocket server for one client, written down from RFC 6455 alone: it checks what a client must
 * do (masking, the handshake) and keeps what it said.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** One frame of the client. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export class SocketServer {
  readonly frames: ClientFrame[] = [];
  path = '';
  isClosed = false;
  /** What is agreed to; undefined refuses by leaving it out. */
  protocol: string | undefined = 'audio.drachtio.org';
  #rest = Buffer.alloc(0);
  #hasTakenLeave = false;
  #socket: Duplex | undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((_request, response) => response.writeHead(404).end());
    this.#server.on('upgrade', (request, socket) => {
      const key = request.headers['sec-websocket-key'] ?? '';
      assert.equal(Buffer.from(key, 'base64').length, 16);
      assert.equal(request.headers['sec-websocket-version'], '13');
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      const lines = [
        'HTTP/1.1 101 Switching Protocols',
        ...['Upgrade: websocket', 'Connection: Upgrade'],
        `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
        ...(this.protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${this.protocol}`]),
      ];
      this.path = request.url ?? '';
      this.#socket = socket;
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      socket.on('data', (bytes: Buffer) => this.#receive(bytes));
      socket.on('error', () => undefined);
      socket.on('close', () => (this.isClosed = true));
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  stop(): void {
    this.#socket?.destroy();
    this.#server.close();
  }

  url(path = '/'): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  text(text: string): void {
    const payload = Buffer.from(text);
    const length = [payload.length >> 8, payload.length & 0xff];
    const head = payload.length < 126 ? [0x81, payload.length] : [0x81, 126, ...length];
    this.raw(Buffer.concat([Buffer.from(head), payload]));
  }

  /** Everything that was said in text frames, in order. */
  get texts(): string[] {
    return this.frames
      .filter(({ opcode }) => opcode === 1)
      .map(({ payload }) => payload.toString());
  }

  get binaries(): Buffer[] {
    return this.frames.filter(({ opcode }) => opcode === 2).map(({ payload }) => payload);
  }

  /** Waits until the frames, or the end, are as they should be. */
  async until(test: (server: this) => boolean, what: string): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if (test(this)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail(`no ${what} in 3 s: ${this.frames.map((f) => f.opcode).join()}`);
  }

  /** A close is answered by one, unless ours was first; then the connection ends. */
  #takeLeave(payload: Buffer): void {
    if (!this.#hasTakenLeave) {
      this.raw(Buffer.concat([Buffer.from([0x88, payload.length]), payload]));
    }
    this.#socket?.end();
  }

  /** Sends a close with a code. */
  close(code: number): void {
    this.#hasTakenLeave = true;
    this.raw(Buffer.from([0x88, 2, code >> 8, code & 0xff]));
  }

  #receive(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const { length } = this.#rest;
      if (length < 2) return;
      const [first = 0, second = 0] = this.#rest;
      assert.ok(second & 0x80, 'a client has to mask');
      assert.equal(first & 0xf0, 0x80, 'no extension, no fragments');
      const short = second & 0x7f;
      const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
      if (length < 6 + extra) return;
      const size =
        extra === 2
          ? this.#rest.readUInt16BE(2)
          : extra === 8
            ? Number(this.#rest.readBigUInt64BE(2))
            : short;
      const start = 6 + extra;
      if (length < start + size) return;
      const mask = this.#rest.subarray(start - 4, start);
      const payload = Buffer.from(this.#rest.subarray(start, start + size));
      payload.forEach((byte, i) => (payload[i] = byte ^ (mask[i % 4] ?? 0)));
      this.#rest = this.#rest.subarray(start + size);
      this.frames.push({ opcode: first & 0x0f, payload });
      if ((first & 0x0f) === 8) this.#takeLeave(payload);
    }
  }
}
