/** Which addresses strangers can reach. Pure; names are not looked up. */
import { BlockList, isIP } from 'node:net';

/** Loopback, private and link-local ones. Source: RFC 1918, 6598, 3927, 4193, 4291. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits);
}
PRIVATE.addAddress('::1', 'ipv6');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/**
 * @param host an address, or a name
 * @returns true for an address of the Internet and for the ones that mean "every interface"; false
 * for a name, which its owner has chosen
 */
export function isPublicAddress(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return false;
  return !PRIVATE.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
