import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { nameCodes } from '#dataplane/http/known-names.ts';

const scanner = new HeadScanner({ bytesMax: 8_192, fieldsMax: 100, underscores: 'Pass' });

/** The one field line's name as the scanner tells it: lower case, as received, and its number. */
function scanName(name: string): { lower: string; received: string; code: number } {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${name}: value\r\n\r\n`, 'latin1');
  assert.equal(scanner.scanHead(bytes, 0), 'Complete');
  const [lower = '', line = ''] = scanner.fieldsOf(scanner.text(bytes)).flat;
  return { lower, received: line.slice(0, line.indexOf(':')), code: scanner.codeAt(0) };
}

const framing = {
  host: nameCodes.host,
  'content-length': nameCodes.contentLength,
  'transfer-encoding': nameCodes.transferEncoding,
  connection: nameCodes.connection,
  upgrade: nameCodes.upgrade,
  expect: nameCodes.expect,
  'keep-alive': nameCodes.keepAlive,
} as const;

describe('names of fields', () => {
  it('are told in lower case and as received, however they are spelled', () => {
    const token = fc.string({
      unit: fc.constantFrom(...'AaCcEeHhNnOoPpRrTt-_^~!09'.split('')),
      minLength: 1,
      maxLength: 30,
    });
    const usual = fc.constantFrom('User-Agent', 'ETag', 'WWW-Authenticate', 'TE', 'x-request-id', 'DATE');
    fc.assert(
      fc.property(fc.oneof(token, usual, respelled(fc.constantFrom(...Object.keys(framing)))), (name) => {
        const found = scanName(name);
        assert.equal(found.received, name);
        assert.equal(found.lower, name.toLowerCase());
      }),
    );
  });

  it('that decide on framing are known in every spelling', () => {
    for (const [name, code] of Object.entries(framing)) {
      fc.assert(
        fc.property(respelled(fc.constant(name)), (spelling) => {
          assert.equal(scanName(spelling).code, code);
        }),
      );
    }
  });

  it('that differ from a known one in any octet are not taken for it', () => {
    for (const name of Object.keys(framing)) {
      for (let at = 0; at < name.length; at += 1) {
        for (const octet of ['!', '^', '~', '0', 'q', 'Q', '_']) {
          const other = `${name.slice(0, at)}${octet}${name.slice(at + 1)}`;
          assert.equal(scanName(other).code, nameCodes.unknown, other);
        }
      }
    }
  });
});

/** A name with each letter in either case. */
function respelled(names: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(names, fc.array(fc.boolean(), { minLength: 17, maxLength: 17 }))
    .map(([name, upper]) =>
      Array.from(name, (letter, at) => (upper[at] === true ? letter.toUpperCase() : letter)).join(''),
    );
}
