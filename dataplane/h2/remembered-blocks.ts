import type { HeaderField } from './header-field.ts';

/** The longest block that is remembered, the most fields of one, and how many of a connection's are. */
const blockBytesMax = 512;
const fieldsMax = 30;
const blocksMax = 8;

/** What a block means. */
export interface BlockMeaning {
  readonly fields: readonly HeaderField[];
  /** Which of the fields it adds to the table: bit n for the n-th. */
  readonly added: number;
  /** What the fields count for in a list (RFC 9113 section 6.5.2). */
  readonly listBytes: number;
}

/** A block that came before. */
export interface RememberedBlock {
  readonly octets: Buffer;
  /** How often the table had changed when it came; -1 when it asks nothing of the table and always means the same. */
  readonly changes: number;
  /** Null when it has come once: what nobody repeats is not worth its fields. */
  readonly meaning: BlockMeaning | null;
}

/**
 * The last blocks of a connection.
 *
 * Hot path: a backend says the same over and over, in blocks that differ once a second by their date. Comparing one
 * costs a tenth of decoding it, and its fields are strings that need not be made again.
 */
export class RememberedBlocks {
  readonly #blocks: (RememberedBlock | undefined)[] = [];

  /** The block of these octets, if they mean what they meant. */
  find(octets: Buffer, changes: number): RememberedBlock | null {
    const block = this.#blocks[placeOf(octets)];
    if (block === undefined || (block.changes !== -1 && block.changes !== changes)) return null;
    return block.octets.equals(octets) ? block : null;
  }

  /** Remembers a block whose octets may be overwritten. */
  keep(block: RememberedBlock): void {
    const { octets, meaning } = block;
    if (octets.length > blockBytesMax || (meaning?.fields.length ?? 0) > fieldsMax) return;
    this.#blocks[placeOf(octets)] = { ...block, octets: Buffer.from(octets) };
  }
}

/** The first octet tells an answer from its trailers. */
function placeOf(octets: Buffer): number {
  return (octets.length ^ (octets[0] ?? 0)) & (blocksMax - 1);
}
