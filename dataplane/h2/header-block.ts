import type { Fields } from '#dataplane/http/fields.ts';
import type { HeaderLimits, HpackDecoder } from './hpack-decoder.ts';

/** The pseudo-header fields of a request (RFC 9113 section 8.3.1). */
export interface RequestPseudo {
  /** A token. */
  readonly method: string;
  /** As received; '' for CONNECT. */
  readonly scheme: string;
  /** As received, not checked for more than octets; null without one. */
  readonly authority: string | null;
  /** Begins with `/`, or is `*` for OPTIONS; '' for CONNECT. */
  readonly path: string;
  /** Of an extended CONNECT (RFC 8441); null otherwise. */
  readonly protocol: string | null;
}

/** A request's head. `fields`: no pseudo-header field, crumbs of cookies joined (section 8.2.3) at the first's place. */
export interface RequestBlock {
  readonly pseudo: RequestPseudo;
  readonly fields: Fields;
  /** Whether a name has an underscore. */
  readonly hasUnderscore: boolean;
}

/** An answer's head, an interim one too; `status` is 100 to 999 and never 101. */
export interface ResponseBlock {
  readonly status: number;
  readonly fields: Fields;
}

/**
 * CompressionError: of the connection. Malformed: of the stream, PROTOCOL_ERROR (RFC 9113 section 8.1.1), for the
 * reason in `fault`. TooLarge: past the limits; nothing of the block is known.
 */
export type BlockFailure = 'CompressionError' | 'Malformed' | 'TooLarge';

export interface BlockRules extends HeaderLimits {
  /** Whether our SETTINGS allow extended CONNECT; else `:protocol` is malformed. */
  readonly extendedConnect: boolean;
}

/** Reads header blocks of one direction of one connection as what they should be, and checks them strictly. */
export class HeaderBlockReader {
  /** Why the last block was malformed, for the log. */
  fault = '';
  readonly #decoder: HpackDecoder;
  readonly #rules: BlockRules;

  constructor(decoder: HpackDecoder, rules: BlockRules) {
    this.#decoder = decoder;
    this.#rules = rules;
  }

  request(block: Buffer): RequestBlock | BlockFailure {
    void block;
    void this.#decoder;
    void this.#rules;
    throw new Error('not yet');
  }

  response(block: Buffer): ResponseBlock | BlockFailure {
    void block;
    throw new Error('not yet');
  }

  trailers(block: Buffer): Fields | BlockFailure {
    void block;
    throw new Error('not yet');
  }
}
