import type { ResourceId } from './ids.ts';

/** Networks that somebody has listed, for example for what comes from there. It changes alone: what names it stays. */
export interface AddressList {
  readonly kind: 'AddressList';
  readonly id: ResourceId;
  /** Sorted, none inside of another: see {@link packNetworks}. */
  readonly ipv4: string;
  readonly ipv6: string;
}

/**
 * Networks of one family as base64 of their octets: for each of them how many bits long it is, and as many octets of
 * its address as these bits begin. A million of IPv4 take no more than 5 MB.
 */
export function packNetworks(networks: Iterable<PackedNetwork>): string {
  const octets: number[] = [];
  for (const { octets: address, bits } of networks) {
    octets.push(bits);
    const count = (bits + 7) >> 3;
    for (let at = 0; at < count; at += 1) octets.push(address[at] ?? 0);
  }
  return Buffer.from(octets).toString('base64');
}

/** A network: the octets of its address, 4 or 16, and how many bits of them count. */
export interface PackedNetwork {
  readonly octets: ArrayLike<number>;
  readonly bits: number;
}
