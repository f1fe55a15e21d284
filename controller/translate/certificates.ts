import type { Certificate } from '#snapshot/certificate.ts';
import { writtenListener, type ListenerParent, type ListenerShape } from './listeners.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';
import { mayRefer } from './reference-grant.ts';
import { secretCertificate } from './secret-certificate.ts';

/** What a listener shows to its clients. */
interface FoundCertificates {
  readonly certificates: readonly Certificate[];
  readonly problems: readonly Problem[];
}

/** Those that can be had, in order, and what is wrong with the others: one bad certificate spoils only itself. */
export function certificatesOf(read: Read, shape: ListenerShape): FoundCertificates {
  const { parent } = shape;
  const { listener, field } = writtenListener(read, shape);
  const references = listener?.tls?.certificateRefs ?? [];
  if (references.length === 0) {
    return { certificates: [], problems: [{ kind: 'NoCertificate', field: `${field}.tls.certificateRefs` }] };
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
  const from = { group: 'gateway.networking.k8s.io', kind: home.kind, namespace: home.namespace };
  if (!mayRefer(read, from, { group, kind, namespace }, name)) {
    return { kind: 'CertificateNotPermitted', field, from, secret: `${namespace}/${name}`, namespace };
  }
  return secretCertificate(read, { namespace, name }, field);
}
