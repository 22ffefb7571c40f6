/**
 * A WebSocket client, as far as an audio fork needs one: one sub-protocol, text and binary messages
 * out, text messages in. No extensions, no redirects; binary messages from the server are dropped.
 * A server that breaks the protocol, or sends more than the limit, is disconnected.
 * Source: RFC 6455 sections 1.3, 4.1, 5 and 7.
 */

import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';

/** Called from the event loop; `onClosed` once, and last. */
export interface WebSocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** @param why `closed`, or what went wrong; @param hasOpened false when it never came to be */
  onClosed(why: string, hasOpened: boolean): void;
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const CONNECT_WITHIN_MS = 5000;
const CLOSE_WITHIN_MS = 1000;
const MESSAGE_BYTES_MAX = 256 * 1024;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** See the head of this file. */
export class WebSocketClient {
  #socket: Duplex | undefined;
  #received = Buffer.alloc(0);
  #fragments: Buffer[] = [];
  #messageType = 0;
  #isClosing = false;
  #isOver = false;
  readonly #abort: () => void;

  constructor(
    url: URL,
    protocol: string,
    private readonly handlers: WebSocketHandlers,
  ) {
    const key = randomBytes(16).toString('base64');
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
    const headers = {
      ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      ...{ 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Protocol': protocol },
    };
    const target = new URL(url.href.replace(/^ws/, 'http'));
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(target, { headers, timeout: CONNECT_WITHIN_MS, agent: false });
    this.#abort = () => void request.destroy();
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', (error) => this.#end(error.message));
    request.on('response', (response) => {
      response.destroy();
      this.#end(`HTTP ${response.statusCode ?? 0}`);
    });
    request.on('upgrade', (response: IncomingMessage, socket, head) => {
      socket.on('error', () => undefined); // 'close' follows
      const isRight =
        response.headers['sec-websocket-accept'] === accept &&
        response.headers['sec-websocket-protocol'] === protocol;
      if (isRight && !this.#isOver) return this.#open(socket, head);
      socket.destroy();
      this.#end('handshake refused');
    });
    request.end();
  }

  /** Bytes that the server has not taken yet. */
  get unsentBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  sendText(text: string): void {
    this.#send(TEXT, Buffer.from(text));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#send(BINARY, bytes);
  }

  /** Says goodbye with 1000; `onClosed` follows within a second. */
  close(): void {
    if (!this.#socket) {
      this.#abort();
      return this.#end('closed');
    }
    if (this.#isClosing) return;
    this.#send(CLOSE, Buffer.from([0x03, 0xe8]));
    this.#isClosing = true;
    this.#leave(this.#socket);
  }

  /** Waits a while for the server to close its side. */
  #leave(socket: Duplex): void {
    const timer = setTimeout(() => socket.destroy(), CLOSE_WITHIN_MS);
    socket.once('close', () => clearTimeout(timer));
  }

  #open(socket: Duplex, head: Buffer): void {
    this.#socket = socket;
    socket.on('close', () => this.#end('closed'));
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.handlers.onOpen();
    if (head.length > 0) this.#receive(head);
  }

  #end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.handlers.onClosed(why, this.#socket !== undefined);
  }

  #send(opcode: number, payload: Uint8Array): void {
    const socket = this.#socket;
    if (!socket || this.#isClosing || this.#isOver) return;
    const { length } = payload;
    const extra = length < 126 ? 0 : length < 65536 ? 2 : 8;
    const frame = Buffer.alloc(2 + extra + 4 + length);
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (extra === 0 ? length : extra === 2 ? 126 : 127);
    if (extra === 2) frame.writeUInt16BE(length, 2);
    if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
    const mask = randomBytes(4);
    frame.set(mask, 2 + extra);
    for (let i = 0; i < length; i++) {
      frame[6 + extra + i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
    }
    socket.write(frame);
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 2 && !this.#isOver) {
      const [first = 0, second = 0] = this.#received;
      const short = second & 0x7f;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      // A server does not mask, and a length of eight bytes is beyond the limit anyway.
      if (second & 0x80 || short === 127) return void this.#socket?.destroy();
      if (this.#received.length < start) return;
      const length = short === 126 ? this.#received.readUInt16BE(2) : short;
      if (this.#received.length < start + length) return;
      const payload = this.#received.subarray(start, start + length);
      this.#received = this.#received.subarray(start + length);
      this.#handle(first & 0x0f, (first & 0x80) !== 0, payload);
    }
  }

  #handle(opcode: number, isLast: boolean, payload: Buffer): void {
    if (opcode === PING) return this.#send(PONG, payload);
    if (opcode === CLOSE) {
      this.#send(CLOSE, payload.subarray(0, 2));
      if (this.#socket && !this.#isClosing) this.#leave(this.#socket);
      this.#isClosing = true;
      return void this.#socket?.end();
    }
    if (opcode > BINARY) return;
    if (opcode !== 0) this.#messageType = opcode;
    this.#fragments.push(payload);
    const length = this.#fragments.reduce((sum, part) => sum + part.length, 0);
    if (length > MESSAGE_BYTES_MAX) return void this.#socket?.destroy();
    if (!isLast) return;
    const message = Buffer.concat(this.#fragments);
    this.#fragments = [];
    if (this.#messageType === TEXT) this.handlers.onText(message.toString());
  }
}
