import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAuthorityCertificate, createServerCertificate } from '#controller/authority/certificate.ts';
import type { CertificateFiles } from './peers/peer.ts';

/** Whom the certificate is for, and what requests name as their host. */
export const benchHost = 'bench.example';

/** Writes a certificate of P-256, good for a day, into the folder. */
export async function writeCertificate(folder: string): Promise<CertificateFiles> {
  const now = Date.now();
  const validity = { fromMs: now - 60_000, untilMs: now + 86_400_000 };
  const authority = await createAuthorityCertificate('bench', validity);
  const { certificate, key } = await createServerCertificate(authority, [benchHost], validity);
  const files = {
    chain: path.join(folder, 'chain.pem'),
    key: path.join(folder, 'key.pem'),
    joined: path.join(folder, 'joined.pem'),
  };
  await writeFile(files.chain, certificate);
  await writeFile(files.key, key.reveal(), { mode: 0o600 });
  await writeFile(files.joined, `${certificate}\n${key.reveal()}`, { mode: 0o600 });
  return files;
}
