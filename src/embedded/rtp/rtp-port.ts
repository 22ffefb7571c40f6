/**
 * Finds a free UDP port for RTP: an even one, since by convention the odd one above belongs to
 * RTCP (which is not used here). Ports are tried from a random start, so that two processes of
 * one machine rarely meet, and the next one is tried when they do.
 * Source: RFC 3550 section 11.
 */

import { randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';

/** Inclusive range of ports; odd ends are moved inwards. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Outside of what FreeSWITCH takes (16384 to 32768, in our configuration 20000 to 29999): one on the
 * same machine does not try another port when its own is taken, it drops the call.
 */
const DEFAULT_RANGE: PortRange = { from: 40000, to: 59998 };
const ATTEMPTS_MAX = 2000;

/**
 * Binds a socket to a free even port.
 * @param createSocket makes a fresh socket per attempt
 * @throws Error when every port tried is taken or the address is not ours
 */
export async function bindRtpPort(
  createSocket: () => Socket,
  host: string,
  range: PortRange = DEFAULT_RANGE,
): Promise<Socket> {
  const from = range.from + (range.from & 1);
  const count = Math.floor((range.to - from) / 2) + 1;
  if (count < 1) throw new Error(`no even port between ${range.from} and ${range.to}`);
  const start = randomInt(count);
  for (let i = 0; i < Math.min(count, ATTEMPTS_MAX); i++) {
    const socket = createSocket();
    const code = await tryBind(socket, host, from + 2 * ((start + i) % count));
    if (code === undefined) return socket;
    socket.close();
    if (code !== 'EADDRINUSE') throw new Error(`RTP cannot bind ${host}: ${code}`);
  }
  throw new Error(`no free RTP port between ${range.from} and ${range.to}`);
}

function tryBind(socket: Socket, host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => resolve(error.code ?? 'unknown');
    socket.once('error', onError);
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', onError);
      resolve(undefined);
    });
  });
}
