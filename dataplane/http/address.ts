import { isIPv6, SocketAddress } from 'node:net';

/** One end of a connection: an address without zone, and a port. */
export interface ConnectionEnd {
  readonly address: string;
  readonly port: number;
}

/** An address without zone; an IPv4-mapped IPv6 address as IPv4. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice(7) : plain;
}

/** The one spelling of an address that somebody wrote, so that nobody is two clients; of a mapped one that of IPv4. */
export function oneSpelling(address: string): string {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return plainAddress(new SocketAddress({ address, family }).address);
}

/**
 * Whom one limit for an address holds for: an IPv4 address alone, an IPv6 one with all of its /64, which one client
 * usually owns whole (RFC 6177).
 */
export function addressGroup(address: string): string {
  return addressNetwork(address, usualPrefixes);
}

/** How many bits of an address tell whose it is. */
export interface AddressPrefixes {
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
}

const usualPrefixes: AddressPrefixes = { ipv4Prefix: 32, ipv6Prefix: 64 };

/** An address as numbers of 32 bits each: one for IPv4, four for IPv6. */
export function addressWords(address: string): readonly number[] {
  if (!address.includes(':')) {
    return [address.split('.').reduce((word, octet) => word * 256 + Number(octet), 0)];
  }
  const groups = groupsOf(address);
  return [0, 2, 4, 6].map((at) => (groups[at] ?? 0) * 65_536 + (groups[at + 1] ?? 0));
}

/** The leading bits of an address, in one spelling. */
export function addressNetwork(address: string, { ipv4Prefix, ipv6Prefix }: AddressPrefixes): string {
  if (address.includes(':')) {
    return leading(groupsOf(address), 16, ipv6Prefix)
      .map((group) => group.toString(16))
      .join(':');
  }
  return ipv4Prefix === 32 ? address : leading(address.split('.').map(Number), 8, ipv4Prefix).join('.');
}

/** The parts, each of `width` bits, in which the first `bits` stand; of the last of them the rest is 0. */
function leading(parts: readonly number[], width: number, bits: number): number[] {
  const kept = parts.slice(0, Math.ceil(bits / width));
  const last = kept.length - 1;
  const rest = kept.length * width - bits;
  return kept.map((part, at) => (at === last ? (part >> rest) << rest : part));
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [front = '', back] = address.split('::');
  const head = numbersOf(front);
  if (back === undefined) return head;
  const tail = numbersOf(back);
  return [...head, ...Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
}

function numbersOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return Number.parseInt(group, 16);
    // a dotted tail stands for two groups
    const [first = 0, second = 0, third = 0, fourth = 0] = group.split('.').map(Number);
    return [(first << 8) | second, (third << 8) | fourth];
  });
}
