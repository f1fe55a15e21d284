import type { Endpoint } from './cluster.ts';

/** How endpoints of one list are sorted: by address, then port. */
export function byAddressAndPort(one: Endpoint, other: Endpoint): number {
  if (one.address !== other.address) return one.address < other.address ? -1 : 1;
  return one.port - other.port;
}
