/** Whoever has a certificate that the listener verified, and that is among those let in. */
export interface ClientCertificateAuthentication {
  readonly kind: 'ClientCertificate';
  readonly name: string;
  /** Which of the certificate's names is the subject: of the first kind of which it has one. At least one. */
  readonly subjectFrom: readonly CertificateNameKind[];
  /** One of them must fit one of the certificate's names; empty: any certificate that the listener verified passes. */
  readonly allow: readonly CertificateNameMatch[];
  readonly revocation: Revocation | null;
  /** The certificate told to the backend; null: it is not. */
  readonly certificateHeader: CertificateHeader | null;
}

/** Kinds of names that a certificate can have (RFC 5280 section 4.2.1.6; SPIFFE X509-SVID section 2). */
export const certificateNameKinds = ['SpiffeID', 'URI', 'DNS', 'Email', 'CommonName'] as const;

/** One of {@link certificateNameKinds}. */
export type CertificateNameKind = (typeof certificateNameKinds)[number];

/** What a name must be. DNS and Email are compared without regard to case, URI with. */
export interface CertificateNameMatch {
  /** TrustDomain: `value` is that of a SPIFFE id, and `match` is Exact. */
  readonly of: 'DNS' | 'URI' | 'Email' | 'TrustDomain';
  readonly match: 'Exact' | 'Prefix' | 'Suffix';
  readonly value: string;
}

/**
 * Certificates that are taken back, by serial number (lower-case hexadecimal without leading zeros). Serials: whoever
 * issued them. Lists: by issuer; whose issuer has no list, or an old one, nobody can vouch for.
 */
export type Revocation =
  | { readonly kind: 'Serials'; readonly serials: readonly string[] }
  | { readonly kind: 'Lists'; readonly lists: readonly RevocationList[] };

/** A certificate revocation list (RFC 5280 section 5). */
export interface RevocationList {
  /** As `nameDigest` of der.ts tells it. */
  readonly issuer: string;
  readonly serials: readonly string[];
  /** When the next one was to come, in milliseconds since 1970. */
  readonly nextUpdateMs: number;
}

/** PEM: percent-encoded, on one line. XFCC: Envoy's x-forwarded-client-cert, without the certificate itself. */
export interface CertificateHeader {
  /** Lower case. */
  readonly header: string;
  readonly format: 'PEM' | 'XFCC';
}
