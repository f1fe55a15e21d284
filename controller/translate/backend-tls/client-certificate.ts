// What a Gateway shows to backends that ask for a certificate (Gateway API: GatewayBackendTLS, GEP-3155).
import type { Certificate } from '#snapshot/certificate.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { referencedCertificate, type CertificateProblem } from '../certificates.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';

/** What a Gateway names as its certificate. */
export interface BackendCertificate {
  /** Null: none can be shown. */
  readonly certificate: Certificate | null;
  readonly problem: Problem | null;
}

/** The client certificate of the Gateway of a namespace and name; null when it names none. */
export const backendCertificateUnit: Unit<BackendCertificate | null> = {
  name: 'backend certificate',
  compute(read, namespace = '', name = '') {
    const reference = read.get('Gateway', namespace, name)?.spec.tls?.backend?.clientCertificateRef;
    if (reference === undefined) {
      return null;
    }
    const field = 'spec.tls.backend.clientCertificateRef';
    const found = referencedCertificate(read, { kind: 'Gateway', namespace }, reference, field);
    return found.kind === 'Certificate'
      ? { certificate: found, problem: null }
      : { certificate: null, problem: unresolved(found) };
  },
};

function unresolved(cause: CertificateProblem): Problem {
  return cause.kind === 'CertificateNotPermitted' ? cause : { kind: 'ClientCertificateUnresolved', cause };
}

/**
 * `resources` of a Gateway, with its certificate shown to all Services that TLS is spoken with. The key goes to data
 * planes only where there is such a Service; addresses outside the cluster, which users name, are not shown it.
 */
export function withBackendCertificate(
  read: Read,
  gateway: readonly string[],
  resources: readonly Resource[],
): readonly Resource[] {
  const certificate = read.ask(backendCertificateUnit, ...gateway)?.certificate ?? null;
  if (certificate === null || !resources.some((one) => asksForCertificate(one))) {
    return resources;
  }
  const shown = resources.map((one) =>
    asksForCertificate(one) ? { ...one, tls: { ...one.tls, clientCertificate: certificate.id } } : one,
  );
  return [...shown, certificate];
}

type TlsCluster = Extract<Resource, { kind: 'Cluster' }> & {
  readonly tls: NonNullable<Extract<Resource, { kind: 'Cluster' }>['tls']>;
};

function asksForCertificate(resource: Resource): resource is TlsCluster {
  return resource.kind === 'Cluster' && resource.tls !== null && resource.outside === null;
}
