import type { Fields } from './fields.ts';
import { hexDigits, nameOctets, valueOctets } from './octets.ts';
import type { HeadScanner } from './head-scanner.ts';

/** Is told of chunked content. */
export interface ChunkedEvents {
  contentData(data: Buffer): void;
}

type State =
  | 'Size'
  | 'FirstDigit'
  | 'ExtensionName'
  | 'ExtensionValue'
  | 'ExtensionQuoted'
  | 'ExtensionEscape'
  | 'ExtensionEnd'
  | 'SizeLineFeed'
  | 'Data'
  | 'DataReturn'
  | 'DataLineFeed'
  | 'Trailers'
  | 'Done';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const semicolon = 0x3b;
const equals = 0x3d;
const quote = 0x22;
const backslash = 0x5c;

/** Octets of chunk extensions and of needless zeros that one message may carry; they are dropped. */
const overheadBytesMax = 4096;

/**
 * Takes chunked content apart (RFC 9112 section 7.1), strictly: lines end in CR LF, a size is followed by CR LF or
 * `;` at once. Extensions are dropped; trailers are given as received. One decoder a message.
 */
export class ChunkedDecoder {
  /** After the end, the trailers; null when there were none. */
  trailers: Fields | null = null;
  /** Set when the content is malformed; what was wrong, for the log. */
  fault = '';

  readonly #scanner: HeadScanner;
  #state: State = 'FirstDigit';
  #remaining = 0;
  #overhead = 0;
  /** The extension's name or value that is being read has no octet yet. */
  #isEmpty = true;
  /** A trailer section that is not whole yet. */
  #held: Buffer | null = null;

  /** `scanner` reads the trailer section and brings its limits. */
  constructor(scanner: HeadScanner) {
    this.#scanner = scanner;
  }

  get done(): boolean {
    return this.#state === 'Done';
  }

  /**
   * Takes octets from `from` on and tells `events` of data. Returns how far it came: the end of the octets,
   * or less when the content has ended there; -1 when it is malformed.
   */
  decode(bytes: Buffer, from: number, events: ChunkedEvents): number {
    let at = from;
    while (at < bytes.length && this.#state !== 'Done') {
      if (this.#state === 'Data') at = this.#takeData(bytes, at, events);
      else if (this.#state === 'Trailers') at = this.#takeTrailers(bytes, at);
      else if (this.#takeOctet(bytes[at] ?? 0)) at += 1;
      else at = -1;
      if (at === -1) return -1;
    }
    return at;
  }

  #takeData(bytes: Buffer, at: number, events: ChunkedEvents): number {
    const end = Math.min(bytes.length, at + this.#remaining);
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#state = 'DataReturn';
    events.contentData(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    return end;
  }

  #takeTrailers(bytes: Buffer, at: number): number {
    const octets = this.#held === null ? bytes : Buffer.concat([this.#held, bytes.subarray(at)]);
    const start = this.#held === null ? at : 0;
    const before = this.#held?.length ?? 0;
    const outcome = this.#scanner.scanTrailers(octets, start);
    if (outcome === 'Incomplete') {
      this.#held = Buffer.from(octets.subarray(start));
      return bytes.length;
    }
    if (outcome !== 'Complete') {
      this.fault = outcome === 'Malformed' ? `trailer: ${this.#scanner.fault}` : 'trailers too large';
      return -1;
    }
    if (this.#scanner.end - start > 2) {
      this.trailers = this.#scanner.fieldsOf(this.#scanner.text(octets));
    }
    this.#state = 'Done';
    return at + (this.#scanner.end - start) - before;
  }

  #takeOctet(octet: number): boolean {
    switch (this.#state) {
      case 'FirstDigit':
      case 'Size':
        return this.#takeSize(octet);
      case 'ExtensionName':
      case 'ExtensionValue':
      case 'ExtensionEnd':
        return this.#takeExtension(octet);
      case 'ExtensionQuoted':
      case 'ExtensionEscape':
        return this.#takeQuoted(octet);
      case 'SizeLineFeed':
        if (octet !== lineFeed) return this.#malformed('chunk size line');
        this.#state = this.#remaining === 0 ? 'Trailers' : 'Data';
        return true;
      case 'DataReturn':
        if (octet !== carriageReturn) return this.#malformed('chunk end');
        this.#state = 'DataLineFeed';
        return true;
      case 'DataLineFeed':
        if (octet !== lineFeed) return this.#malformed('chunk end');
        this.#state = 'FirstDigit';
        this.#remaining = 0;
        return true;
      case 'Data':
      case 'Trailers':
      case 'Done':
        return this.#malformed('chunk');
    }
  }

  #takeSize(octet: number): boolean {
    const digit = hexDigits[octet] ?? 255;
    if (digit !== 255) {
      if (this.#remaining > 0xff_ffff_ffff) return this.#malformed('chunk size too large');
      const isNeedless = this.#state === 'Size' && this.#remaining === 0;
      this.#remaining = this.#remaining * 16 + digit;
      this.#state = 'Size';
      return isNeedless ? this.#countOverhead() : true;
    }
    if (this.#state === 'FirstDigit') return this.#malformed('chunk size');
    if (octet === carriageReturn) this.#state = 'SizeLineFeed';
    else if (octet === semicolon) this.#beginExtension('ExtensionName');
    else return this.#malformed('chunk size');
    return true;
  }

  #beginExtension(part: 'ExtensionName' | 'ExtensionValue'): void {
    this.#state = part;
    this.#isEmpty = true;
  }

  /** A name, and after `=` a token or a quoted string; no blanks, which are bad (RFC 9112 section 7.1.1). */
  #takeExtension(octet: number): boolean {
    const was = this.#state;
    const isNamed = was === 'ExtensionEnd' || !this.#isEmpty;
    if (was === 'ExtensionValue' && this.#isEmpty && octet === quote) this.#state = 'ExtensionQuoted';
    else if (was === 'ExtensionName' && isNamed && octet === equals) this.#beginExtension('ExtensionValue');
    else if (isNamed && octet === semicolon) this.#beginExtension('ExtensionName');
    else if (isNamed && octet === carriageReturn) this.#state = 'SizeLineFeed';
    else if (was === 'ExtensionEnd' || nameOctets[octet] === 0) return this.#malformed('chunk extension');
    else this.#isEmpty = false;
    return this.#countOverhead();
  }

  #takeQuoted(octet: number): boolean {
    if (valueOctets[octet] === 0) return this.#malformed('chunk extension');
    if (this.#state === 'ExtensionEscape') this.#state = 'ExtensionQuoted';
    else if (octet === quote) this.#state = 'ExtensionEnd';
    else if (octet === backslash) this.#state = 'ExtensionEscape';
    return this.#countOverhead();
  }

  #countOverhead(): boolean {
    this.#overhead += 1;
    return this.#overhead <= overheadBytesMax || this.#malformed('chunk extensions too large');
  }

  #malformed(fault: string): false {
    this.fault = fault;
    return false;
  }
}
