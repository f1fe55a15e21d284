import { createPrivateKey, X509Certificate } from 'node:crypto';
import { resourceId } from '#snapshot/ids.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import { Secret } from '#snapshot/secret.ts';
import { decodeBase64, entryOf } from './data.ts';
import { writtenListener, type ListenerParent, type ListenerShape } from './listeners.ts';
import type { Read, Unit } from './memo.ts';
import type { Problem } from './problem.ts';
import { mayRefer } from './reference-grant.ts';

/** What a listener shows to its clients. */
export interface FoundCertificates {
  readonly certificates: readonly Certificate[];
  readonly problems: readonly Problem[];
}

/** Those that can be had, in order, and what is wrong with the others: one bad certificate spoils only itself. */
export function certificatesOf(read: Read, shape: ListenerShape): FoundCertificates {
  const { parent } = shape;
  const { listener, field } = writtenListener(read, shape);
  const references = listener?.tls?.certificateRefs ?? [];
  if (references.length === 0) {
    return { certificates: [], problems: [{ kind: 'NoCertificate' }] };
  }
  const found = references.map((reference, index) =>
    referencedCertificate(read, parent, reference, `${field}.tls.certificateRefs[${String(index)}]`),
  );
  return {
    certificates: found.filter((one) => one.kind === 'Certificate'),
    problems: found.filter((one) => one.kind !== 'Certificate'),
  };
}

/** A reference of a Gateway to a Secret; without namespace: in its own. */
interface CertificateReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Why a reference to a certificate leads to none. */
export type CertificateProblem = Extract<Problem, { kind: `Certificate${string}` }>;

/**
 * The certificate that `home`, a Gateway or a ListenerSet, refers to in `field`; permission is looked at before existence.
 * What is granted to Gateways is not to their ListenerSets, and the other way round (GEP-1713).
 */
export function referencedCertificate(
  read: Read,
  home: Pick<ListenerParent, 'kind' | 'namespace'>,
  { group, kind, name, namespace = home.namespace }: CertificateReference,
  field: string,
): Certificate | CertificateProblem {
  if (group !== '' || kind !== 'Secret') {
    return { kind: 'CertificateKind', field, group, found: kind };
  }
  const secret = `${namespace}/${name}`;
  const from = { group: 'gateway.networking.k8s.io', kind: home.kind, namespace: home.namespace };
  if (!mayRefer(read, from, { group, kind, namespace }, name)) {
    return { kind: 'CertificateNotPermitted', field, from, secret, namespace };
  }
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

/** A certificate with its key, or why there is none. */
export type FoundCertificate =
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
    const [chain, key] = ['tls.crt', 'tls.key'].map(
      (field) => decodeBase64(entryOf(secret.data, field) ?? '') ?? '',
    );
    if (chain === undefined || key === undefined || chain === '' || key === '') {
      return { kind: 'Malformed', detail: 'needs tls.crt and tls.key in PEM' };
    }
    const detail = pairProblem(chain, key);
    const id = resourceId('Certificate', namespace, name);
    return detail === null
      ? { kind: 'Certificate', id, chain, key: new Secret(key) }
      : { kind: 'Malformed', detail };
  },
};

const certificatePem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** What keeps a chain and a key (PEM) from being used together. Says nothing of what the key holds. */
function pairProblem(chain: string, key: string): string | null {
  const parts = chain.match(certificatePem) ?? [];
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
