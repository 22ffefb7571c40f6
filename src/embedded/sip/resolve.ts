/**
 * Host names to addresses. IP literals and localhost need no look-up; other names go to the
 * system's resolver. There is no SRV or NAPTR: a trunk that needs them names its host and port.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** The address of a host that needs no look-up: fixed by the caller, a literal, or localhost. */
export function resolveAtOnce(
  host: string,
  fixedHosts: Readonly<Record<string, string>> = {},
): string | undefined {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (Object.hasOwn(fixedHosts, name)) return fixedHosts[name];
  if (isIP(name)) return name;
  return name === 'localhost' ? '127.0.0.1' : undefined;
}

/** @throws the resolver's error when the name has no IPv4 address */
export async function resolveName(host: string): Promise<string> {
  const { address } = await lookup(host, { family: 4 });
  return address;
}
