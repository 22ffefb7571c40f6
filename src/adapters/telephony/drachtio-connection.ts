/**
 * One authenticated connection to a drachtio server, over TCP or TLS, watched. Checks secret and
 * reachability first with a raw conversation, then lets drachtio-srf connect, and says when the
 * connection is lost: closed, or open to a server that does not answer any more.
 *
 * It never lets the library reconnect (connection-keeper.ts does): a lost connection is lost exactly
 * once, and one over TLS stays on TLS, where the library's own reconnecting falls back to plain TCP.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Log } from '../../ports.js';
import type { Connection } from './connection-keeper.js';
import { contained, containFrames } from './contained.js';
import { containSocket } from './contained-socket.js';
import type { Deadlines } from './deadlines.js';
import { describeError, TelephonyError } from './errors.js';
import { LifeWatch } from './life-watch.js';
import { converse, secured, type TlsOptions } from './raw-socket.js';
import type { AgentView, SrfView } from './srf-types.js';

export interface DrachtioAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Present: TLS from the first byte on. */
  readonly tls?: TlsOptions;
}

/**
 * Connects `srf`, which must have no connection.
 * @param onFrame reads along
 * @throws TelephonyError DRACHTIO_UNREACHABLE, DRACHTIO_WRONG_SECRET, DRACHTIO_TIMEOUT,
 * DRACHTIO_PROTOCOL, DRACHTIO_TLS
 */
export async function connectDrachtio(
  srf: SrfView,
  to: DrachtioAddress,
  clock: Clock,
  deadlines: Deadlines,
  log: Log,
  onFrame: (frame: string) => void = () => undefined,
): Promise<DrachtioConnection> {
  const limitMs = deadlines.connectMs;
  const version = await askVersion(to, clock, limitMs);
  const { host, port, secret, tls } = to;
  // maxAttempts 1 is "none after the first" in drachtio-srf's count.
  const reconnect = { maxAttempts: 1 };
  srf.connect({ host, port, secret, reconnect, ...(tls && { tls: secured(host, tls) }) });
  const agent = srf.app.client;
  // Before the library reads it: what it makes of a message comes after the message in any record.
  const readAlong = (_socket: unknown, frame: string): void => onFrame(frame);
  agent.wp.prependListener('msg', contained(log, 'a message of the signalling server', readAlong));
  containFrames(agent.wp, log);
  const connection = new DrachtioConnection(agent, version, clock, deadlines);
  agent.wp.prependListener('connect', (socket) =>
    containSocket(socket, (why) => connection.refuse(why)),
  );
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      cancelTimer();
      connection.abandon();
      reject(new TelephonyError('DRACHTIO_UNREACHABLE', `${host}:${port}: ${why}`));
    };
    const cancelTimer = clock.after(limitMs, () => fail(`no answer within ${limitMs} ms`));
    agent.on('connect', (error) => {
      if (error) return fail(error.message);
      cancelTimer();
      resolve();
    });
    connection.onLost(fail);
  });
  connection.watch();
  return connection;
}

export class DrachtioConnection implements Connection {
  #onLost: ((why: string) => void) | undefined;
  #onSilence: ((isSilent: boolean) => void) | undefined;
  #over = false;
  readonly #life: LifeWatch;

  constructor(
    private readonly agent: AgentView,
    /** As the server names it, such as `v0.9.10`. */
    readonly version: string,
    clock: Clock,
    deadlines: Deadlines,
  ) {
    agent.on('error', (error) => this.#lost(describeError(error)));
    agent.on('close', () => this.#lost('connection closed'));
    this.#life = new LifeWatch({
      clock,
      deadlines,
      ask: () => this.#ping(),
      onSilence: (isSilent) => this.#onSilence?.(isSilent),
      onDead: () => this.#fallSilent(),
    });
  }

  /** Connected, and answering. */
  get isResponsive(): boolean {
    return !this.#over && !this.#life.isSilent;
  }

  onLost(handle: (why: string) => void): void {
    this.#onLost = handle;
  }

  /** Called when it stops answering for a moment, and when it answers again. */
  onSilence(handle: (isSilent: boolean) => void): void {
    this.#onSilence = handle;
  }

  close(): Promise<void> {
    this.abandon();
    return Promise.resolve();
  }

  /** Ends the connection, or a connection attempt, without reporting a loss. */
  abandon(): void {
    this.#over = true;
    this.#life.stop();
    this.agent.wp.closing = true;
    for (const socket of this.agent.mapServer.keys()) socket.destroySoon();
  }

  /** It says what is no message: whatever comes next cannot be read. */
  refuse(why: string): void {
    this.agent.wp.closing = true;
    this.#lost(`not understood: ${why}`);
  }

  watch(): void {
    this.#life.start();
  }

  #ping(): Promise<void> {
    return new Promise((resolve, reject) => {
      const [[socket, server] = []] = this.agent.mapServer;
      if (!socket || !server) return reject(new Error('no connection'));
      const id = this.agent.wp.send(socket, 'ping');
      // Whatever it says to it, it is alive.
      server.pendingRequests.set(id, () => resolve());
    });
  }

  #fallSilent(): void {
    if (this.#over) return;
    const sockets = [...this.agent.mapServer.keys()];
    this.#lost('the signalling server does not answer');
    this.agent.wp.closing = true;
    for (const socket of sockets) socket.destroy();
  }

  #lost(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#life.stop();
    this.#onLost?.(why);
  }
}

/**
 * Logs in on a connection of our own: `length#id|authenticate|secret|tags`, answered
 * `OK|addresses|version|...` or `NO`.
 * @returns the server's version, empty when it does not say
 */
async function askVersion(to: DrachtioAddress, clock: Clock, limitMs: number): Promise<string> {
  const message = `${randomUUID()}|authenticate|${to.secret}|`;
  const where = `${to.host}:${to.port}`;
  return converse(clock, {
    host: to.host,
    port: to.port,
    tls: to.tls,
    limitMs,
    hint: 'is drachtio-server running, and are drachtio.host and drachtio.port its admin address?',
    greeting: `${Buffer.byteLength(message)}#${message}`,
    codes: {
      unreachable: 'DRACHTIO_UNREACHABLE',
      timeout: 'DRACHTIO_TIMEOUT',
      tls: 'DRACHTIO_TLS',
    },
    hear(received) {
      const [, length, reply] = /^(\d{1,5})#([^]*)$/.exec(received) ?? [];
      if (reply === undefined || length === undefined) {
        if (/^\d{0,5}$/.test(received)) return undefined;
        throw new TelephonyError('DRACHTIO_PROTOCOL', `${where} is not a drachtio server`);
      }
      if (Buffer.byteLength(reply) < Number(length)) return undefined;
      const [, , , verdict, , version = ''] = reply.split('|');
      if (verdict === 'OK') return version.trim();
      throw new TelephonyError(
        'DRACHTIO_WRONG_SECRET',
        `${where} refused the secret: make drachtio.secret what <admin secret="..."> of drachtio.conf.xml is`,
      );
    },
  });
}
