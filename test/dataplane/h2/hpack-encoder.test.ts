import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fields } from '#dataplane/http/fields.ts';
import { HpackDecoder } from '#dataplane/h2/hpack-decoder.ts';
import { HpackEncoder } from '#dataplane/h2/hpack-encoder.ts';
import { decoded, hex, type Line } from './hpack-given.ts';

const latin1 = fc.string({ unit: fc.nat(255).map((octet) => String.fromCharCode(octet)), maxLength: 300 });
/** What is mostly sent: shorter in Huffman code. */
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 300 });
const name = fc.oneof(
  fc.constantFrom('accept', 'cookie', 'via', 'x'),
  ascii.map((text) => `x${text}`),
);
const line: fc.Arbitrary<Line> = fc.tuple(name, fc.oneof(latin1, ascii));

function encoded(...lines: Line[]): Buffer {
  const encoder = new HpackEncoder();
  for (const [name, value] of lines) encoder.field(name, value);
  return encoder.take();
}

describe('what is encoded', () => {
  it('is decoded as the same fields, whatever the octets', () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(4096);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        for (const [name, value] of lines) encoder.field(name, value);
        assert.deepEqual(decoded(decoder, encoder.take()), lines);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is decoded as the same at every length that its integers change at', () => {
    for (const length of [0, 1, 126, 127, 128, 254, 255, 256, 16_510, 16_511, 16_512, 70_000]) {
      for (const octet of ['a', '~', '\u00ff']) {
        const lines: Line[] = [['x', octet.repeat(length)]];
        assert.deepEqual(decoded(new HpackDecoder(4096), encoded(...lines)), lines);
      }
    }
  });

  it('is the same for each octet alone, in Huffman code or not', () => {
    for (let octet = 0; octet < 256; octet += 1) {
      // the zeros are short enough for the whole to be shorter in Huffman code
      const value = String.fromCharCode(octet) + '0'.repeat(20);
      const block = encoded(['x', value]);
      assert.ok(((block[3] ?? 0) & 0x80) !== 0, `octet ${octet} is not in Huffman code`);
      assert.deepEqual(decoded(new HpackDecoder(4096), block), [['x', value]]);
    }
  });

  it('depends on the content only', () => {
    const lines: Line[] = [
      ['x-a', 'b'],
      ['cookie', 'a=b'],
    ];
    const encoder = new HpackEncoder();
    for (const [name, value] of lines) encoder.field(name, value);
    const first = encoder.take();
    const kept = Buffer.from(first);
    encoder.field('other', 'field');
    encoder.take();
    for (const [name, value] of lines) encoder.field(name, value);
    assert.deepEqual(encoder.take(), kept);
    assert.deepEqual(first, kept, 'a block handed out has been overwritten');
    assert.deepEqual(encoder.take(), Buffer.alloc(0));
  });
});

describe('what the static table has', () => {
  const statusOf = (status: number): Buffer => {
    const encoder = new HpackEncoder();
    encoder.status(status);
    return encoder.take();
  };
  const pseudo = (name: string, value: string): Buffer => {
    const encoder = new HpackEncoder();
    encoder.pseudo(name, value);
    return encoder.take();
  };

  it('is one octet', () => {
    assert.deepEqual(statusOf(200), hex('88'));
    assert.deepEqual(statusOf(500), hex('8e'));
    assert.deepEqual(pseudo(':method', 'GET'), hex('82'));
    assert.deepEqual(pseudo(':path', '/'), hex('84'));
    assert.deepEqual(pseudo(':scheme', 'https'), hex('87'));
  });

  it('lends its names', () => {
    assert.deepEqual(statusOf(999), hex('08 03 393939'));
    for (const status of [100, 103, 201, 206, 302, 404, 503, 999])
      assert.deepEqual(decoded(new HpackDecoder(4096), statusOf(status)), [[':status', `${status}`]]);
    assert.deepEqual(pseudo(':path', '/~'), hex('04 02 2f7e'));
    assert.deepEqual(encoded(['via', '~']), hex('0f2d 017e'));
    assert.deepEqual(encoded(['~', '~']), hex('00 017e 017e'));
  });
});

it('secrets are never indexed', () => {
  for (const name of ['authorization', 'cookie', 'proxy-authorization', 'set-cookie']) {
    const block = encoded([name, 'x']);
    assert.equal((block[0] ?? 0) & 0xf0, 0x10, name);
    assert.deepEqual(decoded(new HpackDecoder(4096), block), [[name, 'x']]);
  }
});

it('all lines of a message go in order', () => {
  const fields = new Fields();
  fields.append('x-b', '1', 'X-B');
  fields.append('x-a', '');
  fields.append('x-b', 'a\u00e9');
  const encoder = new HpackEncoder();
  encoder.status(200);
  encoder.fields(fields);
  assert.deepEqual(decoded(new HpackDecoder(4096), encoder.take()), [
    [':status', '200'],
    ['x-b', '1'],
    ['x-a', ''],
    ['x-b', 'a\u00e9'],
  ]);
});

it('text that is not latin1 throws, and leaves nothing for the next', () => {
  const encoder = new HpackEncoder();
  // cut to octets these would be a line feed, and EOS of the Huffman code
  for (const wrong of ['\u010a', 'a'.repeat(50) + '\u0100']) {
    encoder.field('x', 'y');
    assert.throws(() => encoder.field('x', wrong), /latin1/u);
    assert.throws(() => encoder.field(wrong, 'x'), /latin1/u);
    encoder.status(200);
    assert.deepEqual(encoder.take(), hex('88'));
  }
});
