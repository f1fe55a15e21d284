// A BackendTLSPolicy by itself: on which terms TLS is spoken with the Services it names (Gateway API:
// BackendTLSPolicy, GEP-1897). Which Services these are, and which policy holds there, is not its matter.
import type { BackendTLSPolicy } from '#crds/backend-tls-policy.ts';
import type { ClusterTls } from '#snapshot/cluster.ts';
import { joinedAuthorities, referencedAuthorities } from '../authorities.ts';
import type { Read, Unit } from '../memo.ts';
import { findRefused } from '../policies/source.ts';
import type { Problem } from '../problem.ts';

/** What a policy says of TLS; the client's certificate is its Gateway's. */
export type BackendTlsTerms = Omit<ClusterTls, 'clientCertificate'>;

/** A policy, made ready to be attached. */
export interface BackendTlsModel {
  /** `<namespace>/<name>`. */
  readonly title: string;
  /** Null: it cannot be enforced, and nothing may be sent to the Services it holds for. */
  readonly terms: BackendTlsTerms | null;
  /** Why there are no terms. */
  readonly problem: Problem | null;
  /** References that could not be resolved; the others hold. */
  readonly referenceProblems: readonly Problem[];
  /** Fields that have no effect. */
  readonly ignored: readonly string[];
}

/** The BackendTLSPolicy of a namespace and name; null when there is none. */
export const backendTlsPolicyUnit: Unit<BackendTlsModel | null> = {
  name: 'BackendTLSPolicy',
  compute(read, namespace = '', name = '') {
    const object = read.get('BackendTLSPolicy', namespace, name);
    const title = `${namespace}/${name}`;
    if (object === undefined) {
      const refused = findRefused(read, 'BackendTLSPolicy', namespace, name);
      return refused === null
        ? null
        : { title, terms: null, problem: refused.problem, referenceProblems: [], ignored: [] };
    }
    const { hostname, subjectAltNames } = object.spec.validation;
    const { authorities, problem, referenceProblems } = trusted(read, object);
    const names = subjectAltNames.map(({ type, hostname: host = '', uri = '' }) => ({
      type,
      value: type === 'URI' ? uri : host,
    }));
    return {
      title,
      terms: problem === null ? { hostname, subjectAltNames: names, authorities } : null,
      problem,
      referenceProblems,
      ignored: Object.keys(object.spec.options).length === 0 ? [] : ['spec.options'],
    };
  },
};

interface Trusted {
  /** PEM; null for those of the system. */
  readonly authorities: string | null;
  readonly problem: Problem | null;
  readonly referenceProblems: readonly Problem[];
}

const field = 'spec.validation';

function trusted(read: Read, { metadata: { namespace }, spec }: BackendTLSPolicy): Trusted {
  const { caCertificateRefs, wellKnownCACertificates: wellKnown } = spec.validation;
  if (wellKnown !== undefined) {
    const problem: Problem | null =
      wellKnown === 'System'
        ? null
        : {
            kind: 'PolicyInvalid',
            field: `${field}.wellKnownCACertificates`,
            detail: `${wellKnown} is not known; write System, or name ConfigMaps in caCertificateRefs`,
          };
    return { authorities: null, problem, referenceProblems: [] };
  }
  const found = caCertificateRefs.map((reference, index) =>
    referencedAuthorities(
      read,
      { ...reference, namespace, field: `${field}.caCertificateRefs[${String(index)}]` },
      'InvalidKind',
    ),
  );
  const authorities = joinedAuthorities(found);
  return {
    authorities,
    problem:
      authorities === null ? { kind: 'NoBackendAuthority', field: `${field}.caCertificateRefs` } : null,
    referenceProblems: found.filter((one) => typeof one !== 'string'),
  };
}
