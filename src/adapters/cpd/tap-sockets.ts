/**
 * Where the taps' sockets are bound, and who may send to them: loopback when every media server is on
 * this host; else every address of ours, for the media servers' addresses alone. Each endpoint tells
 * its own server which of our addresses to use.
 */
import { lookup } from 'node:dns/promises';
import { isLoopbackHost } from '../../config/build-parts.js';

export interface TapSockets {
  readonly host: string;
  /** Empty: loopback only. */
  readonly sources: readonly string[];
}

/**
 * @param hosts of the media servers, names or addresses
 * @param resolve all IPv4 addresses of a name; a test may replace it
 */
export async function tapSockets(
  hosts: readonly string[],
  resolve: (host: string) => Promise<readonly string[]> = addressesOf,
): Promise<TapSockets> {
  if (hosts.every(isLoopbackHost)) return { host: '127.0.0.1', sources: [] };
  const found = await Promise.all(
    // A server whose name is unknown cannot be connected to, which is said there.
    hosts.map((host) => resolve(host).catch(() => [])),
  );
  return { host: '0.0.0.0', sources: [...new Set(['127.0.0.1', ...found.flat()])] };
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, family: 4 });
  return found.map(({ address }) => address);
}
