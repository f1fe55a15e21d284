import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { proxyHeader as read } from '#dataplane/listen/proxy-header.ts';
import { proxyHeader } from '#dataplane/upstream/proxy-header.ts';

describe('a header of the PROXY protocol', () => {
  it('is written as its specification has it', () => {
    const client = { address: '192.0.2.7', port: 51_000 };
    const here = { address: '198.51.100.1', port: 443 };
    assert.equal(
      proxyHeader('V1', client, here).toString('latin1'),
      'PROXY TCP4 192.0.2.7 198.51.100.1 51000 443\r\n',
    );
    assert.equal(
      proxyHeader('V2', client, here).toString('hex'),
      ['0d0a0d0a000d0a515549540a', '2111000c', 'c0000207', 'c6336401', 'c738', '01bb'].join(''),
    );
    assert.equal(
      proxyHeader('V1', { address: '2001:db8::1', port: 1 }, here).toString('latin1'),
      'PROXY TCP6 2001:db8::1 ::ffff:198.51.100.1 1 443\r\n',
    );
    assert.equal(
      proxyHeader('V2', { address: '2001:db8::1', port: 1 }, here).toString('hex'),
      `0d0a0d0a000d0a515549540a2121002420010db8${'0'.repeat(23)}1${'0'.repeat(20)}ffffc6336401000101bb`,
    );
  });

  it('is read by our own listeners as the client it was written for', () => {
    const end = fc.record({
      address: fc.oneof(fc.ipV4(), fc.ipV6()),
      port: fc.integer({ min: 0, max: 65_535 }),
    });
    fc.assert(
      fc.property(fc.constantFrom('V1', 'V2'), end, end, (version, source, destination) => {
        const header = proxyHeader(version, source, destination);
        const found = read(Buffer.concat([header, Buffer.from('data')]));
        assert.ok(typeof found === 'object', header.toString('hex'));
        assert.equal(found.length, header.length);
        const direct = read(proxyHeader('V1', source, source));
        assert.deepEqual(found.source, typeof direct === 'object' ? direct.source : null);
        assert.equal(found.source?.port, source.port);
      }),
    );
  });
});
