// The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B). It is canonical: the lengths tell the codes.
import assert from 'node:assert';

/** Bits of the code of each octet, and of EOS. */
const codeLengths = Uint8Array.from([
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28,
  28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7,
  8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19,
  13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13,
  28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21,
  22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23,
  22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25,
  25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
]);
const endOfString = 256;
const codeBitsMax = 30;
/** Codes of so many bits are found by one look: those of all characters that are frequent. */
const lookBits = 8;

/** Symbols by length of code, then by value: the order of their codes. */
const symbols = Uint16Array.from(codeLengths.keys()).sort(
  (a, b) => (codeLengths[a] ?? 0) - (codeLengths[b] ?? 0) || a - b,
);
const codes = codesOf(symbols);
/** By length of code: what the codes so long are below, and the place in `symbols` of a code 0 so long. */
const codeEnds = new Uint32Array(codeBitsMax + 1);
const codeOffsets = new Int32Array(codeBitsMax + 1);
for (const [place, symbol] of symbols.entries()) {
  const length = codeLengths[symbol] ?? 0;
  const code = codes[symbol] ?? 0;
  codeEnds[length] = code + 1;
  codeOffsets[length] = place - code;
}
/** By the next eight bits: the symbol, and above it the bits of its code; 0 when its code is longer. */
const looks = looksOf();

/** Octets that `length` octets in Huffman code can become at most. */
export function decodedBytesMax(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Decodes `from` from `start` to `end` into `to`, which has room for {@link decodedBytesMax}; the number of octets,
 * or -1 for what is no Huffman code: EOS within it, or padding that is longer than 7 bits or not all ones.
 *
 * Hot path: one look for each octet of the frequent ones, at a position in bits, without a state between octets.
 */
export function decodeHuffman(from: Uint8Array, start: number, end: number, to: Uint8Array): number {
  let written = 0;
  let bit = start * 8;
  const endBit = end * 8;
  const safeBit = endBit - 16;
  while (bit <= safeBit) {
    const octet = bit >> 3;
    const two = ((from[octet] ?? 0) << 8) | (from[octet + 1] ?? 0);
    const look = looks[(two >> (8 - (bit & 7))) & 0xff] ?? 0;
    if (look !== 0) {
      to[written] = look;
      bit += look >> 8;
    } else {
      const found = findCode(from, bit, end);
      const bits = found >> 8;
      if (found === -1 || bits > endBit - bit) return -1;
      to[written] = found;
      bit += bits;
    }
    written += 1;
  }
  while (bit < endBit) {
    const found = findCode(from, bit, end);
    const bits = found >> 8;
    if (found === -1 || bits > endBit - bit) return isPadding(from, bit, endBit) ? written : -1;
    to[written] = found;
    bit += bits;
    written += 1;
  }
  return written;
}

/** Octets that a text of `length` characters can have in Huffman code at most. */
export function encodedBytesMax(length: number): number {
  return Math.ceil((length * codeBitsMax) / 8);
}

/** Writes `text` in Huffman code into `to` from `at`, with room for {@link encodedBytesMax}; its end, or -1 for what is not latin1. */
export function encodeHuffman(text: string, to: Uint8Array, at: number): number {
  let place = at;
  let held = 0;
  let heldBits = 0;
  let seen = 0;
  for (let index = 0; index < text.length; index += 1) {
    const symbol = text.charCodeAt(index);
    seen |= symbol;
    let length = codeLengths[symbol] ?? 0;
    let code = codes[symbol] ?? 0;
    // 7 bits may be held, and 32 fit: the longest codes go in two parts
    if (length > 24) {
      to[place] = (held << (8 - heldBits)) | (code >>> (length - 8 + heldBits));
      place += 1;
      length -= 8 - heldBits;
      code &= (1 << length) - 1;
      held = 0;
      heldBits = 0;
    }
    held = (held << length) | code;
    heldBits += length;
    while (heldBits >= 8) {
      heldBits -= 8;
      to[place] = held >>> heldBits;
      place += 1;
    }
  }
  if (seen > 0xff) return -1;
  if (heldBits === 0) return place;
  to[place] = (held << (8 - heldBits)) | (0xff >> heldBits);
  return place + 1;
}

/** The symbol whose code begins at `bit`, and above it the code's bits; -1 for EOS. Behind the end all bits are one. */
function findCode(from: Uint8Array, bit: number, end: number): number {
  const at = bit >> 3;
  const offset = bit & 7;
  let octets = 0;
  for (let next = at; next < at + 4; next += 1) octets = (octets << 8) | octetAt(from, next, end);
  const window = ((octets << offset) | (octetAt(from, at + 4, end) >> (8 - offset))) >>> (32 - codeBitsMax);
  for (let length = 1; length < codeBitsMax; length += 1) {
    const code = window >>> (codeBitsMax - length);
    if (code < (codeEnds[length] ?? 0))
      return (length << 8) | (symbols[(codeOffsets[length] ?? 0) + code] ?? 0);
  }
  const symbol = symbols[(codeOffsets[codeBitsMax] ?? 0) + window] ?? endOfString;
  return symbol === endOfString ? -1 : (codeBitsMax << 8) | symbol;
}

function octetAt(from: Uint8Array, at: number, end: number): number {
  return at < end ? (from[at] ?? 0xff) : 0xff;
}

/** Whether what is left is padding: the begin of EOS, less than an octet (section 5.2). */
function isPadding(from: Uint8Array, bit: number, endBit: number): boolean {
  const bits = endBit - bit;
  if (bits > 7) return false;
  const ones = (1 << bits) - 1;
  return ((from[bit >> 3] ?? 0) & ones) === ones;
}

function codesOf(ordered: Uint16Array): Uint32Array {
  const codes = new Uint32Array(ordered.length);
  let code = 0;
  let length = 0;
  for (const symbol of ordered) {
    const wanted = codeLengths[symbol] ?? 0;
    code <<= wanted - length;
    length = wanted;
    codes[symbol] = code;
    code += 1;
  }
  assert(code === 2 ** codeBitsMax, 'the lengths make no whole code');
  return codes;
}

function looksOf(): Uint16Array {
  const table = new Uint16Array(1 << lookBits);
  for (const [symbol, length] of codeLengths.entries()) {
    if (length > lookBits) continue;
    const first = (codes[symbol] ?? 0) << (lookBits - length);
    table.fill((length << 8) | symbol, first, first + (1 << (lookBits - length)));
  }
  return table;
}
