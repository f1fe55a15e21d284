// The field names that are met all the time. Finding one in octets costs a few comparisons, where making its string
// anew and putting it in lower case costs several calls; and what framing looks for is told by a number.
import assert from 'node:assert';

/** Numbers of the names that decide how a message is framed, and where it goes; all other names have other numbers. */
export const nameCodes = {
  unknown: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  keepAlive: 7,
} as const;

/** The greatest of {@link nameCodes}. */
export const framingCodeMax = 7;

/** By number, spelled as nearly everybody spells them. The first ones are those of {@link nameCodes}, in order. */
const spellings: readonly string[] = [
  '',
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Upgrade',
  'Expect',
  'Keep-Alive',
  ...`Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Age Allow Authorization
  Cache-Control Content-Disposition Content-Encoding Content-Language Content-Range
  Content-Security-Policy Content-Type Cookie Date ETag Expires Forwarded From If-Match
  If-Modified-Since If-None-Match If-Range Last-Modified Link Location Origin Pragma Priority Range
  Referer Retry-After Sec-Fetch-Dest Sec-Fetch-Mode Server Set-Cookie Strict-Transport-Security TE
  Traceparent Tracestate Trailer User-Agent Vary Via WWW-Authenticate X-Forwarded-For X-Forwarded-Host
  X-Forwarded-Proto X-Powered-By X-Request-Id X-Requested-With`.split(/\s+/u),
];

const names: readonly string[] = spellings.map((spelling) => spelling.toLowerCase());
/** Octets of one name in the tables below, filled up with 0. */
const rowBits = 5;
const rowOctets = 1 << rowBits;
const nameRows = rowsOf(names);
const spellingRows = rowsOf(spellings);
const lengths = Uint8Array.from(names, (name) => name.length);

const slotsMask = 0x1ff;

/** By slot: the number of the one known name that can stand there, or 0. */
const codeBySlot: Uint8Array = ((): Uint8Array => {
  const slots = new Uint8Array(slotsMask + 1);
  for (const [code, name] of names.entries()) {
    if (code === nameCodes.unknown) continue;
    const slot = slotOf(nameRows, code * rowOctets, code * rowOctets + name.length);
    assert(slots[slot] === 0, `${name} needs a slot of its own: other factors in slotOf`);
    slots[slot] = code;
  }
  return slots;
})();

/** How a name was spelled, beside its number in what {@link findName} gives. */
export const spelledOtherwise = 0;
export const spelledLower = 1;
export const spelledAsUsual = 2;

/**
 * Looks for the token in octets `from` to `to` (not included). Four times the number of the name, or of `unknown`,
 * plus how it is spelled; of an unknown one that is told by `hasUpperCase` alone.
 */
export function findName(bytes: Uint8Array, from: number, to: number, hasUpperCase: boolean): number {
  const code = codeBySlot[slotOf(bytes, from, to)] ?? 0;
  const unknown = hasUpperCase ? spelledOtherwise : spelledLower;
  if (lengths[code] !== to - from || code === nameCodes.unknown) return unknown;
  if (!hasUpperCase) return isRow(nameRows, code, bytes, from) ? code * 4 + spelledLower : unknown;
  if (isRow(spellingRows, code, bytes, from)) return code * 4 + spelledAsUsual;
  return isRowInAnyCase(code, bytes, from) ? code * 4 + spelledOtherwise : unknown;
}

/** The name of a number, in lower case. */
export function nameOf(code: number): string {
  return names[code] ?? '';
}

/** The name of a number, spelled as usual. */
export function usualSpelling(code: number): string {
  return spellings[code] ?? '';
}

/** Told by the length and three octets, so that no two known names share it. */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const first = (bytes[from] ?? 0) | 0x20;
  const middle = (bytes[from + (length >> 1)] ?? 0) | 0x20;
  const last = (bytes[to - 1] ?? 0) | 0x20;
  return (length * 55 + first + middle * 13 + last * 81) & slotsMask;
}

function isRow(rows: Uint8Array, code: number, bytes: Uint8Array, from: number): boolean {
  const row = code << rowBits;
  const length = lengths[code] ?? 0;
  for (let at = 0; at < length; at += 1) {
    if (bytes[from + at] !== rows[row + at]) return false;
  }
  return true;
}

/** In a token, setting the bit puts letters in lower case and makes no other octet one that stands in these names. */
function isRowInAnyCase(code: number, bytes: Uint8Array, from: number): boolean {
  const row = code << rowBits;
  const length = lengths[code] ?? 0;
  for (let at = 0; at < length; at += 1) {
    if (((bytes[from + at] ?? 0) | 0x20) !== nameRows[row + at]) return false;
  }
  return true;
}

function rowsOf(texts: readonly string[]): Uint8Array {
  const rows = Buffer.alloc(texts.length * rowOctets);
  for (const [code, text] of texts.entries()) {
    assert(text.length < rowOctets, `${text} is longer than a row`);
    rows.set(Buffer.from(text, 'latin1'), code * rowOctets);
  }
  return rows;
}
