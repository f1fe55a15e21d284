import type { KeyedHash, Digest } from '#dataplane/counters/keyed-hash.ts';
import { addressNetwork, type AddressPrefixes } from '#dataplane/http/address.ts';

/** Addresses that are counted together. */
export interface Network {
  readonly name: string;
  readonly digest: Digest;
}

/** Of an address that nothing counts. */
export const nobody: Network = { name: '', digest: { hi: 0, lo: 0 } };

/** The network that an address is counted with. */
export function networkOf(address: string, prefixes: AddressPrefixes, hash: KeyedHash): Network {
  const name = addressNetwork(address, prefixes);
  return { name, digest: hash.digestOf(name) };
}
