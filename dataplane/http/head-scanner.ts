import { nameOctets, underscoreBit, upperCaseBit, valueOctets } from './octets.ts';
import { fieldLine, Fields } from './fields.ts';
import { findName, nameCodes, nameOf } from './known-names.ts';

/** What a scan found: a whole head, too few octets yet, or a fault. */
export type ScanOutcome = 'Complete' | 'Incomplete' | 'TooManyFields' | 'TooLong' | 'Malformed';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const colon = 0x3a;
const space = 0x20;
/** Of a line: where its name begins and ends, where its value begins and ends, and bits that tell what it is. */
const numbersALine = 5;
/** The name has letters in upper case; the line is spelled as {@link fieldLine} would; above them the name's code. */
const hasUpperCaseBit = 1;
const asSentBit = 2;
const codeShift = 2;

/**
 * Finds the lines of a message's head, or of a trailer section, in octets and checks them (RFC 9112 sections 2.2
 * and 5): every line ends in CR LF, names are tokens followed by a colon at once, values hold neither control
 * characters nor line folding. Holds one result at a time, so one scanner serves any number of connections.
 *
 * Hot path: octets are looked at once, positions go to one array, strings are made only of a whole head.
 */
export class HeadScanner {
  /** Limits: octets of the head with all line ends; number of field lines. */
  readonly bytesMax: number;
  readonly fieldsMax: number;
  /** Refuse names with `_`, which backends read as `-` (CGI): else they would dodge what we do to the real name. */
  readonly #refusedBits: number;

  /** After `Complete`: where the start line ends (its CR), and the first octet behind the head. */
  startLineEnd = 0;
  end = 0;
  /** What was wrong, for the log. */
  fault = '';

  #from = 0;
  #count = 0;
  readonly #marks: Int32Array;

  constructor(options: { bytesMax: number; fieldsMax: number; underscores: 'Refuse' | 'Pass' }) {
    this.bytesMax = options.bytesMax;
    this.fieldsMax = options.fieldsMax;
    this.#refusedBits = options.underscores === 'Refuse' ? underscoreBit : 0;
    this.#marks = new Int32Array(options.fieldsMax * numbersALine);
  }

  /** Scans a start line and field lines from `from`. */
  scanHead(bytes: Uint8Array, from: number): ScanOutcome {
    const to = Math.min(bytes.length, from + this.bytesMax);
    this.#from = from;
    let at = from;
    while (at < to && valueOctets[bytes[at] ?? 0] === 1) at += 1;
    this.startLineEnd = at;
    if (at + 1 >= to) return this.#outOfOctets(bytes, from, at);
    if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed) return this.#malformed('start line');
    return this.#scanLines(bytes, at + 2, to);
  }

  /** Scans field lines alone: a trailer section (RFC 9112 section 7.1.2). */
  scanTrailers(bytes: Uint8Array, from: number): ScanOutcome {
    this.#from = from;
    this.startLineEnd = from;
    return this.#scanLines(bytes, from, Math.min(bytes.length, from + this.bytesMax));
  }

  /** The start line of the head just scanned, and the text from which {@link fieldsOf} takes the fields. */
  text(bytes: Buffer): string {
    return bytes.toString('latin1', this.#from, this.end);
  }

  /**
   * The field lines of the head just scanned; `text` is what {@link text} gave. A line that is spelled as we would
   * send it, as nearly all are, is a part of that text.
   */
  fieldsOf(text: string): Fields {
    const marks = this.#marks;
    const base = this.#from;
    const fields = new Fields();
    const flat = fields.flat;
    const end = this.#count * numbersALine;
    for (let at = 0; at < end; at += numbersALine) {
      const start = (marks[at] ?? 0) - base;
      const valueEnd = (marks[at + 3] ?? 0) - base;
      const bits = marks[at + 4] ?? 0;
      const code = bits >> codeShift;
      const name = code === nameCodes.unknown ? this.#nameIn(text, at) : nameOf(code);
      if ((bits & asSentBit) !== 0) flat.push(name, text.slice(start, valueEnd + 2));
      else
        flat.push(
          name,
          fieldLine(
            text.slice(start, (marks[at + 1] ?? 0) - base),
            text.slice((marks[at + 2] ?? 0) - base, valueEnd),
          ),
        );
    }
    return fields;
  }

  #nameIn(text: string, mark: number): string {
    const marks = this.#marks;
    const received = text.slice((marks[mark] ?? 0) - this.#from, (marks[mark + 1] ?? 0) - this.#from);
    return ((marks[mark + 4] ?? 0) & hasUpperCaseBit) === 0 ? received : received.toLowerCase();
  }

  /** Number of field lines of the head just scanned. */
  get lineCount(): number {
    return this.#count;
  }

  /** Which of the names of known-names.ts the line has. */
  codeAt(line: number): number {
    return (this.#marks[line * numbersALine + 4] ?? 0) >> codeShift;
  }

  #scanLines(bytes: Uint8Array, start: number, to: number): ScanOutcome {
    let at = start;
    this.#count = 0;
    while (at + 1 < to) {
      if (bytes[at] === carriageReturn) {
        if (bytes[at + 1] !== lineFeed) return this.#malformed('bare CR');
        this.end = at + 2;
        return 'Complete';
      }
      if (this.#count === this.fieldsMax) return 'TooManyFields';
      const next = this.#scanLine(bytes, at, to);
      if (next === -1) return 'Malformed';
      if (next === 0) return this.#outOfOctets(bytes, this.#from, to);
      at = next;
    }
    if (at < to && bytes[at] === lineFeed) return this.#malformed('bare LF');
    return this.#outOfOctets(bytes, this.#from, to);
  }

  /** Where the next line begins; 0 when the octets end before this line does; -1 for a fault. */
  #scanLine(bytes: Uint8Array, start: number, to: number): number {
    let at = start;
    let seen = 0;
    for (; at < to; at += 1) {
      const bits = nameOctets[bytes[at] ?? 0] ?? 0;
      if (bits === 0) break;
      seen |= bits;
    }
    if (at === to) return 0;
    if (bytes[at] !== colon || at === start) return this.#fault('field name');
    if ((seen & this.#refusedBits) !== 0) return this.#fault('underscore in a field name');
    const marks = this.#marks;
    const mark = this.#count * numbersALine;
    marks[mark] = start;
    marks[mark + 1] = at;
    marks[mark + 4] =
      (findName(bytes, start, at) << codeShift) | ((seen & upperCaseBit) === 0 ? 0 : hasUpperCaseBit);
    return this.#scanValue(bytes, at + 1, to);
  }

  #scanValue(bytes: Uint8Array, start: number, to: number): number {
    let at = start;
    while (at < to && isBlank(bytes[at])) at += 1;
    const valueStart = at;
    while (at < to && valueOctets[bytes[at] ?? 0] === 1) at += 1;
    if (at + 1 >= to) return at < to && bytes[at] !== carriageReturn ? this.#fault('field value') : 0;
    if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed) return this.#fault('field value');
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd -= 1;
    const marks = this.#marks;
    const mark = this.#count * numbersALine;
    marks[mark + 2] = valueStart;
    marks[mark + 3] = valueEnd;
    if (valueEnd === at && valueStart === start + 1 && bytes[start] === space)
      marks[mark + 4] = (marks[mark + 4] ?? 0) | asSentBit;
    this.#count += 1;
    return at + 2;
  }

  /** The octets ended before the head did: is more to come, or is this already too much, or already wrong? */
  #outOfOctets(bytes: Uint8Array, from: number, at: number): ScanOutcome {
    if (
      at < bytes.length &&
      at === this.startLineEnd &&
      bytes[at] !== carriageReturn &&
      at < from + this.bytesMax
    ) {
      return this.#malformed('start line');
    }
    return bytes.length - from >= this.bytesMax ? 'TooLong' : 'Incomplete';
  }

  #malformed(fault: string): 'Malformed' {
    this.fault = fault;
    return 'Malformed';
  }

  #fault(fault: string): -1 {
    this.fault = fault;
    return -1;
  }
}

function isBlank(octet: number | undefined): boolean {
  return octet === space || octet === 0x09;
}
