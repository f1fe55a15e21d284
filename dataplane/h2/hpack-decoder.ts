import assert from 'node:assert';
import { fieldIn, type FieldName, type HeaderField, nameIn } from './header-field.ts';
import { HpackTable } from './hpack-table.ts';
import { decodedBytesMax, decodeHuffman } from './huffman.ts';
import type { BlockMeaning, RememberedBlocks } from './remembered-blocks.ts';
import { staticFields, staticIndexMax } from './static-table.ts';

/** Malformed: the two ends' tables are no longer the same, a COMPRESSION_ERROR of the connection (RFC 9113 section 4.3). */
export type HpackOutcome = 'Complete' | 'Malformed' | 'TooLarge';

/** Is told the fields of a block in order, also those whose kind is malformed. */
export interface HeaderSink {
  field(field: HeaderField): void;
}

export interface HeaderLimits {
  /** Octets of all names and values, and 32 for each field (RFC 9113 section 6.5.2); each crumb of a cookie counts. */
  readonly listBytesMax: number;
  readonly fieldsMax: number;
}

/** What tables hold before a size is agreed (RFC 9113 section 6.5.2). */
const tableBytes = 4096;
/** Of an integer behind its prefix; so 28 bits. */
const shiftMax = 21;
const noOctets: Buffer = Buffer.alloc(0);

/**
 * Decodes the header blocks of one direction of one connection (RFC 7541).
 *
 * Hot path: what the tables hold has been made and checked when it came, and is told as it is; strings are made of
 * literals alone, straight from the octets unless they are in Huffman code.
 */
export class HpackDecoder {
  readonly #table = new HpackTable(tableBytes);
  readonly #tableBytesMax: number;
  readonly #remembered: RememberedBlocks | null;

  /** The block under way, and the place in it. */
  #block = noOctets;
  #at = 0;
  /** The string just read: octets, of the block or decoded, and where in them. */
  #octets = noOctets;
  #from = 0;
  #to = 0;
  #decoded = noOctets;
  /** Of the block under way: whether it asks for what the table holds, and its fields if they are to be remembered. */
  #asksTable = false;
  #learnt: HeaderField[] | null = null;
  #added = 0;

  /**
   * `tableBytesMax`: what our SETTINGS_HEADER_TABLE_SIZE says; 4,096 at least, which holds until the peer has read it.
   * `remembered`: for the blocks of a peer that repeats itself.
   */
  constructor(tableBytesMax: number, remembered: RememberedBlocks | null = null) {
    assert(tableBytesMax >= tableBytes, 'a table below 4,096 octets');
    this.#tableBytesMax = tableBytesMax;
    this.#remembered = remembered;
  }

  /** Decodes a whole block. Past the limits it decodes on, for the table's sake, and tells no more: TooLarge. */
  decode(block: Buffer, limits: HeaderLimits, to: HeaderSink): HpackOutcome {
    return this.#remembered === null
      ? this.#decode(block, limits, to)
      : this.#recall(block, limits, to, this.#remembered);
  }

  #recall(block: Buffer, limits: HeaderLimits, to: HeaderSink, remembered: RememberedBlocks): HpackOutcome {
    const { changes } = this.#table;
    const known = remembered.find(block, changes);
    if (known !== null && known.meaning !== null && fits(known.meaning, limits)) {
      this.#repeat(known.meaning, to);
      return 'Complete';
    }
    this.#learnt = known === null ? null : [];
    this.#added = 0;
    this.#asksTable = false;
    const outcome = this.#decode(block, limits, to);
    const fields = this.#learnt;
    this.#learnt = null;
    // what asks the table and changes it means something else the next time
    if (outcome !== 'Complete' || (this.#asksTable && this.#table.changes !== changes)) return outcome;
    const meaning = fields === null ? null : { fields, added: this.#added, listBytes: sizeOf(fields) };
    remembered.keep({ octets: block, changes: this.#asksTable ? changes : -1, meaning });
    return outcome;
  }

  #repeat({ fields, added }: BlockMeaning, to: HeaderSink): void {
    let bits = added;
    for (const field of fields) {
      if ((bits & 1) !== 0) this.#table.add(field);
      bits >>>= 1;
      to.field(field);
    }
  }

  #decode(block: Buffer, limits: HeaderLimits, to: HeaderSink): HpackOutcome {
    this.#block = block;
    this.#at = 0;
    const outcome = this.#resize() ? this.#decodeFields(limits, to) : 'Malformed';
    this.#block = noOctets;
    this.#octets = noOctets;
    this.#decoded = noOctets;
    return outcome;
  }

  #decodeFields(limits: HeaderLimits, to: HeaderSink): HpackOutcome {
    let bytesLeft = limits.listBytesMax;
    let fieldsLeft = limits.fieldsMax;
    while (this.#at < this.#block.length) {
      const field = this.#next(this.#block[this.#at] ?? 0);
      if (field === null) return 'Malformed';
      this.#learnt?.push(field);
      bytesLeft -= field.size;
      fieldsLeft -= 1;
      if (bytesLeft >= 0 && fieldsLeft >= 0) to.field(field);
    }
    return bytesLeft >= 0 && fieldsLeft >= 0 ? 'Complete' : 'TooLarge';
  }

  /** Dynamic Table Size Updates, which stand at a block's begin alone (section 6.3). */
  #resize(): boolean {
    while (((this.#block[this.#at] ?? 0) & 0xe0) === 0x20) {
      const bytesMax = this.#integer(0x1f);
      if (bytesMax === -1 || bytesMax > this.#tableBytesMax) return false;
      this.#asksTable = true;
      this.#table.resize(bytesMax);
    }
    return true;
  }

  /** The field whose first octet is given (section 6); null for what is none. */
  #next(octet: number): HeaderField | null {
    if ((octet & 0x80) !== 0) return this.#fieldAt(this.#integer(0x7f));
    if ((octet & 0x40) !== 0) {
      const field = this.#literal(0x3f);
      if (field !== null) this.#add(field);
      return field;
    }
    // without indexing, or never indexed
    return (octet & 0x20) === 0 ? this.#literal(0x0f) : null;
  }

  #add(field: HeaderField): void {
    this.#table.add(field);
    if (this.#learnt !== null) this.#added |= 1 << this.#learnt.length;
  }

  #fieldAt(index: number): HeaderField | null {
    if (index > staticIndexMax) this.#asksTable = true;
    if (index > staticIndexMax) return this.#table.at(index - staticIndexMax - 1);
    return staticFields[index - 1] ?? null;
  }

  #literal(mask: number): HeaderField | null {
    const index = this.#integer(mask);
    let name: FieldName | undefined;
    if (index === 0) {
      if (!this.#string()) return null;
      name = nameIn(this.#octets, this.#from, this.#to);
    } else {
      name = this.#fieldAt(index)?.name;
    }
    if (name === undefined || !this.#string()) return null;
    return fieldIn(name, this.#octets, this.#from, this.#to);
  }

  /** Reads a string (section 5.2); whether there is one. */
  #string(): boolean {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(0x7f);
    const from = this.#at;
    if (length === -1 || length > this.#block.length - from) return false;
    this.#at = from + length;
    if (isHuffman) return this.#decodeHuffman(from, from + length);
    this.#octets = this.#block;
    this.#from = from;
    this.#to = from + length;
    return true;
  }

  /** One memory serves all strings of a block: each is made text before the next is read. */
  #decodeHuffman(from: number, to: number): boolean {
    if (this.#decoded.length === 0)
      this.#decoded = Buffer.allocUnsafe(decodedBytesMax(this.#block.length) + 1);
    this.#octets = this.#decoded;
    this.#from = 0;
    this.#to = decodeHuffman(this.#block, from, to, this.#decoded);
    return this.#to !== -1;
  }

  /** Reads an integer whose prefix has the bits of `mask` (section 5.1); -1 for one that does not end, or is too large. */
  #integer(mask: number): number {
    const block = this.#block;
    let at = this.#at;
    if (at >= block.length) return -1;
    let value = (block[at] ?? 0) & mask;
    at += 1;
    if (value === mask) {
      for (let shift = 0, octet = 0x80; octet >= 0x80; shift += 7) {
        if (at >= block.length || shift > shiftMax) return -1;
        octet = block[at] ?? 0;
        at += 1;
        value += (octet & 0x7f) << shift;
      }
    }
    this.#at = at;
    return value;
  }
}

function fits({ listBytes, fields }: BlockMeaning, { listBytesMax, fieldsMax }: HeaderLimits): boolean {
  return listBytes <= listBytesMax && fields.length <= fieldsMax;
}

function sizeOf(fields: readonly HeaderField[]): number {
  return fields.reduce((sum, { size }) => sum + size, 0);
}
