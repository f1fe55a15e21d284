import { createAuthorityCertificate, createServerCertificate } from '#controller/authority/certificate.ts';

/** An authority of the test's own, and Secrets with certificates signed by it. */
export interface TlsAuthority {
  /** What clients trust, PEM. */
  readonly ca: string;
  /** Secret `name` with a new certificate for `host`. */
  secretManifest(name: string, host: string): Promise<string>;
}

/** Good for an hour. */
export async function aTlsAuthority(): Promise<TlsAuthority> {
  const validity = { fromMs: Date.now() - 60_000, untilMs: Date.now() + 3_600_000 };
  const authority = await createAuthorityCertificate('test authority', validity);
  return {
    ca: authority.certificate,
    async secretManifest(name, host) {
      const { certificate, key } = await createServerCertificate(authority, [host], validity);
      const encoded = (text: string) => Buffer.from(text).toString('base64');
      return `
apiVersion: v1
kind: Secret
metadata: { name: ${name} }
type: kubernetes.io/tls
data: { tls.crt: ${encoded(certificate)}, tls.key: ${encoded(key.reveal())} }
`;
    },
  };
}
