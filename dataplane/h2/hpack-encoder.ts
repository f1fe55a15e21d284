import assert from 'node:assert';
import type { Fields } from '#dataplane/http/fields.ts';
import { encodedBytesMax, encodeHuffman } from './huffman.ts';
import { literalBytesMax, RememberedLiterals } from './remembered-literals.ts';
import { staticTexts } from './static-table.ts';

/** Of a line: colon, space, CR LF. */
const lineOverhead = 4;

/** First octets of representations (RFC 7541 section 6). */
const indexed = 0x80;
const withoutIndexing = 0x00;
const neverIndexed = 0x10;
const huffman = 0x80;
/** Memory at first. */
const bytesMin = 1024;
/** Memory that is kept from one block to the next. */
const bytesKept = 16_384;
/** What a field counts for beside its octets. */
const fieldOverhead = 32;
const statusListBytes = ':status200'.length + fieldOverhead;
/** Of integers up to 2^28: first octets and lengths. */
const integerBytesMax = 5;

/** What others must not learn by guessing: a peer that sends it on leaves it out of tables (section 7.1.3). */
const secretNames: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
]);

/** By name: its first index in the static table, and above it the representation. */
const literals: ReadonlyMap<string, number> = new Map(
  staticTexts
    .map(([name], at): [string, number] => [
      name,
      ((secretNames.has(name) ? neverIndexed : withoutIndexing) << 8) | (at + 1),
    ])
    .reverse(),
);

/** By value: name and index of the pseudo-header fields that the static table has whole. */
const wholes: ReadonlyMap<string, readonly [name: string, index: number]> = new Map(
  staticTexts
    .map(([name, value], at): [string, [string, number]] => [value, [name, at + 1]])
    .filter(([value, [name]]) => value !== '' && name.startsWith(':')),
);

/** By status: its index in the static table, or undefined. */
const statuses: ReadonlyMap<number, number> = new Map(
  [200, 204, 206, 304, 400, 404, 500].map((status, at): [number, number] => [status, at + 8]),
);

/**
 * Encodes header blocks (RFC 7541) with the static table and literals alone, so a block depends on nothing but its
 * content: it may be kept and sent again, on any connection, and one encoder serves all connections. A connection
 * whose peer has made its table smaller than 4,096 octets is to be told: see `FrameWriter.sayNoTable`.
 */
export class HpackEncoder {
  /** The list of the block taken last, as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113 section 6.5.2). */
  listBytes = 0;

  readonly #remembered = new RememberedLiterals();
  #memory = Buffer.allocUnsafeSlow(bytesMin);
  #size = 0;
  #list = 0;

  /** The status of an answer, 100 to 999. */
  status(status: number): void {
    const index = statuses.get(status);
    this.#reserve(8);
    if (index === undefined) return this.#literal(':status', `${status}`);
    this.#list += statusListBytes;
    this.#octet(indexed | index);
  }

  /** A pseudo-header field; all of them come before {@link field}. */
  pseudo(name: string, value: string): void {
    const whole = wholes.get(value);
    const isWhole = whole?.[0] === name;
    if (isWhole) {
      this.#reserve(1);
      this.#octet(indexed | whole[1]);
    }
    if (isWhole || this.#recall(name, value)) {
      this.#list += name.length + value.length + fieldOverhead;
      return;
    }
    const start = this.#size;
    this.#literal(name, value);
    this.#remembered.note(name, value, this.#memory.subarray(start, this.#size));
  }

  /** A field; `name` in lower case. */
  field(name: string, value: string): void {
    this.#literal(name, value);
  }

  /** A line of `fields`. */
  line(fields: Fields, at: number): void {
    const name = fields.nameAt(at);
    const line = fields.lineAt(at);
    if (this.#recall(name, line)) {
      this.#list += line.length - lineOverhead + fieldOverhead;
      return;
    }
    const start = this.#size;
    this.#literal(name, fields.valueAt(at));
    if (!secretNames.has(name)) this.#remembered.note(name, line, this.#memory.subarray(start, this.#size));
  }

  /** All lines in order. */
  fields(fields: Fields): void {
    const { size } = fields;
    for (let at = 0; at < size; at += 1) this.line(fields, at);
  }

  /** The block of what came since the last; the caller's own. */
  take(): Buffer {
    const block = Buffer.allocUnsafe(this.#size);
    this.#memory.copy(block, 0, 0, this.#size);
    this.#size = 0;
    this.listBytes = this.#list;
    this.#list = 0;
    if (this.#memory.length > bytesKept) this.#memory = Buffer.allocUnsafeSlow(bytesMin);
    return block;
  }

  #recall(name: string, text: string): boolean {
    this.#reserve(literalBytesMax);
    const octets = this.#remembered.copy(name, text, this.#memory, this.#size);
    this.#size += octets;
    return octets > 0;
  }

  #literal(name: string, value: string): void {
    this.#list += name.length + value.length + fieldOverhead;
    this.#reserve(integerBytesMax);
    const known = literals.get(name);
    if (known === undefined) {
      this.#octet(withoutIndexing);
      this.#string(name);
    } else {
      this.#integer(known & 0xff, 0x0f, known >> 8);
    }
    this.#string(value);
  }

  /**
   * Section 5.2; in Huffman code when that is shorter, as it mostly is: so it is tried at once, behind one octet for
   * its length. Throws for what is not latin1: it would be cut to other octets.
   */
  #string(text: string): void {
    const { length } = text;
    this.#reserve(encodedBytesMax(length) + integerBytesMax);
    const start = this.#size;
    const end = encodeHuffman(text, this.#memory, start + 1);
    if (end === -1) {
      this.#size = 0;
      this.#list = 0;
      assert.fail('a field that is not latin1');
    }
    const coded = end - start - 1;
    if (coded >= length) {
      this.#integer(length, 0x7f, 0);
      this.#size += this.#memory.write(text, this.#size, 'latin1');
      return;
    }
    if (coded >= 0x7f) return this.#longString(start, end);
    this.#octet(huffman | coded);
    this.#size = end;
  }

  /** Makes room for the length of what stands from one octet behind `start` to `end`. */
  #longString(start: number, end: number): void {
    const coded = end - start - 1;
    const memory = this.#memory;
    memory.copyWithin(start + integerBytesMax, start + 1, end);
    this.#integer(coded, 0x7f, huffman);
    memory.copyWithin(this.#size, start + integerBytesMax, start + integerBytesMax + coded);
    this.#size += coded;
  }

  /** Section 5.1: `mask` is the prefix, `first` what stands before it. */
  #integer(value: number, mask: number, first: number): void {
    if (value < mask) return this.#octet(first | value);
    this.#octet(first | mask);
    let rest = value - mask;
    while (rest >= 0x80) {
      this.#octet(0x80 | (rest & 0x7f));
      rest >>>= 7;
    }
    this.#octet(rest);
  }

  #octet(octet: number): void {
    this.#memory[this.#size] = octet;
    this.#size += 1;
  }

  #reserve(bytes: number): void {
    const size = this.#size + bytes;
    if (size <= this.#memory.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(size, this.#memory.length * 2));
    this.#memory.copy(larger, 0, 0, this.#size);
    this.#memory = larger;
  }
}
