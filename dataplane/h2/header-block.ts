import { fieldLine, Fields } from '#dataplane/http/fields.ts';
import { fieldKinds, type HeaderField } from './header-field.ts';
import type { HeaderLimits, HeaderSink, HpackDecoder } from './hpack-decoder.ts';

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

/** What heads have but for pseudo-header fields. */
export interface FieldBlock {
  /** Crumbs of cookies are joined (RFC 9113 section 8.2.3), at the end when there were several. */
  readonly fields: Fields;
  /** -1 without a Content-Length. */
  readonly contentLength: number;
  /** Whether a name has an underscore. */
  readonly hasUnderscore: boolean;
}

/** A request's head. */
export interface RequestBlock extends FieldBlock {
  readonly pseudo: RequestPseudo;
}

/** An answer's head, an interim one too; `status` is 100 to 599 and never 101. */
export interface ResponseBlock extends FieldBlock {
  readonly status: number;
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

/** Reads header blocks of one direction of one connection as what they are to be, and checks them strictly. */
export class HeaderBlockReader {
  /** Why the last block was malformed, for the log. */
  fault = '';
  readonly #decoder: HpackDecoder;
  readonly #rules: BlockRules;
  readonly #section: BlockSection;

  /** `section`: any one, of no use between calls, so that connections may share it. */
  constructor(decoder: HpackDecoder, rules: BlockRules, section: BlockSection) {
    this.#decoder = decoder;
    this.#rules = rules;
    this.#section = section;
  }

  request(block: Buffer): RequestBlock | BlockFailure {
    const section = this.#section;
    const failure = this.#read(block);
    if (failure !== null) return failure;
    const { method, scheme, authority, path, protocol } = section;
    const fault = method === 'CONNECT' ? connectFault(section, this.#rules) : requestFault(section);
    if (fault !== null || method === null) return this.#malformed(fault ?? 'a request without :method');
    return {
      pseudo: { method, scheme: scheme ?? '', authority, path: path ?? '', protocol },
      fields: section.take(),
      contentLength: section.contentLength,
      hasUnderscore: section.hasUnderscore,
    };
  }

  response(block: Buffer): ResponseBlock | BlockFailure {
    const section = this.#section;
    const failure = this.#read(block);
    if (failure !== null) return failure;
    if (section.status === null || section.pseudos !== 1) return this.#malformed('no :status alone');
    const status = Number(section.status);
    // RFC 9110 section 15: by HTTP/1.1 the same is no answer
    if (status > 599) return this.#malformed('no :status of the five classes');
    return {
      status,
      fields: section.take(),
      contentLength: section.contentLength,
      hasUnderscore: section.hasUnderscore,
    };
  }

  /** A trailer section: has no pseudo-header field (RFC 9113 section 8.1). */
  trailers(block: Buffer): Fields | BlockFailure {
    const failure = this.#read(block);
    if (failure !== null) return failure;
    return this.#section.pseudos === 0
      ? this.#section.take()
      : this.#malformed('a pseudo-header field in trailers');
  }

  #read(block: Buffer): BlockFailure | null {
    const section = this.#section;
    section.begin();
    const outcome = this.#decoder.decode(block, this.#rules, section);
    if (outcome === 'Malformed') return 'CompressionError';
    section.finish();
    if (section.fault !== '') return this.#malformed(section.fault);
    return outcome === 'TooLarge' ? outcome : null;
  }

  #malformed(fault: string): 'Malformed' {
    this.fault = fault;
    return 'Malformed';
  }
}

const noFields = new Fields();

/** The fields of one block, as they come. */
export class BlockSection implements HeaderSink {
  fields = noFields;
  method: string | null = null;
  scheme: string | null = null;
  authority: string | null = null;
  path: string | null = null;
  protocol: string | null = null;
  status: string | null = null;
  /** Number of pseudo-header fields. */
  pseudos = 0;
  contentLength = -1;
  hasUnderscore = false;
  hasHost = false;
  fault = '';
  #cookies = 0;
  #cookie = '';

  begin(): void {
    this.fields = new Fields();
    this.method = null;
    this.scheme = null;
    this.authority = null;
    this.path = null;
    this.protocol = null;
    this.status = null;
    this.pseudos = 0;
    this.contentLength = -1;
    this.hasUnderscore = false;
    this.hasHost = false;
    this.fault = '';
    this.#cookies = 0;
    this.#cookie = '';
  }

  /** The fields, which no block to come shall touch, nor this connection hold while it idles. */
  take(): Fields {
    const { fields } = this;
    this.fields = noFields;
    return fields;
  }

  /** Hot path: a regular field costs a comparison and two places in an array. */
  field(field: HeaderField): void {
    const { kind, name } = field;
    if (kind > fieldKinds.host) return this.#pseudo(field);
    this.fields.appendLine(name.text, field.line);
    if (name.hasUnderscore) this.hasUnderscore = true;
    if (kind === fieldKinds.cookie) this.#crumb(field.value);
    else if (kind === fieldKinds.contentLength) this.#length(field.value);
    else if (kind === fieldKinds.host) this.#host();
  }

  /** After the last: crumbs become one field (RFC 9113 section 8.2.3). */
  finish(): void {
    if (this.#cookies < 2) return;
    this.fields.remove('cookie');
    this.fields.appendLine('cookie', fieldLine('cookie', this.#cookie));
  }

  #crumb(value: string): void {
    this.#cookies += 1;
    this.#cookie = this.#cookies === 1 ? value : `${this.#cookie}; ${value}`;
  }

  #length(value: string): void {
    if (this.contentLength !== -1) this.#wrong('content-length twice');
    this.contentLength = Number(value);
  }

  #host(): void {
    if (this.hasHost) this.#wrong('host twice');
    this.hasHost = true;
  }

  #pseudo(field: HeaderField): void {
    const { name, value } = field;
    if (field.kind === fieldKinds.malformed) return this.#wrong(`${printable(name.text)} malformed`);
    if (this.fields.size > 0) return this.#wrong(`${name.text} behind a field`);
    this.pseudos += 1;
    const before = this.#replace(field.kind, value);
    if (before !== null) this.#wrong(`${name.text} twice`);
  }

  /** Sets a pseudo-header field; what it was before. */
  #replace(kind: number, value: string): string | null {
    let before: string | null;
    switch (kind) {
      case fieldKinds.method:
        before = this.method;
        this.method = value;
        return before;
      case fieldKinds.scheme:
        before = this.scheme;
        this.scheme = value;
        return before;
      case fieldKinds.authority:
        before = this.authority;
        this.authority = value;
        return before;
      case fieldKinds.path:
        before = this.path;
        this.path = value;
        return before;
      case fieldKinds.protocol:
        before = this.protocol;
        this.protocol = value;
        return before;
      default:
        before = this.status;
        this.status = value;
        return before;
    }
  }

  #wrong(fault: string): void {
    if (this.fault === '') this.fault = fault;
  }
}

/** What is wrong with the pseudo-header fields of a request other than CONNECT (RFC 9113 section 8.3.1), or null. */
function requestFault(section: BlockSection): string | null {
  const { method, scheme, authority, path } = section;
  if (section.status !== null || section.protocol !== null) return 'a pseudo-header field of another kind';
  if (scheme === null || path === null) return 'a request without :scheme or :path';
  if (authority === null && !section.hasHost) return 'a request to no host';
  return path === '*' && method !== 'OPTIONS' ? ':path * without OPTIONS' : null;
}

/** The same for CONNECT: to an authority alone (section 8.5), or extended (RFC 8441 section 4). */
function connectFault(section: BlockSection, { extendedConnect }: BlockRules): string | null {
  const { scheme, authority, path, protocol } = section;
  if (section.status !== null || authority === null) return 'CONNECT without :authority';
  if (protocol === null) return scheme === null && path === null ? null : 'CONNECT with more than :authority';
  if (!extendedConnect) return ':protocol though it was not offered';
  return scheme === null || path === null || path === '*' ? 'CONNECT without :scheme or :path' : null;
}

/** A name that a log can take: what makes it malformed may be any octets. */
function printable(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}
