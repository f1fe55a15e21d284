import { BlockList, isIP } from 'node:net';

/** Where backends live. Standalone: on this machine too. */
export type EndpointScope = 'Cluster' | 'Standalone';

/**
 * Whether requests may be sent to `address`. Whoever may write EndpointSlices must not send the gateway to its
 * own machine, to the metadata services of clouds, or to everybody (CVE-2021-25740, reliability of tenants).
 */
export function isReachable(address: string, scope: EndpointScope): boolean {
  const family = familyOf(address);
  if (family === null) {
    return false;
  }
  const here = loopback[family].check(address, family);
  return !never[family].check(address, family) && (scope === 'Standalone' || !here);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  switch (isIP(address)) {
    case 4:
      return 'ipv4';
    case 6:
      // A zone names an interface of this machine.
      return address.includes('%') ? null : 'ipv6';
    default:
      return null;
  }
}

// One list for each family: Node takes ::ffff:0:0/96 for all of IPv4.
const loopback = {
  ipv4: blocks('ipv4', ['127.0.0.0', 8]),
  ipv6: blocks('ipv6', ['::1', 128]),
};

const never = {
  ipv4: blocks('ipv4', ['0.0.0.0', 8], ['169.254.0.0', 16], ['224.0.0.0', 4], ['255.255.255.255', 32]),
  ipv6: blocks(
    'ipv6',
    ['::', 128],
    ['fe80::', 10],
    ['ff00::', 8],
    // IPv4 in another dress would get around the rules above.
    ['::ffff:0:0', 96],
    ['64:ff9b::', 96],
  ),
};

function blocks(
  family: 'ipv4' | 'ipv6',
  ...subnets: readonly (readonly [address: string, prefix: number])[]
): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) {
    list.addSubnet(address, prefix, family);
  }
  return list;
}
