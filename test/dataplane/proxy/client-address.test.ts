import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientRules } from '#dataplane/compile/client-rules.ts';
import { Fields } from '#dataplane/http/fields.ts';
import { clientOf } from '#dataplane/proxy/client-address.ts';
import { clientDefaults } from '#snapshot/client-defaults.ts';
import type { ClientAddress } from '#snapshot/client-settings.ts';

const peer = {
  address: '10.0.0.9',
  port: 40_000,
  serverName: 'a.example',
  secure: true,
  tlsVersion: '1.3',
  peer: '10.0.0.9',
  certificate: null,
};

function addressBy(clientAddress: ClientAddress, ...lines: readonly string[]): string {
  const fields = new Fields();
  for (const line of lines) fields.append('x-forwarded-for', line);
  return clientOf(fields, peer, clientRules({ ...clientDefaults, clientAddress }).address).address;
}

describe('the client of a request', () => {
  it('is who opened the connection, whatever it says, and the very same object', () => {
    const fields = new Fields();
    fields.append('x-forwarded-for', '6.6.6.6');
    assert.equal(clientOf(fields, peer, clientRules(clientDefaults).address), peer);
  });

  const hops: readonly [hops: number, lines: readonly string[], address: string][] = [
    [1, ['192.0.2.1'], '192.0.2.1'],
    [1, ['6.6.6.6, 192.0.2.1'], '192.0.2.1'],
    [1, ['6.6.6.6', '192.0.2.1'], '192.0.2.1'],
    [2, ['6.6.6.6, 192.0.2.1, 10.0.0.8'], '192.0.2.1'],
    [2, ['10.0.0.8'], '10.0.0.8'],
    [1, [], '10.0.0.9'],
    [2, ['192.0.2.1, unknown'], '10.0.0.9'],
    [2, ['unknown, 10.0.0.8'], '10.0.0.8'],
    [1, ['192.0.2.1,'], '10.0.0.9'],
    [1, ['192.0.2.1:4711'], '192.0.2.1'],
    [1, ['[2001:DB8::1]:4711'], '2001:db8::1'],
    [1, ['2001:db8:0:0:0:0:0:1'], '2001:db8::1'],
    [1, ['::ffff:192.0.2.1'], '192.0.2.1'],
    [1, ['192.0.2.256'], '10.0.0.9'],
    [1, ['192.0.2.1 6.6.6.6'], '10.0.0.9'],
    [1, ['[192.0.2.1]'], '192.0.2.1'],
    [1, ['fe80::1%eth0'], '10.0.0.9'],
  ];
  for (const [count, lines, address] of hops) {
    it(`with ${count} trusted hops and ${lines.join(' | ') || 'nothing'} is ${address}`, () => {
      assert.equal(addressBy({ kind: 'Hops', hops: count }, ...lines), address);
    });
  }

  const sources: readonly [lines: readonly string[], address: string][] = [
    [['6.6.6.6, 192.0.2.1, 10.0.0.8'], '192.0.2.1'],
    [['10.0.0.7, 10.0.0.8'], '10.0.0.7'],
    [['unknown, 10.0.0.8'], '10.0.0.8'],
    [['192.0.2.1'], '192.0.2.1'],
    [['192.0.2.1, 2001:db8::5'], '192.0.2.1'],
  ];
  const trusted: ClientAddress = { kind: 'Sources', sources: ['10.0.0.0/8', '2001:db8::/32'] };
  for (const [lines, address] of sources) {
    it(`behind known networks and with ${lines.join(' | ')} is ${address}`, () => {
      assert.equal(addressBy(trusted, ...lines), address);
    });
  }

  it('is not what a stranger says', () => {
    assert.equal(addressBy({ kind: 'Sources', sources: ['172.16.0.0/12'] }, '6.6.6.6'), '10.0.0.9');
  });

  it('keeps what the connection says beside its address', () => {
    const fields = new Fields();
    fields.append('x-forwarded-for', '192.0.2.1');
    assert.deepEqual(clientOf(fields, peer, { kind: 'Hops', hops: 1 }), {
      ...peer,
      address: '192.0.2.1',
      port: 0,
    });
  });
});
