import { X509Certificate } from 'node:crypto';

/** The certificates in `text` as PEM, one after another; null when there is none or one cannot be read. */
export function authoritiesIn(text: string): string | null {
  const parts = text.match(certificatePem) ?? [];
  return parts.length > 0 && parts.every((part) => isCertificate(part))
    ? parts.map((part) => `${part}\n`).join('')
    : null;
}

const certificatePem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
