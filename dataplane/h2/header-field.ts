import { fieldLine } from '#dataplane/http/fields.ts';

/** What a field is to a header block (RFC 9113 sections 8.2 and 8.3). */
export const fieldKinds = {
  regular: 0,
  /** Comes in crumbs (section 8.2.3). */
  cookie: 1,
  contentLength: 2,
  method: 3,
  scheme: 4,
  authority: 5,
  path: 6,
  protocol: 7,
  status: 8,
  /** May not be in any block: see section 8.2, 8.2.1, 8.2.2; or a pseudo-header field that nobody defined. */
  malformed: 9,
} as const;

/** A field as decoded, checked once; one in the table serves all blocks that name it. Strings are latin1. */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Of {@link fieldKinds}, by name and value. */
  readonly kind: number;
  /** Of {@link fieldKinds}, by the name alone: what another field that takes its name from here is. */
  readonly nameKind: number;
  /** See {@link fieldLine}; '' for what is no regular field. */
  readonly line: string;

  constructor(name: string, value: string, nameKind: number, kind: number) {
    this.name = name;
    this.value = value;
    this.nameKind = nameKind;
    this.kind = kind;
    this.line = kind <= fieldKinds.contentLength ? fieldLine(name, value) : '';
  }
}
