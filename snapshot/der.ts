// The little of DER (ITU-T X.690) that both planes read of certificates and revocation lists. The contract names who
// issued a certificate by a digest of that name's DER, so both must read it alike.
import { hash } from 'node:crypto';

/** One element: its tag with class and form, what it holds, and all of it, header included. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** Tags of the elements that are looked for. */
export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The elements that `bytes` are one behind the other; null when they are anything else. */
export function derElements(bytes: Uint8Array): readonly DerElement[] | null {
  const found: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const one = elementAt(bytes, at);
    if (one === null) return null;
    found.push(one);
    at += one.whole.length;
  }
  return found;
}

/** The elements in `element`; null where it is missing, has another tag or is no DER: nothing is known of them then. */
export function derMembers(element: DerElement | undefined, tag: number): readonly DerElement[] | null {
  return element?.tag === tag ? derElements(element.content) : null;
}

/** An integer as lower-case hexadecimal without leading zeros: how serial numbers are compared. */
export function serialText(integer: DerElement): string {
  return Buffer.from(integer.content)
    .toString('hex')
    .replace(/^0+(?=.)/, '');
}

/** The digest by which issuers are told: SHA-256 of the Name's DER, base64url. */
export function nameDigest(name: DerElement): string {
  return hash('sha256', name.whole, 'base64url');
}

/** The object identifier that `element` is, in dots; `''` for anything else. */
export function oidText(element: DerElement | undefined): string {
  if (element?.tag !== derTags.oid) return '';
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of element.content) {
    arc = arc * 128 + (octet & 0x7f);
    if ((octet & 0x80) !== 0) continue;
    if (arcs.length === 0)
      arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

function elementAt(bytes: Uint8Array, start: number): DerElement | null {
  const tag = bytes[start];
  const first = bytes[start + 1];
  // tags of several octets do not occur in what is read here
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return null;
  let length = first;
  let at = start + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    // no indefinite length in DER
    if (octets === 0 || octets > 4) return null;
    length = 0;
    for (let index = 0; index < octets; index += 1) length = length * 256 + (bytes[at + index] ?? 0);
    at += octets;
  }
  const end = at + length;
  if (end > bytes.length) return null;
  return { tag, content: bytes.subarray(at, end), whole: bytes.subarray(start, end) };
}
