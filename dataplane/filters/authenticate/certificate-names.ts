// Which names of a certificate count: as the subject, and on lists of those let in.
import type { CertificateNameKind, CertificateNameMatch } from '#snapshot/client-certificate.ts';
import type { CertificateFacts } from './certificate-facts.ts';

/** The name of the first of `kinds` of which the certificate has one; of several of one kind the first. Null for none. */
export function subjectOf(facts: CertificateFacts, kinds: readonly CertificateNameKind[]): string | null {
  for (const kind of kinds) {
    const name = nameOf(facts, kind);
    if (name !== null) return name;
  }
  return null;
}

/** Whether one of the certificate's names is as one of `allow` asks; anybody's is where that is empty. */
export function isAllowed(facts: CertificateFacts, allow: readonly CertificateNameMatch[]): boolean {
  return allow.length === 0 || allow.some((one) => fits(facts, one));
}

function nameOf({ names, commonNames }: CertificateFacts, kind: CertificateNameKind): string | null {
  switch (kind) {
    case 'SpiffeID':
      return spiffeId(names.uri);
    case 'URI':
      return names.uri[0] ?? null;
    case 'DNS':
      return names.dns[0]?.toLowerCase() ?? null;
    case 'Email':
      return names.email[0] ?? null;
    case 'CommonName':
      // which of several would be meant nobody knows
      return commonNames.length === 1 ? (commonNames[0] ?? null) : null;
    default:
      return kind satisfies never;
  }
}

/** An X509-SVID has exactly one URI, and it is the id (SPIFFE X509-SVID section 2). */
function spiffeId(uris: readonly string[]): string | null {
  const [uri, ...more] = uris;
  return uri !== undefined && more.length === 0 && spiffe.test(uri) ? uri : null;
}

/** SPIFFE-ID section 2: no port, user, query, fragment or percent-encoding, and no empty or relative segment. */
const spiffe = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*)$/;

function fits({ names }: CertificateFacts, { of, match, value }: CertificateNameMatch): boolean {
  switch (of) {
    case 'DNS':
      return names.dns.some((name) => reads(name.toLowerCase(), match, value.toLowerCase()));
    case 'Email':
      return names.email.some((name) => reads(name.toLowerCase(), match, value.toLowerCase()));
    case 'URI':
      return names.uri.some((name) => reads(name, match, value));
    case 'TrustDomain':
      return spiffe.exec(spiffeId(names.uri) ?? '')?.[1] === value;
    default:
      return of satisfies never;
  }
}

function reads(name: string, match: CertificateNameMatch['match'], value: string): boolean {
  switch (match) {
    case 'Exact':
      return name === value;
    case 'Prefix':
      return name.startsWith(value);
    case 'Suffix':
      return name.length > value.length && name.endsWith(value);
    default:
      return match satisfies never;
  }
}
