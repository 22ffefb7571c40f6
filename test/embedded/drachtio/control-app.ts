/**
 * An application connected to the control port, for tests that say exactly what goes over it.
 */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { FrameReader, encodeFrame } from '../../../src/embedded/drachtio/framing.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';

/** One message from the server: its fields, and the SIP message behind them. */
export interface Line {
  readonly fields: readonly string[];
  readonly sip: SipMessage | undefined;
}

/** An application that speaks the control protocol by hand. */
export class App {
  readonly lines: Line[] = [];
  isClosed = false;
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (bytes: Buffer) => {
      for (const text of this.#reader.push(bytes)) {
        const end = text.indexOf('\r\n');
        const sip = end < 0 ? undefined : SipMessage.parse(Buffer.from(text.slice(end + 2)));
        this.lines.push({ fields: (end < 0 ? text : text.slice(0, end)).split('|'), sip });
      }
      this.#wake();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  raw(text: string): void {
    this.#socket.write(text);
  }

  async ask(line: string, sip?: string): Promise<Line> {
    const id = randomUUID();
    this.raw(encodeFrame(`${id}|${line}${sip === undefined ? '' : `\r\n${sip}`}`));
    return this.next(({ fields }) => fields[2] === id);
  }

  async next(matches: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const index = this.lines.findIndex(matches);
      if (index >= 0) return this.lines.splice(index, 1)[0] as Line;
      await this.change();
    }
  }

  status(status: number): Promise<Line> {
    return this.next(({ fields, sip }) => fields[1] === 'sip' && sip?.status === status);
  }

  request(method: string): Promise<Line> {
    return this.next(({ fields, sip }) => fields[1] === 'sip' && sip?.method === method);
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.change();
  }

  end(): void {
    this.#socket.destroy();
  }

  private async change(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing came')), 3000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
