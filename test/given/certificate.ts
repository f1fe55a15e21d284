// Certificates for named hosts, made anew in each run.
import { createAuthorityCertificate, createServerCertificate } from '#controller/authority/certificate.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import { resourceId } from '#snapshot/ids.ts';

/** The resource `Certificate/<name>` for these DNS names, with its key; good for a day from now. */
export async function givenCertificate(name: string, hosts: readonly string[]): Promise<Certificate> {
  const now = Date.now();
  const validity = { fromMs: now - 60_000, untilMs: now + 86_400_000 };
  const authority = await createAuthorityCertificate('given authority', validity);
  const { certificate, key } = await createServerCertificate(authority, hosts, validity);
  return { kind: 'Certificate', id: resourceId('Certificate', name), chain: certificate, key };
}
