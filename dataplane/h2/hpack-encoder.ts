import type { Fields } from '#dataplane/http/fields.ts';

/**
 * Encodes header blocks (RFC 7541) with the static table and literals alone, so a block depends on nothing but its
 * content: it may be kept and sent again, on any connection, and one encoder serves all connections.
 */
export class HpackEncoder {
  status(status: number): void {
    void status;
    throw new Error('not yet');
  }

  /** A pseudo-header field; all of them come before {@link field}. */
  pseudo(name: string, value: string): void {
    void name;
    void value;
    throw new Error('not yet');
  }

  /** A field; `name` in lower case. */
  field(name: string, value: string): void {
    void name;
    void value;
    throw new Error('not yet');
  }

  /** All lines in order. */
  fields(fields: Fields): void {
    void fields;
    throw new Error('not yet');
  }

  /** The block of what came since the last; the caller's own. */
  take(): Buffer {
    throw new Error('not yet');
  }
}
