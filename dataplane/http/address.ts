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
  if (!address.includes(':')) return address;
  const gap = address.indexOf('::');
  const front = gap < 0 ? address : address.slice(0, gap);
  const groups = front === '' ? [] : front.split(':');
  if (gap >= 0 && groups.length < 4) {
    const back = address.slice(gap + 2);
    const backGroups = back === '' ? [] : back.split(':');
    // A dotted tail stands for two groups.
    const after = backGroups.length + (back.includes('.') ? 1 : 0);
    const zeros = Math.max(0, 8 - groups.length - after);
    for (let at = 0; at < zeros && groups.length < 4; at += 1) groups.push('0');
    groups.push(...backGroups);
  }
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}
