// Lists of networks as they are written, and as data planes look addresses up in them.
import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addressLines, packed } from '#controller/translate/policies/address-lines.ts';
import { addressWords } from '#dataplane/http/address.ts';
import { networks } from '#dataplane/http/networks.ts';
import { AddressTable } from '#dataplane/protect/address-table.ts';

function tableOf(text: string): AddressTable {
  return new AddressTable(packed([addressLines(text)]));
}

/** Few enough octets that networks meet. */
const octet = fc.constantFrom(0, 1, 10, 127, 128, 192, 255);
const ipv4 = fc.array(octet, { minLength: 4, maxLength: 4 }).map((octets) => octets.join('.'));
const ipv6 = fc
  .array(fc.constantFrom(0, 1, 0x2001, 0xdb8, 0xffff, 0x8000), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'))
  // addresses of IPv4 in the dress of IPv6 are refused as networks
  .filter((address) => !address.startsWith('0:0:0:0:0:ffff'));

function masked(address: string, bits: number): string {
  const isV4 = isIPv4(address);
  const width = isV4 ? 8 : 16;
  const parts = isV4
    ? address.split('.').map(Number)
    : address.split(':').map((one) => Number.parseInt(one, 16));
  const kept = parts.map((part, at) => {
    const left = Math.min(width, Math.max(0, bits - at * width));
    return part & ~((1 << (width - left)) - 1);
  });
  return isV4 ? `${kept.join('.')}/${bits}` : `${kept.map((one) => one.toString(16)).join(':')}/${bits}`;
}

const network = fc.oneof(
  fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map(([address, bits]) => masked(address, bits)),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map(([address, bits]) => masked(address, bits)),
);

describe('a list', () => {
  it('holds the addresses that are in one of its networks, and no others', () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 30 }), fc.oneof(ipv4, ipv6), (listed, address) => {
        assert.deepEqual(addressLines(listed.join('\n')).bad, []);
        const ofFamily = listed.filter((one) => isIPv6(address) === one.includes(':'));
        assert.equal(tableOf(listed.join('\n')).has(addressWords(address)), networks(ofFamily)(address));
      }),
      { numRuns: 2000 },
    );
  });

  it('may have comments, empty lines, blanks and addresses alone', () => {
    const text = '# scanners\r\n\n  192.0.2.7\t# one\n198.51.100.0/24 #two\n2001:DB8::1\n2001:db8:1::/48\n';
    const { bad } = addressLines(text);
    assert.deepEqual(bad, []);
    const table = tableOf(text);
    assert.equal(table.size, 4);
    for (const [address, isIn] of [
      ['192.0.2.7', true],
      ['192.0.2.8', false],
      ['198.51.100.255', true],
      ['198.51.101.0', false],
      ['2001:db8::1', true],
      ['2001:db8::2', false],
      ['2001:db8:1:ffff::', true],
    ] as const)
      assert.equal(table.has(addressWords(address)), isIn, address);
  });

  it('names the lines that are no networks, and holds the others', () => {
    const lines = [
      '192.0.2.1',
      'example.com',
      '192.0.2.1/24',
      '192.0.2.256',
      '10.0.0.0/33',
      '010.0.0.1',
      '10.0.0',
      '10.0.0.0.0',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '2001:db8::/32/32',
      '::ffff:10.0.0.1',
      'fe80::1%eth0',
      '2001:db8::/129',
      '1.2.3.4 5.6.7.8',
      '2001:db8::/32',
    ];
    const { bad, ipv4, ipv6 } = addressLines(lines.join('\n'));
    assert.deepEqual(bad, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    assert.deepEqual([ipv4.length, ipv6.length], [1, 1]);
    assert.equal(addressLines('x\n'.repeat(1000)).bad.length, 100);
  });

  it('of all addresses holds them all', () => {
    const table = tableOf('0.0.0.0/0\n::/0\n10.0.0.0/8');
    assert.equal(table.size, 2);
    assert.ok(table.has(addressWords('255.255.255.255')));
    assert.ok(table.has(addressWords('::')));
  });

  it('that is not what it should be is refused', () => {
    const two = packed([addressLines('10.0.0.0/8\n11.0.0.0/8')]).ipv4;
    const octets = Buffer.from(two, 'base64');
    const swapped = Buffer.concat([octets.subarray(2), octets.subarray(0, 2)]).toString('base64');
    for (const ipv4 of [
      swapped,
      octets.subarray(0, 3).toString('base64'),
      Buffer.from([33, 1, 2, 3, 4, 5]).toString('base64'),
    ])
      assert.throws(() => new AddressTable({ ipv4, ipv6: '' }), RangeError);
  });
});
