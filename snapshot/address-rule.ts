import { BlockList, isIP } from 'node:net';

/** Whether an address may be connected to where a user chose the name that leads to it (OWASP SSRF). */
export interface AddressRule {
  /** Public, or allowed by the operator. */
  permits(address: string): boolean;
  /** Allowed by the operator by name of its network: plain HTTP will do there. */
  trusts(address: string): boolean;
}

/**
 * The rule that refuses all but public addresses, save those of the networks `allow` (CIDR, or one address). Both
 * planes go by it.
 * @throws {TypeError} when one of them is none.
 */
export function createAddressRule(allow: readonly string[]): AddressRule {
  const allowed = blocks(allow);
  const trusts = (address: string) => contains(allowed, address);
  return {
    trusts,
    permits: (address) => isIP(address) !== 0 && (trusts(address) || !contains(special, address)),
  };
}

type Blocks = { readonly ipv4: BlockList; readonly ipv6: BlockList };

function contains(list: Blocks, address: string): boolean {
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  // Node takes IPv4-mapped addresses for IPv4 ones, so each family has a list of its own.
  return list[family].check(address.replace(/%.*/, ''), family);
}

function blocks(subnets: readonly string[]): Blocks {
  const list = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/');
    const version = isIP(address);
    const length = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
    if (version === 0 || !Number.isInteger(length) || length < 0 || length > (version === 4 ? 32 : 128)) {
      throw new TypeError(`${subnet} is not a network like 10.0.0.0/8`);
    }
    const family = version === 4 ? 'ipv4' : 'ipv6';
    list[family].addSubnet(address, length, family);
  }
  return list;
}

/** The IANA registries of special-purpose addresses: nothing in them is a public web server. */
const special = blocks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // of public ones, what tells machines of Azure about themselves
  '168.63.129.16',
  // Hide IPv4 addresses in themselves: compatible, mapped, translated, 6to4, Teredo.
  '::/96',
  '::ffff:0:0/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  '2001::/23',
  '100::/64',
  '100:0:0:1::/64',
  '2001:db8::/32',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);
