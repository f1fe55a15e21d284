import type { HeaderField } from './header-field.ts';

/** Malformed: the connection's two tables are no longer the same, COMPRESSION_ERROR (RFC 7541 section 4, 5). */
export type HpackOutcome = 'Complete' | 'Malformed' | 'TooLarge';

export interface HeaderSink {
  field(field: HeaderField): void;
}

export interface HeaderLimits {
  /** Octets of all names and values, and 32 for each field (RFC 9113 section 6.5.2); each crumb of a cookie counts. */
  readonly listBytesMax: number;
  readonly fieldsMax: number;
}

/** Decodes header blocks of one direction of one connection (RFC 7541). */
export class HpackDecoder {
  /** `tableBytesMax`: what our SETTINGS_HEADER_TABLE_SIZE says; 4,096 at least, which holds until it is read. */
  constructor(tableBytesMax: number) {
    void tableBytesMax;
  }

  /** Decodes a whole block. Past the limits it decodes on, for the table's sake, and tells no more: TooLarge. */
  decode(block: Buffer, limits: HeaderLimits, to: HeaderSink): HpackOutcome {
    void block;
    void limits;
    void to;
    throw new Error('not yet');
  }
}
