// Who has shown a certificate in the handshake. Headers that tell of one are never read.
import { nobody, type ClientCertificate, type Exchange, type Identity } from '#dataplane/http/exchange.ts';
import type { CredentialPlaces } from '#snapshot/authentication.ts';
import type {
  CertificateHeader,
  ClientCertificateAuthentication,
  Revocation,
} from '#snapshot/client-certificate.ts';
import type { Authenticator, Finding, Refusal } from './authenticator.ts';
import { certificateFacts, type CertificateFacts } from './certificate-facts.ts';
import { isAllowed, subjectOf } from './certificate-names.ts';
import { badCredential, keysUnavailable } from './findings.ts';
import { identityLine } from './identity-fields.ts';

/** What is known of a connection's certificate, until when. */
interface Known {
  readonly finding: Finding;
  readonly untilMs: number;
  /** What holds from then on. */
  readonly after: Finding;
}

/**
 * The way in by a certificate that the listener has verified.
 *
 * Hot path: a certificate is read once a connection; each request costs a look at the clock.
 */
export class CertificateAuthenticator implements Authenticator {
  readonly challenge = { missing: 'ClientCertificate', invalid: 'ClientCertificate' };
  readonly credential: CredentialPlaces = { sources: [], forwarded: true };
  readonly identityHeaders: readonly string[];
  readonly #rule: ClientCertificateAuthentication;
  readonly #revoked: RevokedSerials;
  readonly #now: () => number;
  readonly #known = new WeakMap<ClientCertificate, Known>();

  /** `now`: milliseconds since 1970. */
  constructor(rule: ClientCertificateAuthentication, now: () => number) {
    this.#rule = rule;
    this.#now = now;
    this.#revoked = new RevokedSerials(rule.revocation);
    this.identityHeaders = rule.certificateHeader === null ? [] : [rule.certificateHeader.header];
  }

  authenticate({ client: { certificate } }: Exchange): Finding | null {
    if (certificate === null) return null;
    let known = this.#known.get(certificate);
    if (known === undefined) {
      known = this.#examine(certificate);
      this.#known.set(certificate, known);
    }
    return this.#now() < known.untilMs ? known.finding : known.after;
  }

  #examine(certificate: ClientCertificate): Known {
    const facts = certificateFacts(certificate);
    if (facts === null) return always(this.#refusal('the certificate cannot be read'));
    const subject = subjectOf(facts, this.#rule.subjectFrom);
    if (subject === null)
      return always(this.#refusal('the certificate has no name that could be the subject'));
    if (!isAllowed(facts, this.#rule.allow))
      return always(this.#refusal('no name of the certificate is let in'));
    const revocation = this.#revoked.of(facts);
    if (revocation.kind === 'Revoked') return always(this.#refusal('the certificate is revoked'));
    if (revocation.kind === 'NoList') return always(this.#outage('no revocation list of its issuer'));
    const admission = { kind: 'Admission', ...this.#admitted(certificate, facts, subject) } as const;
    const { untilMs } = revocation;
    return untilMs < facts.notAfterMs
      ? { finding: admission, untilMs, after: this.#outage('the revocation list is over') }
      : { finding: admission, untilMs: facts.notAfterMs, after: this.#refusal('the certificate has ended') };
  }

  #admitted(certificate: ClientCertificate, facts: CertificateFacts, subject: string) {
    const { fingerprint } = certificate;
    const { names, issuer, serial, notAfterMs } = facts;
    const claims = Object.freeze({
      subject: facts.subject,
      sans: Object.freeze(names),
      issuer,
      serial,
      fingerprint,
      notAfter: new Date(notAfterMs).toISOString(),
    });
    const identity: Identity = {
      ...nobody,
      method: 'ClientCertificate',
      subject,
      claims,
      keyId: fingerprint,
    };
    const { certificateHeader } = this.#rule;
    const lines = certificateHeader === null ? [] : headerLines(certificateHeader, facts, certificate);
    return { identity: Object.freeze(identity), lines };
  }

  /** No guess: an authority has vouched for the certificate. */
  #refusal(detail: string): Refusal {
    return { ...badCredential(this.#rule.name, detail), isGuess: false };
  }

  #outage(detail: string): Finding {
    return keysUnavailable(`${this.#rule.name}: ${detail}`);
  }
}

function always(finding: Finding): Known {
  return { finding, untilMs: Number.POSITIVE_INFINITY, after: finding };
}

type Standing =
  | { readonly kind: 'Good'; readonly untilMs: number }
  | { readonly kind: 'Revoked' }
  | { readonly kind: 'NoList' };

/** Serial numbers by issuer, or by nobody in particular. */
class RevokedSerials {
  readonly #anybodys: ReadonlySet<string>;
  readonly #lists: ReadonlyMap<string, { serials: Set<string>; untilMs: number }> | null;

  constructor(revocation: Revocation | null) {
    this.#anybodys = new Set(revocation?.kind === 'Serials' ? revocation.serials : []);
    this.#lists = revocation?.kind === 'Lists' ? byIssuer(revocation.lists) : null;
  }

  of({ serial, issuerDigest }: CertificateFacts): Standing {
    if (this.#anybodys.has(serial)) return { kind: 'Revoked' };
    if (this.#lists === null) return { kind: 'Good', untilMs: Number.POSITIVE_INFINITY };
    const list = this.#lists.get(issuerDigest);
    if (list === undefined) return { kind: 'NoList' };
    return list.serials.has(serial) ? { kind: 'Revoked' } : { kind: 'Good', untilMs: list.untilMs };
  }
}

/** Of several lists of one issuer all count, until the last one of them is over. */
function byIssuer(lists: Extract<Revocation, { kind: 'Lists' }>['lists']) {
  const found = new Map<string, { serials: Set<string>; untilMs: number }>();
  for (const { issuer, serials, nextUpdateMs } of lists) {
    const before = found.get(issuer);
    found.set(issuer, {
      serials: before?.serials.union(new Set(serials)) ?? new Set(serials),
      untilMs: Math.max(nextUpdateMs, before?.untilMs ?? 0),
    });
  }
  return found;
}

function headerLines(
  { header, format }: CertificateHeader,
  facts: CertificateFacts,
  certificate: ClientCertificate,
): readonly string[] {
  const value =
    format === 'PEM'
      ? encodeURIComponent(certificate.pem)
      : forwardedCertificate(facts, certificate.fingerprint);
  return identityLine(header, value);
}

/** One element of Envoy's x-forwarded-client-cert: Hash, Subject, URI and DNS. */
function forwardedCertificate({ subject, names }: CertificateFacts, fingerprint: string): string {
  return [
    `Hash=${fingerprint}`,
    `Subject=${quoted(subject)}`,
    ...names.uri.map((uri) => `URI=${unambiguous(uri)}`),
    ...names.dns.map((name) => `DNS=${unambiguous(name)}`),
  ].join(';');
}

function unambiguous(value: string): string {
  return /[;,="\\ ]/.test(value) ? quoted(value) : value;
}

/** The backslashes of RFC 2253 that stand in a subject would else escape for the reader of the header. */
function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
