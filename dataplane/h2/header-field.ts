import { fieldLine } from '#dataplane/http/fields.ts';
import { findName, nameCodes, nameOf } from '#dataplane/http/known-names.ts';
import { isToken, nameOctets, upperCaseBit, valueOctets } from '#dataplane/http/octets.ts';

/** What a field is to a header block (RFC 9113 sections 8.2 and 8.3), by its name and then by its value. */
export const fieldKinds = {
  regular: 0,
  /** Comes in crumbs (section 8.2.3). */
  cookie: 1,
  contentLength: 2,
  te: 3,
  /** The last of the regular ones. */
  host: 4,
  method: 5,
  scheme: 6,
  authority: 7,
  path: 8,
  protocol: 9,
  status: 10,
  /** Must not be in any block: octets, fields of a connection, pseudo-header fields that are not defined. */
  malformed: 11,
} as const;

/** The name of a field, looked at once; fields that take their name from a table share it. */
export class FieldName {
  /** In lower case, unless it is malformed. */
  readonly text: string;
  /** Of {@link fieldKinds}. */
  readonly kind: number;
  readonly hasUnderscore: boolean;

  constructor(text: string, kind: number, hasUnderscore: boolean) {
    this.text = text;
    this.kind = kind;
    this.hasUnderscore = hasUnderscore;
  }
}

/** A field as decoded, looked at once: one in a table serves all blocks that mean it. Strings are latin1. */
export class HeaderField {
  readonly name: FieldName;
  readonly value: string;
  /** Of {@link fieldKinds}, by name and value. */
  readonly kind: number;
  /** The line of `Fields`; '' for pseudo-header fields and what is malformed. */
  readonly line: string;

  constructor(name: FieldName, value: string, kind: number) {
    this.name = name;
    this.value = value;
    this.kind = kind;
    this.line = kind <= fieldKinds.host ? fieldLine(name.text, value) : '';
  }

  /** Octets it counts for in tables and lists (RFC 7541 section 4.1, RFC 9113 section 6.5.2). */
  get size(): number {
    return this.name.text.length + this.value.length + 32;
  }
}

const colon = 0x3a;
const slash = 0x2f;

/** By their numbers in known-names.ts. */
const knownNames: readonly FieldName[] = ((): FieldName[] => {
  const names = [nameOfText('')];
  for (let code = nameCodes.unknown + 1; nameOf(code) !== ''; code += 1) names.push(nameOfText(nameOf(code)));
  return names;
})();

/** The name in octets `from` to `to`, not included: a token in lower case (RFC 9113 section 8.2.1), or malformed. */
export function nameIn(bytes: Buffer, from: number, to: number): FieldName {
  let isWrong = false;
  let seen = 0;
  for (let at = bytes[from] === colon ? from + 1 : from; at < to; at += 1) {
    const bits = nameOctets[bytes[at] ?? 0] ?? 0;
    isWrong ||= bits === 0;
    seen |= bits;
  }
  if (isWrong || (seen & upperCaseBit) !== 0)
    return new FieldName(bytes.toString('latin1', from, to), fieldKinds.malformed, false);
  const code = findName(bytes, from, to);
  const known = code === nameCodes.unknown ? undefined : knownNames[code];
  return known ?? nameOfText(bytes.toString('latin1', from, to));
}

/** A name that is a token in lower case, or one with a colon before it. */
function nameOfText(text: string): FieldName {
  return new FieldName(text, kindOfName(text), text.includes('_'));
}

function kindOfName(text: string): number {
  switch (text) {
    case 'cookie':
      return fieldKinds.cookie;
    case 'content-length':
      return fieldKinds.contentLength;
    case 'te':
      return fieldKinds.te;
    case 'host':
      return fieldKinds.host;
    case 'connection':
    case 'keep-alive':
    case 'proxy-connection':
    case 'transfer-encoding':
    case 'upgrade':
    case '':
      return fieldKinds.malformed;
    default:
      return text.charCodeAt(0) === colon ? kindOfPseudo(text) : fieldKinds.regular;
  }
}

function kindOfPseudo(text: string): number {
  switch (text) {
    case ':method':
      return fieldKinds.method;
    case ':scheme':
      return fieldKinds.scheme;
    case ':authority':
      return fieldKinds.authority;
    case ':path':
      return fieldKinds.path;
    case ':protocol':
      return fieldKinds.protocol;
    case ':status':
      return fieldKinds.status;
    default:
      return fieldKinds.malformed;
  }
}

/**
 * The field of `name` whose value stands in octets `from` to `to`, not included: no controls, no blank at either end
 * (RFC 9113 section 8.2.1), and what its name wants.
 */
export function fieldIn(name: FieldName, bytes: Buffer, from: number, to: number): HeaderField {
  const value = bytes.toString('latin1', from, to);
  const isRight = isValue(bytes, from, to) && isValueOf(name.kind, value);
  return new HeaderField(name, value, isRight ? name.kind : fieldKinds.malformed);
}

/** A field of the static table. */
export function fieldOfText(name: string, value: string): HeaderField {
  const known = nameOfText(name);
  return new HeaderField(known, value, isValueOf(known.kind, value) ? known.kind : fieldKinds.malformed);
}

function isValue(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    if (valueOctets[bytes[at] ?? 0] === 0) return false;
  }
  return to === from || !(isBlank(bytes[from]) || isBlank(bytes[to - 1]));
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}

/** Whether a value is one that its name may have, as far as that is told without the other fields. */
function isValueOf(nameKind: number, value: string): boolean {
  switch (nameKind) {
    case fieldKinds.te:
      return value === 'trailers';
    case fieldKinds.method:
    case fieldKinds.protocol:
      return isToken(value);
    case fieldKinds.scheme:
    case fieldKinds.authority:
    case fieldKinds.host:
      return value !== '';
    case fieldKinds.path:
      return value.charCodeAt(0) === slash || value === '*';
    case fieldKinds.status:
      return isStatus(value);
    case fieldKinds.contentLength:
      return isLength(value);
    default:
      return true;
  }
}

/** Three digits, of which 101 is none of HTTP/2 (RFC 9113 section 8.6). */
function isStatus(value: string): boolean {
  return value.length === 3 && isDigits(value) && value.charCodeAt(0) !== 0x30 && value !== '101';
}

/** Digits (RFC 9110 section 8.6) that are a safe integer. */
function isLength(value: string): boolean {
  return value.length > 0 && value.length <= 15 && isDigits(value);
}

function isDigits(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
  }
  return true;
}
