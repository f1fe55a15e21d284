// What a decoder remembers of a peer means what it meant when it came, or is decoded anew.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from '#dataplane/h2/hpack-decoder.ts';
import { RememberedBlocks } from '#dataplane/h2/remembered-blocks.ts';
import { decoded, decodedWithin, hex, type Line } from './hpack-given.ts';

const given = (): HpackDecoder => new HpackDecoder(4096, new RememberedBlocks());

/** The field objects that a decoder tells: the same ones when it has not made them anew. */
function told(decoder: HpackDecoder, block: Buffer): object[] {
  const fields: object[] = [];
  decoder.decode(
    block,
    { listBytesMax: Infinity, fieldsMax: Infinity },
    { field: (field) => void fields.push(field) },
  );
  return fields;
}

describe('a block that a decoder remembers', () => {
  const block = hex('88 0f0d 0135 00 0178 0379 7a61');

  it('is not decoded a third time', () => {
    const decoder = given();
    const first = told(decoder, block);
    const second = told(decoder, block);
    assert.notEqual(second[2], first[2]);
    assert.deepEqual(told(decoder, Buffer.from(block)), second);
    assert.equal(told(decoder, block)[2], second[2]);
  });

  it('is remembered by its octets, which may be overwritten', () => {
    const decoder = given();
    const lent = Buffer.from(block);
    for (let time = 0; time < 3; time += 1) told(decoder, lent);
    lent[lent.length - 1] = 0x62;
    assert.deepEqual(decoded(decoder, lent)[2], ['x', 'yzb']);
  });

  it('means something else once the table is another', () => {
    const decoder = given();
    decoded(decoder, hex('40 0161 0131'));
    const reference = hex('be');
    for (let time = 0; time < 3; time += 1) assert.deepEqual(decoded(decoder, reference), [['a', '1']]);
    decoded(decoder, hex('40 0161 0132'));
    assert.deepEqual(decoded(decoder, reference), [['a', '2']]);
    decoded(decoder, hex('20'));
    assert.equal(decoded(decoder, reference), 'Malformed');
  });

  it('changes the table each time that it says so', () => {
    const decoder = given();
    for (let time = 0; time < 4; time += 1) decoded(decoder, hex('40 0161 0131'));
    assert.deepEqual(
      decoded(decoder, hex('be bf c0 c1')),
      Array.from({ length: 4 }, () => ['a', '1']),
    );
  });

  it('is too large for limits that it was not too large for before', () => {
    const decoder = given();
    for (let time = 0; time < 3; time += 1) told(decoder, block);
    const few = decodedWithin(decoder, block, { listBytesMax: Infinity, fieldsMax: 2 });
    const short = decodedWithin(decoder, block, { listBytesMax: 100, fieldsMax: Infinity });
    assert.deepEqual([few.outcome, few.fields.length], ['TooLarge', 2]);
    assert.deepEqual([short.outcome, short.fields.length], ['TooLarge', 2]);
  });
});

it('a decoder that remembers says what one says that does not, whatever comes', () => {
  const pieces = fc.constantFrom(
    '82',
    '88',
    'be',
    'bf',
    '40 0161 0131',
    '40 0162 0132',
    '00 0163 0133',
    '20',
    '3f e1 1f',
  );
  const blocks = fc.array(fc.array(pieces, { maxLength: 3 }), { maxLength: 60 });
  fc.assert(
    fc.property(blocks, (list) => {
      const [one, other] = [given(), new HpackDecoder(4096)];
      for (const parts of list) {
        const octets = hex(parts.join(''));
        const expected: Line[] | string = decoded(other, octets);
        assert.deepEqual(decoded(one, octets), expected);
        if (expected === 'Malformed') return;
      }
    }),
    { numRuns: 500 },
  );
});
