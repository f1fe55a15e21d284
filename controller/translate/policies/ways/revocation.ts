// Certificates that are taken back, as users list them: certificate revocation lists (RFC 5280 section 5) or serial
// numbers, which nobody signs: who may write them is asked by Kubernetes.
import type { Revocation, RevocationList } from '#snapshot/client-certificate.ts';
import { derElements, derMembers, derTags, nameDigest, serialText, type DerElement } from '#snapshot/der.ts';
import { decodeOctets } from '../../data.ts';
import { signatureStanding, type SignedList } from './list-signature.ts';
import { namesNothing, revokedLines } from './revoked-lines.ts';

/** A list, or what is wrong with it. */
export type ReadRevocation =
  | {
      readonly kind: 'Read';
      readonly revocation: Revocation;
      /** Which of its lists are left out, and why: their issuers are none of the authorities. */
      readonly leftOut: readonly string[];
    }
  | { readonly kind: 'Invalid'; readonly detail: string };

/** Most certificates one source may name. */
const serialsMax = 50_000;

/**
 * Reads text: PEM blocks, or serial numbers, one a line, or `none`. `authorities`: whose lists count (PEM, a certificate
 * each); with none of them nobody is asked for a certificate, and signatures are not looked at.
 */
export function readRevocationText(text: string, authorities: readonly string[]): ReadRevocation {
  if (!text.includes('-----BEGIN')) {
    return serialsOf(text);
  }
  const blocks = text.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? [];
  if (blocks.length === 0 || blocks.length !== text.split('-----BEGIN').length - 1) {
    return invalid('holds something else than PEM blocks of X509 CRL');
  }
  const encoded = blocks.map((block) => decodeOctets(block.replaceAll(/-----[^-]+-----|\s/g, '')));
  return listsOf(encoded, authorities);
}

/** Reads one list in DER, itself in base64. */
export function readRevocationBinary(encoded: string, authorities: readonly string[]): ReadRevocation {
  return listsOf([decodeOctets(encoded)], authorities);
}

function serialsOf(text: string): ReadRevocation {
  const lines = revokedLines(text);
  if (lines === null) {
    return invalid(namesNothing);
  }
  const serials: string[] = [];
  for (const line of lines) {
    const written = (line.text.split('#')[0] ?? '').trim();
    const digits = written.replace(/^0x/i, '').replaceAll(':', '').toLowerCase();
    if (!/^[0-9a-f]{1,64}$/.test(digits)) {
      return invalid(`has no serial number in hexadecimal in line ${String(line.number)}`);
    }
    serials.push(digits.replace(/^0+(?=.)/, ''));
  }
  return bounded({ kind: 'Serials', serials: [...new Set(serials)].sort() }, serials.length);
}

function listsOf(encoded: readonly (Uint8Array | null)[], authorities: readonly string[]): ReadRevocation {
  const lists: RevocationList[] = [];
  const leftOut: string[] = [];
  for (const [index, one] of encoded.entries()) {
    const found = one === null ? 'is no base64' : readList(one);
    if (typeof found === 'string') {
      return invalid(found);
    }
    const standing = authorities.length === 0 ? 'Good' : signatureStanding(found, authorities);
    if (standing === 'NotItsIssuers' || standing === 'AlgorithmNotTaken') {
      return invalid(`holds list ${String(index + 1)}, ${standingWords[standing]}`);
    }
    if (standing === 'Unknown') {
      leftOut.push(`list ${String(index + 1)}, whose issuer is none that ${believed}`);
    } else {
      lists.push(found.list);
    }
  }
  if (lists.length === 0) {
    return invalid(`holds no list of an authority that ${believed}`);
  }
  const count = lists.reduce((sum, { serials }) => sum + serials.length, 0);
  return bounded({ kind: 'Lists', lists }, count, leftOut);
}

const believed = 'listeners verify clients by (spec.tls.frontend of the Gateway)';

const standingWords = {
  NotItsIssuers: `whose signature is not by the authority of that name that ${believed}`,
  AlgorithmNotTaken: 'which is signed by something else than RSA (PKCS #1) or ECDSA with SHA-2, or EdDSA',
} as const;

function bounded(revocation: Revocation, count: number, leftOut: readonly string[] = []): ReadRevocation {
  return count > serialsMax
    ? invalid(`names ${String(count)} certificates; at most ${String(serialsMax)} are read`)
    : { kind: 'Read', revocation, leftOut };
}

function invalid(detail: string): ReadRevocation {
  return { kind: 'Invalid', detail };
}

const extensionsTag = 0xa0;

/** Of TBSCertList what stands behind the issuer: thisUpdate, nextUpdate, revokedCertificates, extensions. */
function readList(der: Uint8Array): (SignedList & { readonly list: RevocationList }) | string {
  const found = signedList(der);
  if (found === null) {
    return 'is no certificate revocation list';
  }
  const [, end, ...optional] = found.rest;
  const nextUpdateMs = timeOf(end);
  if (nextUpdateMs === null) {
    return 'is a certificate revocation list without nextUpdate, which RFC 5280 demands';
  }
  const revoked = optional[0]?.tag === derTags.sequence ? optional.shift() : undefined;
  const extensions = optional[0]?.tag === extensionsTag ? optional.shift() : undefined;
  if (optional.length > 0) {
    return 'is a certificate revocation list with parts that cannot be read';
  }
  if (extensions !== undefined && !areUncritical(derMembers(extensions, extensionsTag)?.[0])) {
    return 'is a certificate revocation list with critical extensions (indirect, partial or a delta) or such as cannot be read; only whole lists are read';
  }
  const serials = revoked === undefined ? [] : serialsIn(revoked);
  if (serials === null) {
    return 'has an entry that cannot be read';
  }
  const list = { issuer: found.issuer, serials: [...new Set(serials)].sort(), nextUpdateMs };
  return { ...found, list };
}

/** CertificateList, and the begin of TBSCertList in it: version, signature, issuer; null for anything else. */
function signedList(der: Uint8Array): (SignedList & { readonly rest: readonly DerElement[] }) | null {
  const [whole, ...more] = derElements(der) ?? [];
  const [signed, algorithm, signature] = derMembers(whole, derTags.sequence) ?? [];
  const all = derMembers(signed, derTags.sequence) ?? [];
  const [named, issuer, ...rest] = all[0]?.tag === derTags.integer ? all.slice(1) : all;
  if (signed === undefined || algorithm === undefined || !isSame(named, algorithm)) {
    return null;
  }
  return issuer?.tag === derTags.sequence && signature?.tag === derTags.bitString && more.length === 0
    ? { issuer: nameDigest(issuer), signed, algorithm, signature, rest }
    : null;
}

/** What is signed names the algorithm as well (RFC 5280 section 5.1.1.2). */
function isSame(one: DerElement | undefined, other: DerElement): boolean {
  return one !== undefined && Buffer.compare(one.whole, other.whole) === 0;
}

/** Those of revokedCertificates; null where one cannot be read: it could be any. */
function serialsIn(revoked: DerElement): readonly string[] | null {
  const serials: string[] = [];
  const entries = derMembers(revoked, derTags.sequence);
  if (entries === null) {
    return null;
  }
  for (const entry of entries) {
    const [serial, time, extensions] = derMembers(entry, derTags.sequence) ?? [];
    if (serial?.tag !== derTags.integer || serial.content.length === 0 || timeOf(time) === null) {
      return null;
    }
    if (extensions !== undefined && !areUncritical(extensions)) {
      return null;
    }
    serials.push(serialText(serial));
  }
  return serials;
}

/** Whether none of the extensions is critical: whoever does not know one must not use the list (RFC 5280 section 5.2). */
function areUncritical(extensions: DerElement | undefined): boolean {
  return derMembers(extensions, derTags.sequence)?.every(isUncritical) ?? false;
}

function isUncritical(extension: DerElement): boolean {
  const [id, second, third] = derMembers(extension, derTags.sequence) ?? [];
  const isFalse = second?.tag === derTags.boolean && second.content[0] === 0;
  const value = isFalse ? third : second;
  return id?.tag === derTags.oid && value?.tag === derTags.octetString;
}

/** Milliseconds since 1970; null for no time (RFC 5280 section 4.1.2.5). */
function timeOf(element: DerElement | undefined): number | null {
  const text = Buffer.from(element?.content ?? []).toString('latin1');
  const isShort = element?.tag === derTags.utcTime;
  if (!isShort && element?.tag !== derTags.generalizedTime) {
    return null;
  }
  const found = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (found === null || (found[1]?.length === 2) !== isShort) {
    return null;
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  const century = isShort ? (year < 50 ? 2000 : 1900) : 0;
  return Math.max(0, Date.UTC(century + year, month - 1, day, hour, minute, second));
}
