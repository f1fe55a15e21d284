// Header blocks of all forms that HPACK has, mostly right.
import fc from 'fast-check';
import { encodedBytesMax, encodeHuffman } from '#dataplane/h2/huffman.ts';

/** An integer (RFC 7541 section 5.1); `first` is what stands before its prefix of `bits`. */
function integer(value: number, bits: number, first: number): number[] {
  const mask = (1 << bits) - 1;
  if (value < mask) return [first | value];
  const octets = [first | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest >>= 7) octets.push((rest & 0x7f) | 0x80);
  return [...octets, rest];
}

function text(value: string, isHuffman: boolean): number[] {
  if (!isHuffman) return [...integer(value.length, 7, 0), ...Buffer.from(value, 'latin1')];
  const room = Buffer.alloc(encodedBytesMax(value.length));
  const octets = room.subarray(0, encodeHuffman(value, room, 0));
  return [...integer(octets.length, 7, 0x80), ...octets];
}

const octet = fc.nat(255).map((value) => String.fromCharCode(value));
const value = fc.oneof(
  fc.constantFrom('', 'a', 'trailers', 'text/html; q=1', '/', 'GET', '200', '0'),
  fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
  fc.string({ unit: octet, maxLength: 12 }),
  fc.nat(3000).map((length) => 'x'.repeat(length)),
);
const name = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('accept', 'x-a', 'x-b', 'cookie', 'grpc-status', 'via', 'te') },
  { weight: 2, arbitrary: fc.constantFrom('connection', 'X-A', '', 'x_y', ':path', ':test', 'host') },
  { weight: 1, arbitrary: fc.string({ unit: octet, maxLength: 5 }) },
);
/** Mostly what one of the two tables has. */
const index = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(15, 16, 17, 19, 23, 25, 31, 32, 33, 46, 51, 55, 58, 60, 61) },
  { weight: 20, arbitrary: fc.integer({ min: 62, max: 66 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 140 }) },
);
const forms = [
  { bits: 6, first: 0x40 },
  { bits: 4, first: 0x00 },
  { bits: 4, first: 0x10 },
] as const;
const form = fc.constantFrom(forms[0], ...forms);

const literal = fc
  .record({ form, name, value, huffman: fc.tuple(fc.boolean(), fc.boolean()) })
  .map(({ form: { first }, name, value, huffman: [ofName, ofValue] }) => [
    first,
    ...text(name, ofName),
    ...text(value, ofValue),
  ]);
const namedByIndex = fc
  .record({ form, index, value, isHuffman: fc.boolean() })
  .map(({ form: { bits, first }, index, value, isHuffman }) => [
    ...integer(index, bits, first),
    ...text(value, isHuffman),
  ]);
const indexed = index.map((index) => integer(index, 7, 0x80));
const resize = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(300, 1000, 4096) },
    { weight: 1, arbitrary: fc.constantFrom(0, 40, 100, 4097) },
  )
  .map((size) => integer(size, 5, 0x20));
const field = fc.oneof(
  { weight: 4, arbitrary: literal },
  { weight: 3, arbitrary: namedByIndex },
  { weight: 3, arbitrary: indexed },
);
const start = fc.constantFrom(
  [0x82, 0x86, 0x84],
  [0x83, 0x87, 0x85],
  [0x82, 0x87, 0x84, 0x41, ...text('a.example', true)],
  [0x82, 0x87, 0x84, 0x01, ...text('a.example', false)],
);
const block = fc
  .record({
    resizes: fc.oneof(fc.constant([]), fc.array(resize, { maxLength: 2 })),
    start,
    fields: fc.array(field, { maxLength: 6 }),
  })
  .map(({ resizes, start, fields }) => Buffer.from([...resizes.flat(), ...start, ...fields.flat()]));

/** An octet more, fewer, or another. */
const spoil = fc.record({ at: fc.nat(), by: fc.nat(255), over: fc.nat(1), into: fc.nat(1) });

const spoilt = fc
  .record({ block, spoils: fc.array(spoil, { minLength: 1, maxLength: 2 }) })
  .map(({ block, spoils }) =>
    spoils.reduce((octets, { at, by, over, into }) => {
      const place = at % (octets.length + 1);
      return Buffer.concat([
        octets.subarray(0, place),
        Buffer.alloc(into, by),
        octets.subarray(place + over),
      ]);
    }, block),
  );

/** Fills the dynamic table, that there be something to refer to. */
const first = Buffer.from([
  0x82,
  0x86,
  0x84,
  0x01,
  ...text('a.example', true),
  ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].flatMap((name) => [
    0x40,
    ...text(name, false),
    ...text(name, true),
  ]),
]);

/** Header blocks of one connection, of which some are spoilt. */
export const blocks: fc.Arbitrary<Buffer[]> = fc
  .array(fc.oneof({ weight: 6, arbitrary: block }, { weight: 1, arbitrary: spoilt }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((others) => [first, ...others]);
