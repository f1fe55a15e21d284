// The kinds we read, and the door by which their objects come in: `unknown` goes in, a frozen object with all
// defaults or its problems come out.
import type { AuthPolicy } from './auth-policy.ts';
import type { Gateway, GatewayClass, ReferenceGrant } from './gateway-api.ts';
import type { GatewayParameters } from './gateway-parameters.ts';
import type { HTTPRoute } from './http-route.ts';
import type { ConfigMap, EndpointSlice, Namespace, Secret, Service } from './kubernetes.ts';
import type { RateLimitPolicy } from './rate-limit-policy.ts';

/** The TypeScript type of each kind, after decoding. */
export interface KindMap {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly HTTPRoute: HTTPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly Namespace: Namespace;
  readonly AuthPolicy: AuthPolicy;
  readonly RateLimitPolicy: RateLimitPolicy;
  readonly GatewayParameters: GatewayParameters;
}

export type Kind = keyof KindMap;

/** Where the API server has a kind: `/apis/<group>/<version>/.../<plural>`; the core group is `''`. */
export interface KindInfo {
  readonly kind: Kind;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** All kinds we read. */
export const kinds: { readonly [K in Kind]: KindInfo } = Object.freeze({
  GatewayClass: gatewayApi('GatewayClass', 'gatewayclasses', 'Cluster'),
  Gateway: gatewayApi('Gateway', 'gateways', 'Namespaced'),
  HTTPRoute: gatewayApi('HTTPRoute', 'httproutes', 'Namespaced'),
  ReferenceGrant: gatewayApi('ReferenceGrant', 'referencegrants', 'Namespaced'),
  Service: info({ kind: 'Service', group: '', version: 'v1', plural: 'services', namespaced: true }),
  EndpointSlice: info({
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    version: 'v1',
    plural: 'endpointslices',
    namespaced: true,
  }),
  Secret: info({ kind: 'Secret', group: '', version: 'v1', plural: 'secrets', namespaced: true }),
  ConfigMap: info({ kind: 'ConfigMap', group: '', version: 'v1', plural: 'configmaps', namespaced: true }),
  Namespace: info({ kind: 'Namespace', group: '', version: 'v1', plural: 'namespaces', namespaced: false }),
  AuthPolicy: ours('AuthPolicy', 'authpolicies'),
  RateLimitPolicy: ours('RateLimitPolicy', 'ratelimitpolicies'),
  GatewayParameters: ours('GatewayParameters', 'gatewayparameters'),
});

function info(value: KindInfo): KindInfo {
  return Object.freeze(value);
}

function gatewayApi(kind: Kind, plural: string, scope: 'Cluster' | 'Namespaced'): KindInfo {
  const namespaced = scope === 'Namespaced';
  return info({ kind, group: 'gateway.networking.k8s.io', version: 'v1', plural, namespaced });
}

function ours(kind: Kind, plural: string): KindInfo {
  return info({ kind, group: 'turnpike.dev', version: 'v1alpha1', plural, namespaced: true });
}
