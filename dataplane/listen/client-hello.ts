/** What a client says of itself before anything is decided about it (RFC 8446 section 4.1.2, RFC 6066, RFC 7301). */
export interface ClientHello {
  readonly kind: 'Hello';
  /**
   * The name asked for: lower case, without a dot at its end. Null for none, and for what is no name of DNS (an IPv6
   * address, an octet other than letters, digits, `-`, `_` and dots), so that nobody ever compares that.
   */
  readonly serverName: string | null;
  /** The protocols offered, in their order, latin1; empty without the extension. */
  readonly alpn: readonly string[];
}

/** A ClientHello with the headers of its records is no longer than this. */
export const clientHelloBytesMax = 16 * 1024;

/**
 * Reads the ClientHello that `bytes` begin with, however it is cut into records. `Incomplete`: so far it may become
 * one. `NotTls`: it will not, is too long, or is one that a handshake would refuse as well for how it is built.
 */
export function clientHello(bytes: Buffer): ClientHello | 'Incomplete' | 'NotTls' {
  const message = handshakeMessage(bytes);
  if (typeof message !== 'string') return helloOf(new Octets(message, 0, message.length)) ?? 'NotTls';
  return message === 'Incomplete' && bytes.length >= clientHelloBytesMax ? 'NotTls' : message;
}

const handshakeRecord = 22;
const majorVersion = 3;
const recordHeaderBytes = 5;
const recordBytesMax = 16 * 1024;
/** More than any client cuts it into: all records that there are so far are gone through with each octet that comes. */
const recordsMax = 64;
const clientHelloType = 1;
const messageHeaderBytes = 4;

/** The message, without its header, taken out of its records (RFC 8446 section 5.1). */
function handshakeMessage(bytes: Buffer): Buffer | 'Incomplete' | 'NotTls' {
  const pieces: Buffer[] = [];
  let have = 0;
  let end = -1;
  for (let at = 0; ;) {
    const length = recordLength(bytes, at);
    if (typeof length === 'string') return length;
    if (pieces.length === recordsMax) return 'NotTls';
    at += recordHeaderBytes;
    const piece = bytes.subarray(at, at + length);
    pieces.push(piece);
    have += piece.length;
    if (pieces[0]?.[0] !== undefined && pieces[0][0] !== clientHelloType) return 'NotTls';
    if (end === -1 && have >= messageHeaderBytes) {
      end = messageHeaderBytes + joined(pieces).readUIntBE(1, 3);
    }
    // nothing may follow a ClientHello in its last record: that would be a message before its keys
    if (end > clientHelloBytesMax || (end !== -1 && have - piece.length + length > end)) return 'NotTls';
    if (piece.length < length) return 'Incomplete';
    if (have === end) return joined(pieces).subarray(messageHeaderBytes);
    at += length;
  }
}

/** Nearly always there is one, and nothing to be copied. */
function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  return first !== undefined && pieces.length === 1 ? first : Buffer.concat(pieces);
}

/** The length of the record at `at`; every octet of its header is judged as soon as it is there. */
function recordLength(bytes: Buffer, at: number): number | 'Incomplete' | 'NotTls' {
  const type = bytes[at] ?? handshakeRecord;
  const major = bytes[at + 1] ?? majorVersion;
  if (type !== handshakeRecord || major !== majorVersion) return 'NotTls';
  if (bytes.length < at + recordHeaderBytes) return 'Incomplete';
  const length = bytes.readUInt16BE(at + 3);
  return length === 0 || length > recordBytesMax ? 'NotTls' : length;
}

/** Null where a length does not fit, or an extension is there twice. */
function helloOf(message: Octets): ClientHello | null {
  message.skip(2 + 32);
  message.vector(1);
  message.vector(2);
  message.vector(1);
  const extensions = message.isAtEnd ? message : message.vector(2);
  if (!message.isWhole) return null;
  const found = new Map<number, Octets>();
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (extensions.isBroken || found.has(type)) return null;
    found.set(type, content);
  }
  const names = found.get(serverNameExtension);
  const protocols = found.get(alpnExtension);
  const serverName = names === undefined ? '' : serverNameOf(names);
  const alpn = protocols === undefined ? [] : protocolsOf(protocols);
  return serverName === null || alpn === null
    ? null
    : { kind: 'Hello', serverName: dnsName(serverName), alpn };
}

const serverNameExtension = 0;
const alpnExtension = 16;
const hostNameType = 0;

/** The one name there may be (RFC 6066 section 3), latin1; null for a list of anything else. */
function serverNameOf(content: Octets): string | null {
  const list = content.vector(2);
  const type = list.number(1);
  const name = list.vector(2);
  return content.isWhole && list.isWhole && type === hostNameType ? name.text() : null;
}

/** Null for an empty list, or an empty name in it (RFC 7301 section 3.1). */
function protocolsOf(content: Octets): string[] | null {
  const list = content.vector(2);
  const names: string[] = [];
  while (!list.isAtEnd) names.push(list.vector(1).text());
  return content.isWhole && list.isWhole && names.length > 0 && !names.includes('') ? names : null;
}

function dnsName(text: string): string | null {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  return name.length <= 253 && /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/u.test(name) ? name : null;
}

/**
 * Octets read from the front; what is not there reads as zero or nothing, and leaves them broken and at their end.
 *
 * Hot path: places in memory instead of views of it, of which each extension would take two.
 */
class Octets {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;
  isBroken = false;

  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** All of it has been read, and no more. */
  get isWhole(): boolean {
    return this.isAtEnd && !this.isBroken;
  }

  skip(count: number): void {
    this.#take(count);
  }

  number(size: 1 | 2): number {
    const from = this.#take(size);
    if (from === this.#end) return 0;
    const first = this.#bytes[from] ?? 0;
    return size === 1 ? first : first * 256 + (this.#bytes[from + 1] ?? 0);
  }

  /** What a length of `size` octets stands before. */
  vector(size: 1 | 2): Octets {
    const from = this.#take(this.number(size));
    return new Octets(this.#bytes, from, this.#at);
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#at, this.#end);
  }

  /** Where they begin; at the end when there are not as many. */
  #take(count: number): number {
    const from = this.#at;
    this.#at += count;
    if (this.#at <= this.#end) return from;
    this.isBroken = true;
    this.#at = this.#end;
    return this.#end;
  }
}
