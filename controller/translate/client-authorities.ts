// Whose certificates clients of a port must show (Gateway API: GatewayTLSConfig.frontend, GEP-91).
import type { Gateway } from '#crds/gateway-api.ts';
import type { ClientCertificates } from '#snapshot/listener.ts';
import { joinedAuthorities, referencedAuthorities } from './authorities.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';
import { mayRefer } from './reference-grant.ts';

/** What is asked of clients at a port. */
export interface ClientAuthorities {
  /** Null: nothing, or what is asked cannot be. */
  readonly certificates: ClientCertificates | null;
  /** References that could not be resolved; the others hold. */
  readonly problems: readonly Problem[];
  /** None could: to serve without the certificates that are asked for would open a door. */
  readonly refused: Problem | null;
}

const nothing: ClientAuthorities = Object.freeze({
  certificates: null,
  problems: Object.freeze([]),
  refused: null,
});

type Reference = NonNullable<Validation['validation']>['caCertificateRefs'][number];
type Frontend = NonNullable<NonNullable<Gateway['spec']['tls']>['frontend']>;
type Validation = Frontend['default'];

/** Whether some port of `gateway` lets clients in whatever certificate they have. */
export function isInsecure(gateway: Gateway): boolean {
  const frontend = gateway.spec.tls?.frontend;
  const all = frontend === undefined ? [] : [frontend.default, ...frontend.perPort.map((one) => one.tls)];
  return all.some((one) => one.validation?.mode === 'AllowInsecureFallback');
}

/**
 * What `gateway` asks of the clients of its listeners at `port` with whom it shakes hands. The Gateway API says so of HTTPS;
 * TLS that ends here for other protocols is no reason to let in who has no certificate.
 */
export function clientAuthorities(read: Read, gateway: Gateway, port: number): ClientAuthorities {
  const found = validationAt(gateway, port);
  if (found?.validation === undefined) {
    return nothing;
  }
  const { caCertificateRefs, mode } = found.validation;
  const resolved = caCertificateRefs.map((reference, index) =>
    resolve(
      read,
      gateway.metadata.namespace,
      reference,
      `${found.field}.caCertificateRefs[${String(index)}]`,
    ),
  );
  const problems = resolved.filter((one) => typeof one !== 'string');
  const authorities = joinedAuthorities(resolved);
  if (authorities === null) {
    return { certificates: null, problems, refused: { kind: 'NoAuthority', field: found.field } };
  }
  return {
    certificates: {
      mode: mode === 'AllowInsecureFallback' ? 'Optional' : 'Required',
      authorities,
    },
    problems,
    refused: null,
  };
}

/** What the port says itself takes the place of the default, also when it asks nothing. */
function validationAt(gateway: Gateway, port: number): (Validation & { readonly field: string }) | null {
  const frontend = gateway.spec.tls?.frontend;
  if (frontend === undefined) {
    return null;
  }
  const at = frontend.perPort.findIndex((one) => one.port === port);
  const own = frontend.perPort[at];
  return own === undefined
    ? { ...frontend.default, field: 'spec.tls.frontend.default.validation' }
    : { ...own.tls, field: `spec.tls.frontend.perPort[${String(at)}].tls.validation` };
}

/** PEM of the authorities, or why there are none; permission is looked at before existence. */
function resolve(
  read: Read,
  gatewayNamespace: string,
  { group, kind, name, namespace = gatewayNamespace }: Reference,
  field: string,
): string | Problem {
  const from = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: gatewayNamespace };
  const isConfigMap = group === '' && kind === 'ConfigMap';
  if (isConfigMap && !mayRefer(read, from, { group, kind, namespace }, name)) {
    return { kind: 'AuthorityNotPermitted', field, from, configMap: `${namespace}/${name}`, namespace };
  }
  return referencedAuthorities(read, { field, group, kind, namespace, name }, 'InvalidCACertificateKind');
}
