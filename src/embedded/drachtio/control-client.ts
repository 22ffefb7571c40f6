/**
 * One application connected to the control port: its socket, whether it has named the secret, and
 * the verbs it wants. It reads frames and hands on commands; it decides nothing about SIP.
 *
 * The secret comes first and soon; anything else before it ends the connection.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { pass, type Gates } from '../gates.js';
import type { Scheduler } from '../sip/scheduler.js';
import { FrameError, FrameReader, encodeFrame } from './framing.js';
import { readCommand, replyLine, type Command } from './protocol.js';

const AUTHENTICATE_WITHIN_MS = 10_000;
const MAX_UNREAD_BYTES = 16 * 1024 * 1024; // an application that stops reading is cut off
const MAX_VERBS = 50;

export interface ControlClientOptions {
  readonly socket: Socket;
  readonly secret: string;
  readonly scheduler: Scheduler;
  /** Fields of the OK to authenticate. */
  readonly greeting: string;
  readonly gates?: Gates | undefined;
  onCommand(client: ControlClient, command: Command): void;
  onClose(client: ControlClient): void;
  /** Said something that ends the connection, or that is no command. */
  onRejected(why: string): void;
}

export class ControlClient {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #verbs = new Set<string>();
  readonly #cancelDeadline: () => void;
  #isAuthenticated = false;
  #isOpen = true;
  #hasLeft = false;

  constructor(readonly options: ControlClientOptions) {
    this.#socket = options.socket;
    this.#socket.setNoDelay(true);
    this.#cancelDeadline = options.scheduler.schedule(AUTHENTICATE_WITHIN_MS, () => this.drop());
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    this.#socket.on('error', () => undefined); // 'close' follows
    this.#socket.on('close', () => this.#leave());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  wants(verb: string): boolean {
    return this.#isAuthenticated && this.#verbs.has(verb);
  }

  send(message: string): void {
    pass(
      this.options.gates?.outward,
      () => message,
      () => {
        if (!this.#isOpen) return;
        this.#socket.write(encodeFrame(message));
        if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.drop();
      },
    );
  }

  reply(id: string, rest: string): void {
    this.send(replyLine(id, rest));
  }

  drop(): void {
    this.#socket.destroy();
    this.#leave();
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#markClosed();
    this.options.onClose(this);
  }

  #markClosed(): void {
    this.#isOpen = false;
    this.#cancelDeadline();
  }

  #receive(bytes: Buffer): void {
    try {
      for (const message of this.#reader.push(bytes)) {
        if (!this.#isOpen) return;
        const handle = (): void => this.#handle(readCommand(message));
        pass(this.options.gates?.inward, () => message, handle);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.options.onRejected(error.message);
      this.drop(); // the stream is out of step
    }
  }

  #handle(command: Command): void {
    if (command.kind === 'authenticate') {
      this.#authenticate(command.id, command.secret);
      return;
    }
    if (!this.#isAuthenticated) {
      this.options.onRejected('not authenticated');
      this.drop();
      return;
    }
    switch (command.kind) {
      case 'ping':
        this.reply(command.id, 'OK|pong');
        return;
      case 'route':
        if (this.#verbs.size < MAX_VERBS) this.#verbs.add(command.verb);
        this.reply(command.id, 'OK');
        return;
      case 'remove-route':
        this.#verbs.clear(); // drachtio-server forgets all of a client's routes, whichever is named
        this.reply(command.id, 'OK');
        return;
      case 'unknown':
        this.#refuseAndClose(command.id, 'Unknown message type');
        return;
      case 'unsupported':
        this.reply(command.id, 'NOK|not supported by the embedded server');
        return;
      case 'invalid':
        this.options.onRejected(command.why);
        this.reply(command.id, `NOK|${command.why}`);
        return;
      case 'new-request':
      case 'dialog-request':
      case 'cancel':
      case 'response':
        this.options.onCommand(this, command);
        return;
    }
  }

  #authenticate(id: string, secret: string): void {
    const [given, wanted] = [secret, this.options.secret].map((text) =>
      createHash('sha256').update(text).digest(),
    );
    if (!given || !wanted || !timingSafeEqual(given, wanted)) {
      this.#refuseAndClose(id, 'incorrect secret');
      return;
    }
    this.#isAuthenticated = true;
    this.#cancelDeadline();
    this.reply(id, `OK|${this.options.greeting}`);
  }

  #refuseAndClose(id: string, why: string): void {
    this.options.onRejected(why);
    this.reply(id, `NO|${why}`);
    this.#markClosed();
    this.#socket.end();
    // A peer that does not close its side then is cut off.
    const cancel = this.options.scheduler.schedule(1000, () => this.#socket.destroy());
    this.#socket.once('close', cancel);
  }
}
