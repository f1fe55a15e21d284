// Whether TLS is spoken with a port of a Service, by the BackendTLSPolicy that is nearest to it.
import type { Read } from '../memo.ts';
import { levelsAt, placesOfService } from '../policies/levels.ts';
import { backendTlsPolicyUnit, type BackendTlsTerms } from './backend-tls-policy.ts';

/** How a port of a Service is spoken with. `Closed`: its policy (`<namespace>/<name>`) cannot be enforced. */
export type ServiceTls =
  | { readonly kind: 'Clear' }
  | { readonly kind: 'Tls'; readonly terms: BackendTlsTerms }
  | { readonly kind: 'Closed'; readonly policy: string };

const clear: ServiceTls = Object.freeze({ kind: 'Clear' });

/**
 * TLS at the port `portName` (empty for one without a name) of a Service: the policy of the port puts aside that of
 * the whole Service, and one that cannot be enforced closes the port.
 */
export function serviceTls(read: Read, namespace: string, service: string, portName: string): ServiceTls {
  const policy = levelsAt(
    read,
    { kind: 'BackendTLSPolicy', unit: backendTlsPolicyUnit },
    placesOfService({ namespace, service, portName }),
  )
    .flat()
    .at(-1);
  if (policy === undefined) {
    return clear;
  }
  const { terms, title } = policy;
  return terms === null ? { kind: 'Closed', policy: title } : { kind: 'Tls', terms };
}
