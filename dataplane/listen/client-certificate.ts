import type { ClientCertificate } from '#dataplane/http/exchange.ts';
import type { X509Certificate } from 'node:crypto';

/** The certificate of one connection. Nothing of it is worked out before somebody asks, and its digest not twice. */
export class ConnectionCertificate implements ClientCertificate {
  readonly #x509: X509Certificate;
  #fingerprint: string | null = null;

  constructor(x509: X509Certificate) {
    this.#x509 = x509;
  }

  get fingerprint(): string {
    this.#fingerprint ??= this.#x509.fingerprint256.replaceAll(':', '').toLowerCase();
    return this.#fingerprint;
  }

  get der(): Uint8Array {
    return this.#x509.raw;
  }

  get pem(): string {
    return this.#x509.toString();
  }

  get subject(): string {
    return this.#x509.subject;
  }

  get issuer(): string {
    return this.#x509.issuer;
  }

  get notAfterMs(): number {
    return this.#x509.validToDate.getTime();
  }
}
