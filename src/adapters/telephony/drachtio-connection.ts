/**
 * One authenticated connection to a drachtio server. Checks secret and reachability first with a raw
 * conversation, then lets drachtio-srf connect, and says when the connection is lost. It never
 * reconnects by itself (connection-keeper.ts does), so a lost connection is lost exactly once.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports.js';
import type { Connection } from './connection-keeper.js';
import { describeError, TelephonyError } from './errors.js';
import { converse } from './raw-socket.js';
import type { AgentView, SrfView } from './srf-types.js';

export interface DrachtioAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
}

/**
 * Connects `srf`, which must have no connection.
 * @param onFrame reads along; must not throw
 * @throws TelephonyError DRACHTIO_UNREACHABLE, DRACHTIO_WRONG_SECRET, DRACHTIO_TIMEOUT, DRACHTIO_PROTOCOL
 */
export async function connectDrachtio(
  srf: SrfView,
  to: DrachtioAddress,
  clock: Clock,
  limitMs: number,
  onFrame: (frame: string) => void = () => undefined,
): Promise<Connection> {
  await checkSecret(to, clock, limitMs);
  // maxAttempts 1 is "none after the first" in drachtio-srf's count.
  srf.connect({ ...to, reconnect: { maxAttempts: 1 } });
  const agent = srf.app.client;
  // Before the library reads it: what it makes of a message comes after the message in any record.
  agent.wp.prependListener('msg', (_socket, frame) => onFrame(frame));
  const connection = new DrachtioConnection(agent);
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      cancelTimer();
      connection.abandon();
      reject(new TelephonyError('DRACHTIO_UNREACHABLE', `${to.host}:${to.port}: ${why}`));
    };
    const cancelTimer = clock.after(limitMs, () => fail(`no answer within ${limitMs} ms`));
    agent.on('connect', (error) => {
      if (error) return fail(error.message);
      cancelTimer();
      resolve();
    });
    connection.onLost(fail);
  });
  return connection;
}

class DrachtioConnection implements Connection {
  #onLost: ((why: string) => void) | undefined;
  #over = false;

  constructor(private readonly agent: AgentView) {
    agent.on('error', (error) => this.#lost(describeError(error)));
    agent.on('close', () => this.#lost('connection closed'));
  }

  onLost(handle: (why: string) => void): void {
    this.#onLost = handle;
  }

  close(): Promise<void> {
    this.abandon();
    return Promise.resolve();
  }

  /** Ends the connection, or a connection attempt, without reporting a loss. */
  abandon(): void {
    this.#over = true;
    this.agent.wp.closing = true;
    for (const socket of this.agent.mapServer.keys()) socket.destroySoon();
  }

  #lost(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#onLost?.(why);
  }
}

/** Logs in on a connection of our own: `length#id|authenticate|secret|tags`, answered OK or NO. */
async function checkSecret(to: DrachtioAddress, clock: Clock, limitMs: number): Promise<void> {
  const message = `${randomUUID()}|authenticate|${to.secret}|`;
  await converse(clock, {
    host: to.host,
    port: to.port,
    limitMs,
    greeting: `${Buffer.byteLength(message)}#${message}`,
    codes: { unreachable: 'DRACHTIO_UNREACHABLE', timeout: 'DRACHTIO_TIMEOUT' },
    hear(received) {
      const [, length, reply] = /^(\d{1,5})#([^]*)$/.exec(received) ?? [];
      if (reply === undefined || length === undefined) {
        if (/^\d{0,5}$/.test(received)) return undefined;
        throw new TelephonyError(
          'DRACHTIO_PROTOCOL',
          `${to.host}:${to.port} is not a drachtio server`,
        );
      }
      if (Buffer.byteLength(reply) < Number(length)) return undefined;
      if (reply.split('|')[3] === 'OK') return true;
      throw new TelephonyError('DRACHTIO_WRONG_SECRET', `${to.host}:${to.port} refused the secret`);
    },
  });
}
