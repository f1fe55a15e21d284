import { BlockList, isIP } from 'node:net';

/**
 * Whether an address is in one of `sources`: `10.0.0.0/8`, `2001:db8::/32`, or an address alone. A search that takes
 * no longer for many of them. Throws for what is no network.
 */
export function networks(sources: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const source of sources) {
    const [network = '', bits] = source.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(bits), family);
  }
  return (address) => list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
