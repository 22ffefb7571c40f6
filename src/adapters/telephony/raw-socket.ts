/**
 * One short conversation with a server over TCP, before the real library connects. The libraries
 * crash, hang or loop on a wrong profile, a wrong password or a silent server; asking first, with a
 * deadline and a size limit, turns each of these into a clear error.
 */
import { connect } from 'node:net';
import type { Clock } from '../../ports.js';
import { TelephonyError, type TelephonyErrorCode } from './errors.js';

const MAX_REPLY_BYTES = 256 * 1024;

export interface Conversation<T> {
  readonly host: string;
  readonly port: number;
  readonly limitMs: number;
  /** Sent as soon as the connection stands. */
  readonly greeting?: string;
  readonly codes: {
    readonly unreachable: TelephonyErrorCode;
    readonly timeout: TelephonyErrorCode;
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
    const socket = connect({ host: talk.host, port: talk.port });
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
      fail(talk.codes.timeout, `no answer within ${talk.limitMs} ms`),
    );
    socket.on('error', (error: NodeJS.ErrnoException) =>
      fail(talk.codes.unreachable, error.code ?? error.message),
    );
    socket.on('close', () => fail(talk.codes.unreachable, 'closed the connection'));
    socket.on('connect', () => {
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
