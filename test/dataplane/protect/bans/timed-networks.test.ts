// Networks, each until a time of its own, against a search that looks at all of them.
import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimedNetworks, type TimedNetwork } from '#dataplane/protect/bans/timed-networks.ts';
import { oneSpelling } from '#dataplane/http/address.ts';

const octet = fc.constantFrom(0, 1, 127, 128, 255);
const group = fc.constantFrom('0', '1', 'db8', '7fff', '8000', 'ffff');

const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
const ipv6 = fc
  .array(group, { minLength: 7, maxLength: 7 })
  // none of them is IPv4 in the dress of IPv6
  .map((groups) => oneSpelling(['2001', ...groups].join(':')));

const network = fc.oneof(
  fc.tuple(ipv4, fc.constantFrom(0, 1, 8, 15, 24, 31, 32)),
  fc.tuple(ipv6, fc.constantFrom(0, 1, 17, 48, 64, 127, 128)),
);

const timed = fc
  .record({ network, untilMs: fc.nat(3), name: fc.constantFrom('one', 'other') })
  .map(({ network: [address, bits], ...rest }) => ({ ...rest, network: `${address}/${bits}` }));

function holds({ network, untilMs }: TimedNetwork, address: string, nowMs: number): boolean {
  const [base = '', bits] = network.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(bits), base.includes(':') ? 'ipv6' : 'ipv4');
  const isSameFamily = base.includes(':') === address.includes(':');
  return isSameFamily && nowMs < untilMs && list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

test('an address is found in a network that holds it and is not over, and in no other', () => {
  fc.assert(
    fc.property(
      fc.array(timed, { maxLength: 12 }),
      fc.array(fc.oneof(ipv4, ipv6), { minLength: 1, maxLength: 8 }),
      fc.nat(3),
      (networks, addresses, nowMs) => {
        const table = new TimedNetworks(networks);
        for (const address of addresses) {
          const expected = networks.filter((one) => holds(one, address, nowMs));
          const found = table.find(address, nowMs);
          assert.equal(found !== null, expected.length > 0, address);
          if (found !== null) assert.ok(holds(found, address, nowMs));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('of the same network told twice the one that lasts longest holds', () => {
  const table = new TimedNetworks([
    { network: '192.0.2.0/24', untilMs: 20, name: 'long' },
    { network: '192.0.2.0/24', untilMs: 10, name: 'short' },
  ]);
  assert.equal(table.find('192.0.2.7', 15)?.name, 'long');
});
