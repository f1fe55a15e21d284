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

/** By number. The first ones are those of {@link nameCodes}, in order. */
const names: readonly string[] = [
  '',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'keep-alive',
  ...`accept accept-charset accept-encoding accept-language accept-ranges age allow authorization
  cache-control content-disposition content-encoding content-language content-range
  content-security-policy content-type cookie date etag expires forwarded from if-match
  if-modified-since if-none-match if-range last-modified link location origin pragma priority range
  referer retry-after sec-fetch-dest sec-fetch-mode server set-cookie strict-transport-security te
  traceparent tracestate trailer user-agent vary via www-authenticate x-forwarded-for x-forwarded-host
  x-forwarded-proto x-powered-by x-request-id x-requested-with`.split(/\s+/u),
];

/** Octets of one name in the table below, filled up with 0. */
const rowBits = 5;
const rowOctets = 1 << rowBits;
const rows = rowsOf(names);
const lengths = Uint8Array.from(names, (name) => name.length);

const slotsMask = 0x1ff;

/** By slot: the number of the one known name that can stand there, or 0. */
const codeBySlot: Uint8Array = ((): Uint8Array => {
  const slots = new Uint8Array(slotsMask + 1);
  for (const [code, name] of names.entries()) {
    if (code === nameCodes.unknown) continue;
    const slot = slotOf(rows, code * rowOctets, code * rowOctets + name.length);
    assert(slots[slot] === 0, `${name} needs a slot of its own: other factors in slotOf`);
    slots[slot] = code;
  }
  return slots;
})();

/** The number of the name that the token in octets `from` to `to` (not included) is in any case, or that of `unknown`. */
export function findName(bytes: Uint8Array, from: number, to: number): number {
  const code = codeBySlot[slotOf(bytes, from, to)] ?? nameCodes.unknown;
  const length = to - from;
  if (lengths[code] !== length) return nameCodes.unknown;
  const row = code << rowBits;
  // in a token, setting the bit puts letters in lower case and makes no other octet one that stands in these names
  for (let at = 0; at < length; at += 1) {
    if (((bytes[from + at] ?? 0) | 0x20) !== rows[row + at]) return nameCodes.unknown;
  }
  return code;
}

/** The name of a number, in lower case. */
export function nameOf(code: number): string {
  return names[code] ?? '';
}

/** Told by the length and three octets, so that no two known names share it. */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const first = (bytes[from] ?? 0) | 0x20;
  const middle = (bytes[from + (length >> 1)] ?? 0) | 0x20;
  const last = (bytes[to - 1] ?? 0) | 0x20;
  return (length * 55 + first + middle * 13 + last * 81) & slotsMask;
}

function rowsOf(texts: readonly string[]): Uint8Array {
  const rows = Buffer.alloc(texts.length * rowOctets);
  for (const [code, text] of texts.entries()) {
    assert(text.length < rowOctets, `${text} is longer than a row`);
    rows.set(Buffer.from(text, 'latin1'), code * rowOctets);
  }
  return rows;
}
