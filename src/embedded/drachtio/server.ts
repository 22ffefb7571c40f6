/**
 * The drachtio control protocol on a TCP port, over one SIP endpoint: what drachtio-srf needs to
 * make and take calls on one machine.
 *
 * It is not a drachtio-server. It does not proxy, fork or keep call records, or speak SIP over
 * anything but UDP and TCP; what is missing is refused by name.
 */
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Gates } from '../gates.js';
import { RejectionLog } from '../rejection-log.js';
import { systemScheduler, CountingScheduler } from '../sip/scheduler.js';
import type { LogFunction, SipStack } from '../sip/stack.js';
import { ControlError, hostPort } from './app-message.js';
import { ControlClient } from './control-client.js';
import { Dialogs } from './dialogs.js';
import type { AppResponse, CancelRequest, Command, DialogRequest, NewRequest } from './protocol.js';
import { RequestsIn } from './requests-in.js';
import { RequestsOut } from './requests-out.js';

/** What the server says it is: drachtio-srf looks for features by version. */
const VERSION = 'v0.9.10-embedded';
const MAX_CLIENTS = 100;

export interface DrachtioServerOptions {
  readonly stack: SipStack;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly secret: string;
  readonly onLog?: LogFunction;
  /** For tests. */
  readonly gates?: Gates | undefined;
}

/** All zero when no application is connected and no call is up. */
export interface DrachtioServerStats {
  readonly clients: number;
  readonly dialogs: number;
  readonly pendingRequests: number;
  readonly timers: number;
}

export class DrachtioServer {
  readonly #server: Server;
  readonly #clients = new Set<ControlClient>();
  readonly #dialogs = new Dialogs();
  readonly #requestsOut: RequestsOut;
  readonly #requestsIn: RequestsIn;
  readonly #scheduler = new CountingScheduler(systemScheduler);
  readonly #rejections: RejectionLog;
  #turn = 0;
  #port: number;

  constructor(readonly options: DrachtioServerOptions) {
    const { stack } = options;
    this.#port = options.port;
    this.#rejections = new RejectionLog(this.#scheduler, (...line) => options.onLog?.(...line));
    this.#requestsOut = new RequestsOut(stack, this.#dialogs, this.#scheduler);
    this.#requestsIn = new RequestsIn(stack, this.#dialogs, this.#requestsOut, (verb) =>
      this.#chooseClient(verb),
    );
    stack.onRequest = (request, transaction) => this.#requestsIn.receive(request, transaction);
    stack.onAck = (ack, invite) => this.#requestsIn.receiveAck(ack, invite);
    this.#server = createServer((socket) => {
      if (this.#clients.size >= MAX_CLIENTS) {
        socket.destroy();
        return;
      }
      this.#clients.add(
        new ControlClient({
          socket,
          secret: options.secret,
          scheduler: this.#scheduler,
          greeting: this.#greeting(),
          gates: options.gates,
          onCommand: (client, command) => this.#perform(client, command),
          onClose: (client) => this.#forget(client),
          onRejected: (why) => this.#rejections.add('control message refused', { why }),
        }),
      );
    });
  }

  /** The bound control port. */
  get port(): number {
    return this.#port;
  }

  /** @throws the socket's error when the port cannot be bound; the SIP stack is started before */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.options.port, this.options.host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (error) => this.#log('control port failed', error));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Disconnects every application. Calls stay as they are; the SIP stack is stopped after. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const client of [...this.#clients]) client.drop();
    this.#dialogs.cancelSessionTimers();
    this.#rejections.stop();
    await closed;
  }

  stats(): DrachtioServerStats {
    return {
      clients: this.#clients.size,
      dialogs: this.#dialogs.size,
      pendingRequests: this.#requestsIn.size + this.#requestsOut.size,
      timers: this.#scheduler.active,
    };
  }

  #greeting(): string {
    const here = hostPort(this.options.stack);
    const hostports = `tcp/${here},udp/${here}`;
    return `${hostports}|${VERSION}|${hostports}`;
  }

  #forget(client: ControlClient): void {
    this.#clients.delete(client);
    this.#requestsIn.forgetClient(client);
  }

  /** Applications that want a verb take turns. */
  #chooseClient(verb: string): ControlClient | undefined {
    const willing = [...this.#clients].filter((client) => client.isOpen && client.wants(verb));
    return willing[this.#turn++ % willing.length];
  }

  #perform(client: ControlClient, command: Command): void {
    try {
      switch (command.kind) {
        case 'new-request':
        case 'dialog-request':
        case 'cancel':
        case 'response':
          this.#performSip(client, command);
          return;
        default:
          return; // the client has dealt with the others
      }
    } catch (error) {
      if (!(error instanceof ControlError)) this.#log('control command failed', error);
      const why = error instanceof ControlError ? error.message : 'Internal server error';
      client.reply(command.id, `NOK|${why}`);
    }
  }

  #performSip(
    client: ControlClient,
    command: NewRequest | DialogRequest | CancelRequest | AppResponse,
  ): void {
    switch (command.kind) {
      case 'new-request':
        return this.#requestsOut.sendNew(client, command);
      case 'dialog-request':
        return this.#requestsOut.sendInDialog(client, command);
      case 'cancel':
        return this.#requestsOut.cancel(client, command);
      case 'response':
        return this.#requestsIn.respond(client, command);
    }
  }

  #log(message: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.options.onLog?.('error', message, { error: text });
  }
}
