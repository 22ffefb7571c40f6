/**
 * One short conversation with a server over TCP, before the real library connects. The libraries
 * crash, hang or loop on a wrong profile, a wrong password or a silent server; asking first, with a
 * deadline and a size limit, turns each of these into a clear error.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../ports.js';
import { TelephonyError, type TelephonyErrorCode } from './errors.js';

const MAX_REPLY_BYTES = 256 * 1024;

/** How to be sure of the server's name. */
export interface TlsOptions {
  /** PEM texts of the authorities we trust; the system's own when left out. */
  readonly ca?: string;
  /** Name its certificate has to bear; the host connected to when left out. */
  readonly servername?: string;
  /** Refuses TLS 1.1 and older. */
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

export interface Conversation<T> {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  readonly limitMs: number;
  /** What to look at when it cannot be reached. */
  readonly hint: string;
  /** Sent as soon as the connection stands. */
  readonly greeting?: string;
  readonly codes: {
    readonly unreachable: TelephonyErrorCode;
    readonly timeout: TelephonyErrorCode;
    /** The handshake failed, or the certificate is not to be trusted. */
    readonly tls?: TelephonyErrorCode;
  };
  /**
   * Called with everything received so far; `say` sends, `localAddress` is our end's address.
   * @returns the result when the conversation is over, undefined to go on. May throw.
   */
  hear(received: string, say: (text: string) => void, localAddress: string): T | undefined;
}

/**
 * Holds the conversation and closes the connection.
 * @throws TelephonyError with the given codes, or what `hear` throws
 */
export function converse<T>(clock: Clock, talk: Conversation<T>): Promise<T> {
  const where = `${talk.host}:${talk.port}`;
  return new Promise<T>((resolve, reject) => {
    let received = '';
    let isReached = false;
    const socket = open(talk);
    socket.setNoDelay(true).setEncoding('utf8');
    const finish = (settle: () => void): void => {
      cancelTimer();
      socket
        .removeAllListeners()
        .on('error', () => undefined)
        .destroy();
      settle();
    };
    const fail = (code: TelephonyErrorCode, why: string): void =>
      finish(() => reject(new TelephonyError(code, `${where}: ${why}`)));
    const cancelTimer = clock.after(talk.limitMs, () =>
      fail(talk.codes.timeout, `no answer within ${talk.limitMs} ms: ${talk.hint}`),
    );
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const { tls = talk.codes.unreachable } = talk.codes;
      if (talk.tls && isReached) return fail(tls, tlsFault(error));
      fail(talk.codes.unreachable, `${error.code ?? error.message}: ${talk.hint}`);
    });
    socket.on('connect', () => (isReached = true));
    socket.on('close', () => fail(talk.codes.unreachable, 'closed the connection'));
    socket.on(talk.tls ? 'secureConnect' : 'connect', () => {
      if (talk.greeting) socket.write(talk.greeting);
    });
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (received.length > MAX_REPLY_BYTES)
        return fail(talk.codes.unreachable, 'reply without end');
      try {
        const result = talk.hear(received, (text) => socket.write(text), socket.localAddress ?? '');
        if (result !== undefined) finish(() => resolve(result));
      } catch (thrown) {
        finish(() => reject(thrown));
      }
    });
  });
}

function open({ host, port, tls }: Conversation<unknown>): Socket {
  return tls ? connectTls({ host, port, ...secured(host, tls) }) : connect({ host, port });
}

/** An address is no server name (RFC 6066 3): the certificate is then checked against the address. */
export function secured(host: string, tls: TlsOptions): TlsOptions {
  return { ...tls, ...(tls.servername === undefined && isIP(host) === 0 && { servername: host }) };
}

function tlsFault({ code, message }: NodeJS.ErrnoException): string {
  const hint = /CERT|SIGNATURE|ALTNAME/.test(code ?? '')
    ? 'give the authority that signed its certificate in drachtio.tlsCa, and its name in drachtio.tlsServerName'
    : 'is this its TLS port (admin tls-port in drachtio.conf.xml)?';
  return `TLS failed (${code ?? message}): ${hint}`;
}
