/**
 * Keeps what a peer sends on an event socket, or a signalling server on ours to it, from ending the process. drachtio-modesl (1.3.1) throws
 * in its data handler on a header with a percent sign that escapes nothing, and the listener to which
 * FreeSWITCH opens its event sockets asks nobody for a password: one line there was enough.
 */
import type { Socket } from 'node:net';
import { describeError } from './errors.js';

/**
 * From now on a socket whose bytes cannot be handled is closed, as if the peer had gone.
 *
 * @param onRefused told why, once per such socket
 */
export function containSocket(socket: Socket, onRefused: (why: string) => void): void {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...args);
    try {
      return emit(event, ...args);
    } catch (thrown) {
      onRefused(describeError(thrown));
      socket.destroy();
      return true;
    }
  };
}
