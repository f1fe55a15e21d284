import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { proxyHeader, proxyHeaderBytesMax } from '#dataplane/listen/proxy-header.ts';

const text = (line: string): Buffer => Buffer.from(line, 'latin1');
const signature = '0d0a0d0a000d0a515549540a';

/** A header of version 2. */
function binary(command: number, family: number, addresses: Buffer, declared = addresses.length): Buffer {
  const head = Buffer.from([command, family, declared >> 8, declared & 255]);
  return Buffer.concat([Buffer.from(signature, 'hex'), head, addresses]);
}

const overIpv4 = Buffer.from('c0000201c633640704d201bb', 'hex');
const overIpv6 = Buffer.from(`20010db8${'00'.repeat(11)}01${'00'.repeat(15)}0204d201bb`, 'hex');
const mapped = Buffer.from(`${'00'.repeat(10)}ffffc0000201${'00'.repeat(16)}04d201bb`, 'hex');
const ipv4 = { address: '192.0.2.1', port: 1234 };
const ipv6 = { address: '2001:db8::1', port: 1234 };
const additions = Buffer.from('0400020000', 'hex');

const good: Readonly<Record<string, readonly [bytes: Buffer, source: object | null]>> = {
  'version 1, TCP4': [text('PROXY TCP4 192.0.2.1 198.51.100.7 1234 443\r\n'), ipv4],
  'version 1, TCP6': [text('PROXY TCP6 2001:DB8:0:0::1 ::2 1234 443\r\n'), ipv6],
  'version 1, an IPv4 address as IPv6': [text('PROXY TCP6 ::ffff:c000:0201 ::2 1234 443\r\n'), ipv4],
  'version 1, port 0': [text('PROXY TCP4 1.2.3.4 1.2.3.4 0 0\r\n'), { address: '1.2.3.4', port: 0 }],
  'version 1, the longest': [text(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), null],
  'version 1, UNKNOWN': [text('PROXY UNKNOWN\r\n'), null],
  'version 1, UNKNOWN with something behind': [text('PROXY UNKNOWN ::1 \0 x y z\r\n'), null],
  'version 2, TCP over IPv4': [binary(0x21, 0x11, overIpv4), ipv4],
  'version 2, TCP over IPv6': [binary(0x21, 0x21, overIpv6), ipv6],
  'version 2, an IPv4 address as IPv6': [binary(0x21, 0x21, mapped), ipv4],
  'version 2, with additions': [binary(0x21, 0x11, Buffer.concat([overIpv4, additions])), ipv4],
  'version 2, LOCAL': [binary(0x20, 0x00, Buffer.alloc(0)), null],
  'version 2, LOCAL with addresses': [binary(0x20, 0x11, overIpv4), null],
  'version 2, no family': [binary(0x21, 0x00, additions), null],
  'version 2, UDP': [binary(0x21, 0x12, overIpv4), null],
  'version 2, a Unix socket': [binary(0x21, 0x31, Buffer.alloc(216)), null],
  'version 2, the longest': [
    binary(0x21, 0x11, Buffer.concat([overIpv4, Buffer.alloc(proxyHeaderBytesMax - 28)])),
    ipv4,
  ],
};

describe('a header', () => {
  for (const [what, [bytes, source]] of Object.entries(good)) {
    it(`(${what}) is read, whatever follows it and wherever it is cut`, () => {
      const header = { kind: 'Header', source, length: bytes.length };
      assert.deepEqual(proxyHeader(bytes), header);
      assert.deepEqual(proxyHeader(Buffer.concat([bytes, text('GET / HTTP/1.1\r\n\r\n')])), header);
      for (let length = 0; length < bytes.length; length += 1) {
        assert.equal(proxyHeader(bytes.subarray(0, length)), 'Incomplete', `of ${length} octets`);
      }
    });
  }
});

describe('octets that begin as a header and go on as none', () => {
  const cases: Readonly<Record<string, Buffer>> = {
    'another protocol': text('PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n'),
    'no protocol': text('PROXY \r\n'),
    'lower case': text('PROXY tcp4 1.2.3.4 1.2.3.4 1 1\r\n'),
    'an address of the other family': text('PROXY TCP4 ::1 ::1 1 1\r\n'),
    'a destination of the other family': text('PROXY TCP6 ::1 1.2.3.4 1 1\r\n'),
    'an octal address': text('PROXY TCP4 010.2.3.4 1.2.3.4 1 1\r\n'),
    'an address with a zone': text('PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n'),
    'a name': text('PROXY TCP4 localhost localhost 1 1\r\n'),
    'a port with a sign': text('PROXY TCP4 1.2.3.4 1.2.3.4 +1 1\r\n'),
    'a port with a zero before it': text('PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n'),
    'a port too large': text('PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n'),
    'no ports': text('PROXY TCP4 1.2.3.4 1.2.3.4\r\n'),
    'two blanks': text('PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n'),
    'something behind': text('PROXY TCP4 1.2.3.4 1.2.3.4 1 1 x\r\n'),
    'a bare CR in it': text('PROXY TCP4 1.2.3.4 1.2.3.4 1 1\rX\r\n'),
    'no line end in 107 octets': text(`PROXY UNKNOWN ${'f'.repeat(93)}`),
    'a bare LF': text(`PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n${'x'.repeat(107)}`),
    'another version': binary(0x11, 0x11, overIpv4),
    'another version, of 13 octets': Buffer.from(`${signature}31`, 'hex'),
    'another command': binary(0x22, 0x11, overIpv4),
    'another family': binary(0x21, 0x41, overIpv4),
    'another transport': binary(0x21, 0x13, overIpv4),
    'too few octets of addresses': binary(0x21, 0x21, overIpv4),
    'none of its addresses': binary(0x21, 0x11, Buffer.alloc(0)),
    'too many octets': binary(0x21, 0x11, overIpv4, proxyHeaderBytesMax - 15),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    it(`(${what}) are malformed`, () => assert.equal(proxyHeader(bytes), 'Malformed'));
  }
});

describe('other octets', () => {
  const cases = [
    'G',
    'PO',
    'PRI * HTTP/2.0',
    'proxy ',
    '\r\nG',
    '\r\n\r\n\0\r\nQUIT\r',
    '\x16\x03\x01',
    '\0',
  ];
  for (const octets of cases) {
    it(`(${JSON.stringify(octets)}) are no header`, () => assert.equal(proxyHeader(text(octets)), 'None'));
  }

  it('are never worse than that', () => {
    const start = fc.constantFrom(text('PROXY TCP4 '), Buffer.from(signature, 'hex'), Buffer.alloc(0));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (before, after) => {
        const told = proxyHeader(Buffer.concat([before, after]));
        assert.ok(typeof told === 'string' || told.length <= before.length + after.length);
      }),
      { numRuns: 5_000 },
    );
  });
});
