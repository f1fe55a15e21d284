// Lists of networks as people and feeds write them: one a line, of either family, addresses alone too.
import { isIP } from 'node:net';
import { networkFault } from '#crds/network.ts';
import { packNetworks, type PackedNetwork } from '#snapshot/address-list.ts';

/** What a text lists. */
export interface AddressLines {
  readonly networks: readonly PackedNetwork[];
  /** Numbers, from 1 on, of lines that are no network; the first hundred. */
  readonly bad: readonly number[];
}

const badMax = 100;

/** Reads one network or address a line; what follows `#` says nothing. */
export function addressLines(text: string): AddressLines {
  const networks: PackedNetwork[] = [];
  const bad: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const comment = line.indexOf('#');
    const word = (comment === -1 ? line : line.slice(0, comment)).trim();
    if (word === '') continue;
    const network = plainNetwork(word) ?? networkOf(word);
    if (network !== null) networks.push(network);
    else if (bad.length < badMax) bad.push(index + 1);
  }
  return { networks, bad };
}

/** Sorted, without those inside of others, as data planes are told them. */
export function packed(networks: readonly PackedNetwork[]): { readonly ipv4: string; readonly ipv6: string } {
  const families = [4, 16].map((length) => {
    const sorted = networks.filter(({ octets }) => octets.length === length).sort(compare);
    const kept: PackedNetwork[] = [];
    for (const network of sorted) {
      const last = kept.at(-1);
      if (last === undefined || !isInside(network, last)) kept.push(network);
    }
    return packNetworks(kept);
  });
  return { ipv4: families[0] ?? '', ipv6: families[1] ?? '' };
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

const plain = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;

/** Of IPv4, which most are; null for what needs a closer look. */
function plainNetwork(word: string): PackedNetwork | null {
  const match = plain.exec(word);
  if (match === null) return null;
  const octets = [match[1], match[2], match[3], match[4]].map(Number);
  const bits = Number(match[5] ?? 32);
  if (octets.some((octet, at) => octet > 255 || String(octet) !== match[at + 1]) || bits > 32) return null;
  const isClean = octets.every(
    (octet, at) => (octet & (255 >> Math.min(8, Math.max(0, bits - 8 * at)))) === 0,
  );
  return isClean ? { octets, bits } : null;
}

function networkOf(word: string): PackedNetwork | null {
  const address = word.split('/')[0] ?? '';
  const whole = word.includes('/') ? word : `${word}/128`;
  // what is IPv4 has been looked at, whether it stood in the dress of IPv6 or not
  if (isIP(address) !== 6 || networkFault(whole) !== null) return null;
  return { octets: ipv6Octets(address), bits: Number(whole.split('/')[1]) };
}

function ipv6Octets(address: string): readonly number[] {
  const [before = [], after] = address.split('::').map((part) => part.split(':').flatMap(octetsOf));
  if (after === undefined) return before;
  return [...before, ...Array.from({ length: 16 - before.length - after.length }, () => 0), ...after];
}

/** Of a group, or of the IPv4 address that two may be written as. */
function octetsOf(group: string): readonly number[] {
  if (group === '') return [];
  if (group.includes('.')) return group.split('.').map(Number);
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 255];
}
