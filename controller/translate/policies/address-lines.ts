// Lists of networks as people and feeds write them: one a line, of either family, addresses alone too.
import { isIPv6 } from 'node:net';
import { packNetworks, type PackedNetwork } from '#snapshot/address-list.ts';

/** What a text lists. */
export interface AddressLines {
  /** First address times 64, and how many bits count: in order of addresses, and of equal ones the widest first. */
  readonly ipv4: readonly number[];
  readonly ipv6: readonly PackedNetwork[];
  /** Numbers, from 1 on, of lines that are no network; the first hundred. */
  readonly bad: readonly number[];
}

const badMax = 100;

/** Reads one network or address a line; what follows `#` says nothing. */
export function addressLines(text: string): AddressLines {
  const ipv4: number[] = [];
  const ipv6: PackedNetwork[] = [];
  const bad: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const comment = line.indexOf('#');
    const word = (comment === -1 ? line : line.slice(0, comment)).trim();
    if (word === '') continue;
    const network = word.includes(':') ? ipv6Network(word) : ipv4Network(word);
    if (network === null) {
      if (bad.length < badMax) bad.push(index + 1);
    } else if (typeof network === 'number') ipv4.push(network);
    else ipv6.push(network);
  }
  return { ipv4, ipv6, bad };
}

/** Sorted, without those inside of others, as data planes are told them. */
export function packed(lists: readonly Pick<AddressLines, 'ipv4' | 'ipv6'>[]): {
  readonly ipv4: string;
  readonly ipv6: string;
} {
  const ipv4 = Float64Array.from(lists.flatMap((one) => one.ipv4)).sort();
  const ipv6 = lists.flatMap((one) => one.ipv6).sort(compare);
  return { ipv4: packNetworks(apartIpv4(ipv4)), ipv6: packNetworks(apartIpv6(ipv6)) };
}

function* apartIpv4(sorted: Float64Array): Generator<PackedNetwork> {
  let end = 0;
  for (const network of sorted) {
    const start = Math.floor(network / 64);
    const bits = network % 64;
    if (start < end) continue;
    end = start + 2 ** (32 - bits);
    yield { octets: [start >>> 24, (start >>> 16) & 255, (start >>> 8) & 255, start & 255], bits };
  }
}

function* apartIpv6(sorted: readonly PackedNetwork[]): Generator<PackedNetwork> {
  let last: PackedNetwork | null = null;
  for (const network of sorted) {
    if (last !== null && isInside(network, last)) continue;
    last = network;
    yield network;
  }
}

/** By address, of equal ones the widest first. */
function compare(one: PackedNetwork, other: PackedNetwork): number {
  for (let at = 0; at < one.octets.length; at += 1) {
    const difference = (one.octets[at] ?? 0) - (other.octets[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.bits - other.bits;
}

function isInside(network: PackedNetwork, outer: PackedNetwork): boolean {
  let bits = outer.bits;
  for (let at = 0; bits > 0; at += 1, bits -= 8) {
    const difference = (network.octets[at] ?? 0) ^ (outer.octets[at] ?? 0);
    if (bits >= 8 ? difference !== 0 : difference >> (8 - bits) !== 0) return false;
  }
  return true;
}

const dot = 0x2e;
const slash = 0x2f;
const zero = 0x30;

/** Four octets in decimal, and perhaps a length; null for all else, and where bits stand beyond the length. */
function ipv4Network(word: string): number | null {
  let start = 0;
  let dots = 0;
  let number = -1;
  let bits = 32;
  for (let at = 0; at <= word.length; at += 1) {
    const code = at < word.length ? word.charCodeAt(at) : slash;
    if (code === dot || code === slash) {
      if (number < 0 || number > 255 || (code === dot) === (dots === 3)) return null;
      start = start * 256 + number;
      number = -1;
      dots += 1;
      if (code === dot) continue;
      if (at < word.length) bits = lengthOf(word.slice(at + 1), 32);
      break;
    }
    // a zero in front is octal to some
    if (code < zero || code > zero + 9 || number === 0) return null;
    number = Math.max(0, number) * 10 + code - zero;
  }
  return dots === 4 && bits >= 0 && start % 2 ** (32 - bits) === 0 ? start * 64 + bits : null;
}

/** -1 for none. */
function lengthOf(text: string, max: number): number {
  const bits = /^\d{1,3}$/.test(text) ? Number(text) : -1;
  return bits <= max ? bits : -1;
}

/** Null also for an address of IPv4 in the dress of IPv6: it is to be written as that. */
function ipv6Network(word: string): PackedNetwork | null {
  const [address = '', length = '128', ...more] = word.split('/');
  const bits = lengthOf(length, 128);
  if (!isIPv6(address) || address.includes('%') || bits < 0 || more.length > 0) return null;
  const octets = ipv6Octets(address);
  const isMapped = octets.every((octet, at) => at >= 12 || octet === (at >= 10 ? 255 : 0));
  const isClean = octets.every(
    (octet, at) => (octet & (255 >> Math.min(8, Math.max(0, bits - 8 * at)))) === 0,
  );
  return isClean && !isMapped ? { octets, bits } : null;
}

function ipv6Octets(address: string): readonly number[] {
  const gap = address.indexOf('::');
  if (gap === -1) return octetsOf(address);
  const octets = octetsOf(address.slice(0, gap));
  const after = octetsOf(address.slice(gap + 2));
  while (octets.length < 16 - after.length) octets.push(0);
  octets.push(...after);
  return octets;
}

/** Of groups between colons; the last two may be written as an IPv4 address. */
function octetsOf(groups: string): number[] {
  const octets: number[] = [];
  for (let start = 0; start < groups.length;) {
    const colon = groups.indexOf(':', start);
    const end = colon === -1 ? groups.length : colon;
    const group = groups.slice(start, end);
    const value = Number.parseInt(group, 16);
    if (group.includes('.')) octets.push(...group.split('.').map(Number));
    else octets.push(value >> 8, value & 255);
    start = end + 1;
  }
  return octets;
}
