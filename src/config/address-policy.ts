/**
 * Which addresses a name may lead to. An operator who writes an address into an allowed origin means
 * that address; a name belongs to whoever runs its DNS, so it leads to the Internet only, unless the
 * configuration says where else (`allowedAddresses`). `localhost` is this machine.
 *
 * Source of the blocks: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
 */
import { BlockList, isIP } from 'node:net';

type Subnet = readonly [network: string, bits: number];

const V4_SPECIAL: readonly Subnet[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const V6_SPECIAL: readonly Subnet[] = [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

const SPECIAL = listOf([...V4_SPECIAL, ...V6_SPECIAL]);
const LOOPBACK = listOf([
  ['127.0.0.0', 8],
  ['::1', 128],
]);

function listOf(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of subnets) list.addSubnet(network, bits, familyOf(network));
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

/** `10.0.0.0/8` or a single address; the schema has checked the form. */
export function parseNetworks(texts: readonly string[]): BlockList {
  return listOf(
    texts.map((text): Subnet => {
      const [network = '', bits] = text.split('/');
      return [network, Number(bits ?? (familyOf(network) === 'ipv4' ? 32 : 128))];
    }),
  );
}

/**
 * @param host of the URL, whose origin is allowed: an address without brackets, or a name
 * @param address that it leads to
 */
export function mayReach(host: string, address: string, allowed: BlockList): boolean {
  if (isIP(host) !== 0) return host === address;
  const plain = unmapped(address);
  const family = familyOf(plain);
  if (allowed.check(plain, family)) return true;
  if (host === 'localhost') return LOOPBACK.check(plain, family);
  return !SPECIAL.check(plain, family);
}

/** `::ffff:10.0.0.1` is 10.0.0.1, however it is written. */
function unmapped(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const hex = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  if (!hex) return address;
  const [high, low] = [parseInt(hex[1] ?? '', 16), parseInt(hex[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
