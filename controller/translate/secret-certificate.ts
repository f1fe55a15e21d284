// A certificate as a Secret holds it. Does not know who refers to it.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Certificate } from '#snapshot/certificate.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import { decodeBase64, entryOf } from './data.ts';
import type { Read, Unit } from './memo.ts';
import { certificatesIn } from './pem.ts';
import type { Problem } from './problem.ts';

/** A certificate with its key, or why there is none. */
type FoundCertificate =
  | Certificate
  | { readonly kind: 'NotFound' }
  | { readonly kind: 'Malformed'; readonly detail: string };

/** The certificate and key of a Secret of type kubernetes.io/tls, by its namespace and name. */
export const certificateUnit: Unit<FoundCertificate> = {
  name: 'certificate',
  compute(read, namespace = '', name = '') {
    const secret = read.get('Secret', namespace, name);
    if (secret === undefined) {
      return { kind: 'NotFound' };
    }
    const textAt = (field: string) => decodeBase64(entryOf(secret.data, field) ?? '') ?? '';
    const [chain, key] = [textAt('tls.crt'), textAt('tls.key')];
    if (chain === '' || key === '') {
      return { kind: 'Malformed', detail: 'needs tls.crt and tls.key in PEM' };
    }
    const detail = pairProblem(chain, key);
    const id = resourceId('Certificate', namespace, name);
    return detail === null
      ? { kind: 'Certificate', id, chain, key: new Secret(key) }
      : { kind: 'Malformed', detail };
  },
};

/** The certificate of the Secret that `field` names, or why there is none. */
export function secretCertificate(
  read: Read,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  field: string,
): Certificate | Extract<Problem, { kind: 'CertificateNotFound' | 'CertificateMalformed' }> {
  const secret = `${namespace}/${name}`;
  const found = read.ask(certificateUnit, namespace, name);
  switch (found.kind) {
    case 'Certificate':
      return found;
    case 'NotFound':
      return { kind: 'CertificateNotFound', field, secret };
    case 'Malformed':
      return { kind: 'CertificateMalformed', field, secret, detail: found.detail };
    default:
      return found satisfies never;
  }
}

/** What keeps a chain and a key (PEM) from being used together. Says nothing of what the key holds. */
function pairProblem(chain: string, key: string): string | null {
  const parts = certificatesIn(chain);
  if (parts.length === 0) {
    return 'tls.crt holds no PEM certificate';
  }
  let certificates: readonly X509Certificate[];
  try {
    certificates = parts.map((part) => new X509Certificate(part));
  } catch {
    return 'tls.crt holds a certificate that cannot be read';
  }
  try {
    const matches = certificates[0]?.checkPrivateKey(createPrivateKey(key)) ?? false;
    return matches ? null : 'tls.key is not the key of the first certificate in tls.crt';
  } catch {
    return 'tls.key holds no private key that can be read (it must be PEM, and not encrypted)';
  }
}
