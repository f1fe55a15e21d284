import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { decodedBytesMax, decodeHuffman, encodedBytesMax, encodeHuffman } from '#dataplane/h2/huffman.ts';

function encode(text: string): Buffer {
  const octets = Buffer.alloc(encodedBytesMax(text.length) + 2, 0xaa);
  const end = encodeHuffman(text, octets, 1);
  assert.ok(end <= octets.length - 1, 'more than there can be');
  assert.ok(
    octets.subarray(end).every((octet) => octet === 0xaa),
    'something is written behind the end',
  );
  return octets.subarray(1, end);
}

/** Decodes `octets` that stand among others, which must not matter. */
function decode(octets: Buffer, around: number): string | null {
  const edge = Buffer.alloc(6, around);
  const to = Buffer.alloc(decodedBytesMax(octets.length) + 1, 0xaa);
  const length = decodeHuffman(Buffer.concat([edge, octets, edge]), 6, 6 + octets.length, to);
  assert.equal(to.at(-1), 0xaa, 'nothing is written behind the most there can be');
  return length === -1 ? null : to.toString('latin1', 0, length);
}

const text = fc.oneof(
  fc.string({ unit: fc.nat(255).map((octet) => String.fromCharCode(octet)), maxLength: 60 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
);

it('what is encoded is decoded as the same', () => {
  fc.assert(
    fc.property(text, (text) => {
      const octets = encode(text);
      assert.equal(decode(octets, 0), text);
      assert.equal(decode(octets, 0xff), text);
    }),
    { numRuns: 3_000 },
  );
});

it('what is decoded is encoded as the same: no two strings of octets are one text', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5 }), (octets) => {
      const text = decode(Buffer.from(octets), 0xff);
      if (text === null) return;
      accepted += 1;
      assert.deepEqual(encode(text), Buffer.from(octets));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(accepted > 500, `only ${accepted} were Huffman code`);
});

it('a code that is cut is none, unless what is left of it is padding', () => {
  for (let octet = 0; octet < 256; octet += 1) {
    const whole = encode(`00${String.fromCharCode(octet)}`);
    for (let length = 2; length < whole.length; length += 1) {
      const cut = decode(whole.subarray(0, length), 0xff);
      assert.ok(cut === null || `00${String.fromCharCode(octet)}`.startsWith(cut));
    }
  }
});

it('EOS is refused wherever it stands', () => {
  const eos = Buffer.from('ffffffff', 'hex');
  assert.equal(decode(eos, 0), null);
  for (let before = 0; before < 16; before += 1) {
    const bits = '00000'.repeat(before) + '1'.repeat(30) + '00000'.repeat(before);
    const padded = bits + '1'.repeat((8 - (bits.length % 8)) % 8);
    const octets = Buffer.from(padded.match(/.{8}/gu)?.map((octet) => Number.parseInt(octet, 2)) ?? []);
    assert.equal(decode(octets, 0), null, `behind ${before} zeros`);
  }
});

it('text that is not latin1 has no code', () => {
  for (const text of ['\u0100', 'a\u010a', '\u0100a', 'a\ud83d\ude00'])
    assert.equal(encodeHuffman(text, Buffer.alloc(100), 0), -1);
});
