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
    return onOneLine(this.#x509.subject);
  }

  get issuer(): string {
    return onOneLine(this.#x509.issuer);
  }

  get notAfterMs(): number {
    return this.#x509.validToDate.getTime();
  }
}

/** Node tells a line a part, the most general first, with RFC 2253's escapes. */
function onOneLine(name: string): string {
  return name.split('\n').reverse().join(',');
}
