// The kinds we read, and the door by which their objects come in: `unknown` goes in, a frozen object with all
// defaults or its problems come out. Does not know where objects come from.
import type * as z from 'zod';
import { authPolicySchema, type AuthPolicy } from './auth-policy.ts';
import { backendTlsPolicySchema, type BackendTLSPolicy } from './backend-tls-policy.ts';
import { banSchema, type Ban } from './ban.ts';
import { clientPolicySchema, type ClientPolicy } from './client-policy.ts';
import { consumerSchema, type Consumer } from './consumer.ts';
import { pathText, problemOf, tightestBounds, wordsOf, type FieldProblem } from './field-problem.ts';
import {
  gatewayClassSchema,
  gatewaySchema,
  referenceGrantSchema,
  type Gateway,
  type GatewayClass,
  type ReferenceGrant,
} from './gateway-api.ts';
import { gatewayParametersSchema, type GatewayParameters } from './gateway-parameters.ts';
import { grpcRouteSchema, type GRPCRoute } from './grpc-route.ts';
import { httpRouteSchema, type HTTPRoute } from './http-route.ts';
import { ingressClassSchema, ingressSchema, type Ingress, type IngressClass } from './ingress.ts';
import {
  clusterTrustBundleSchema,
  configMapSchema,
  customResourceDefinitionSchema,
  endpointSliceSchema,
  namespaceSchema,
  secretSchema,
  serviceSchema,
  type ClusterTrustBundle,
  type ConfigMap,
  type CustomResourceDefinition,
  type EndpointSlice,
  type Namespace,
  type Secret,
  type Service,
} from './kubernetes.ts';
import { listenerSetSchema, type ListenerSet } from './listener-set.ts';
import { nearestName } from './nearest-name.ts';
import { maxDepth, prune, type UnknownField } from './prune.ts';
import { planSchema, type Plan } from './plan.ts';
import { protectionPolicySchema, type ProtectionPolicy } from './protection-policy.ts';
import { rateLimitPolicySchema, type RateLimitPolicy } from './rate-limit-policy.ts';
import { isRecord } from './record.ts';
import {
  tcpRouteSchema,
  tlsRouteSchema,
  udpRouteSchema,
  type TCPRoute,
  type TLSRoute,
  type UDPRoute,
} from './stream-route.ts';
import { trafficPolicySchema, type TrafficPolicy } from './traffic-policy.ts';

/** The TypeScript type of each kind, after decoding. */
export interface KindMap {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly ListenerSet: ListenerSet;
  readonly HTTPRoute: HTTPRoute;
  readonly GRPCRoute: GRPCRoute;
  readonly TLSRoute: TLSRoute;
  readonly TCPRoute: TCPRoute;
  readonly UDPRoute: UDPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly BackendTLSPolicy: BackendTLSPolicy;
  readonly IngressClass: IngressClass;
  readonly Ingress: Ingress;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly ClusterTrustBundle: ClusterTrustBundle;
  readonly Namespace: Namespace;
  readonly CustomResourceDefinition: CustomResourceDefinition;
  readonly AuthPolicy: AuthPolicy;
  readonly RateLimitPolicy: RateLimitPolicy;
  readonly TrafficPolicy: TrafficPolicy;
  readonly ClientPolicy: ClientPolicy;
  readonly ProtectionPolicy: ProtectionPolicy;
  readonly Consumer: Consumer;
  readonly Ban: Ban;
  readonly Plan: Plan;
  readonly GatewayParameters: GatewayParameters;
}

/** The name of a kind we read. */
export type Kind = keyof KindMap;

/** Where the API server has a kind: `/apis/<group>/<version>/.../<plural>`; the core group is `''`. */
export interface KindInfo {
  readonly kind: Kind;
  readonly group: string;
  readonly version: string;
  /** Versions of the same schema by which servers that have not `version` serve the kind, in this order. */
  readonly older?: readonly string[];
  readonly plural: string;
  readonly namespaced: boolean;
}

/** All kinds we read. */
export const kinds: { readonly [K in Kind]: KindInfo } = Object.freeze({
  GatewayClass: gatewayApi('GatewayClass', 'gatewayclasses', 'Cluster'),
  Gateway: gatewayApi('Gateway', 'gateways', 'Namespaced'),
  ListenerSet: gatewayApi('ListenerSet', 'listenersets', 'Namespaced'),
  HTTPRoute: gatewayApi('HTTPRoute', 'httproutes', 'Namespaced'),
  GRPCRoute: gatewayApi('GRPCRoute', 'grpcroutes', 'Namespaced'),
  TLSRoute: gatewayApi('TLSRoute', 'tlsroutes', 'Namespaced'),
  TCPRoute: gatewayApi('TCPRoute', 'tcproutes', 'Namespaced'),
  UDPRoute: gatewayApi('UDPRoute', 'udproutes', 'Namespaced'),
  ReferenceGrant: gatewayApi('ReferenceGrant', 'referencegrants', 'Namespaced'),
  BackendTLSPolicy: gatewayApi('BackendTLSPolicy', 'backendtlspolicies', 'Namespaced'),
  IngressClass: networking('IngressClass', 'ingressclasses', 'Cluster'),
  Ingress: networking('Ingress', 'ingresses', 'Namespaced'),
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
  ClusterTrustBundle: info({
    kind: 'ClusterTrustBundle',
    group: 'certificates.k8s.io',
    version: 'v1',
    older: ['v1beta1'],
    plural: 'clustertrustbundles',
    namespaced: false,
  }),
  Namespace: info({ kind: 'Namespace', group: '', version: 'v1', plural: 'namespaces', namespaced: false }),
  CustomResourceDefinition: info({
    kind: 'CustomResourceDefinition',
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
    namespaced: false,
  }),
  AuthPolicy: ours('AuthPolicy', 'authpolicies'),
  RateLimitPolicy: ours('RateLimitPolicy', 'ratelimitpolicies'),
  TrafficPolicy: ours('TrafficPolicy', 'trafficpolicies'),
  ClientPolicy: ours('ClientPolicy', 'clientpolicies'),
  ProtectionPolicy: ours('ProtectionPolicy', 'protectionpolicies'),
  Consumer: ours('Consumer', 'consumers'),
  Ban: ours('Ban', 'bans'),
  Plan: ours('Plan', 'plans'),
  GatewayParameters: ours('GatewayParameters', 'gatewayparameters'),
});

function info(value: KindInfo): KindInfo {
  return Object.freeze(value);
}

function gatewayApi(kind: Kind, plural: string, scope: 'Cluster' | 'Namespaced'): KindInfo {
  const namespaced = scope === 'Namespaced';
  return info({ kind, group: 'gateway.networking.k8s.io', version: 'v1', plural, namespaced });
}

function networking(kind: Kind, plural: string, scope: 'Cluster' | 'Namespaced'): KindInfo {
  return info({
    kind,
    group: 'networking.k8s.io',
    version: 'v1',
    plural,
    namespaced: scope === 'Namespaced',
  });
}

function ours(kind: Kind, plural: string): KindInfo {
  return info({ kind, group: 'turnpike.dev', version: 'v1alpha1', plural, namespaced: true });
}

/** The schema of each kind, from which its type, its CRD and its decoder are made. */
export const schemas = Object.freeze({
  GatewayClass: gatewayClassSchema,
  Gateway: gatewaySchema,
  ListenerSet: listenerSetSchema,
  HTTPRoute: httpRouteSchema,
  GRPCRoute: grpcRouteSchema,
  TLSRoute: tlsRouteSchema,
  TCPRoute: tcpRouteSchema,
  UDPRoute: udpRouteSchema,
  ReferenceGrant: referenceGrantSchema,
  BackendTLSPolicy: backendTlsPolicySchema,
  IngressClass: ingressClassSchema,
  Ingress: ingressSchema,
  Service: serviceSchema,
  EndpointSlice: endpointSliceSchema,
  Secret: secretSchema,
  ConfigMap: configMapSchema,
  ClusterTrustBundle: clusterTrustBundleSchema,
  Namespace: namespaceSchema,
  CustomResourceDefinition: customResourceDefinitionSchema,
  AuthPolicy: authPolicySchema,
  RateLimitPolicy: rateLimitPolicySchema,
  TrafficPolicy: trafficPolicySchema,
  ClientPolicy: clientPolicySchema,
  ProtectionPolicy: protectionPolicySchema,
  Consumer: consumerSchema,
  Ban: banSchema,
  Plan: planSchema,
  GatewayParameters: gatewayParametersSchema,
}) satisfies { readonly [K in Kind]: z.ZodType };

/**
 * An object of a kind, frozen all the way down and with the defaults of its CRD; or what is wrong with it.
 * `unknownFields`: what the schema does not know and the API server would drop without a word (not of core kinds: of
 * those we read a part).
 */
export type Decoded<T> =
  | { readonly ok: true; readonly object: T; readonly unknownFields: readonly FieldProblem[] }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** The kind that a manifest's `apiVersion` and `kind` name; undefined when it is none that we read. */
export function kindOf(apiVersion: unknown, kind: unknown): Kind | undefined {
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isKind(kind)) return undefined;
  return servedVersions(kind).includes(apiVersion) ? kind : undefined;
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(kinds, text);
}

/** What stands in `apiVersion`: the one we use first, then older ones with the same schema. */
function servedVersions(kind: Kind): readonly string[] {
  const { group, version, older = olderGatewayApi(kind) }: KindInfo = kinds[kind];
  return [version, ...older].map((one) => apiVersionOf({ group, version: one }));
}

/** By which manifests may name a kind of the Gateway API, though the API server has it by ours too. */
function olderGatewayApi(kind: Kind): readonly string[] {
  if (kinds[kind].group !== 'gateway.networking.k8s.io') return [];
  return olderVersions[kind] ?? ['v1beta1'];
}

const olderVersions: { readonly [K in Kind]?: readonly string[] } = {
  BackendTLSPolicy: ['v1alpha3'],
  TLSRoute: ['v1alpha3', 'v1alpha2'],
  TCPRoute: ['v1alpha2'],
  UDPRoute: ['v1alpha2'],
};

/** The `apiVersion` of objects of a group (empty: Kubernetes' own first one) and version. */
export function apiVersionOf({ group, version }: Pick<KindInfo, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

/**
 * An object as the API server sends it. `apiVersion` and `kind` may be left out, as in the items of a list; the
 * namespace left out is `default`. Never throws.
 */
export function decodeObject<K extends Kind>(kind: K, value: unknown): Decoded<KindMap[K]> {
  if (!isRecord(value)) {
    return {
      ok: false,
      problems: [{ path: '', message: 'must be an object with apiVersion, kind, metadata and spec' }],
    };
  }
  const { value: pruned, unknown, tooDeep } = prune(schemas[kind], asServed(kind, value));
  if (tooDeep.length > 0) return { ok: false, problems: tooDeep.map(nestedTooDeep) };
  const misread = partlyRead(kind) ? [] : unknown.filter(isTold);
  const unknownFields = misread.map(unknownField);
  const result = schemas[kind].safeParse(pruned, { reportInput: true, error: wordsOf });
  if (!result.success) {
    const around = new Set(misread.map(({ path }) => pathText(path.slice(0, -1))));
    const homes = new Set(
      misread.flatMap(({ path, home }) => {
        if (home === null) return [];
        const list = typeof home.at(-1) === 'number' ? home.slice(0, -1) : home;
        return [list, home, [...home, path.at(-1) ?? '']].map(pathText);
      }),
    );
    // A rule between the fields of an object says nothing of worth while one of them goes by another name or stands
    // elsewhere; nor does it that the object is missing which is to take it, or what is to be taken.
    const known = tightestBounds(result.error.issues).filter((issue) => {
      const place = pathText(issue.path);
      if (issue.code === 'custom') return !around.has(place) && !homes.has(place);
      return issue.code !== 'invalid_type' || issue.input !== undefined || !homes.has(place);
    });
    return { ok: false, problems: [...known.map((issue) => problemOf(issue, pruned)), ...unknownFields] };
  }
  // The table of schemas and the map of types have been made from one another.
  return { ok: true, object: freezeDeep(result.data) as unknown as KindMap[K], unknownFields };
}

/**
 * An object as a person wrote it into a file: as {@link decodeObject}, but unknown fields are problems (as they are
 * to kubectl) and what only the API server may write is not taken from it.
 */
export function decodeManifest<K extends Kind>(kind: K, value: unknown): Decoded<KindMap[K]> {
  if (!isRecord(value)) return decodeObject(kind, value);
  const { status: _, ...written } = value;
  const decoded = decodeObject(kind, written);
  if (!decoded.ok || decoded.unknownFields.length === 0) return decoded;
  return { ok: false, problems: decoded.unknownFields };
}

/** Where the API server fills in by what the object is, not by its schema. */
function asServed(kind: Kind, value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const [version, ...older] = servedVersions(kind);
  const apiVersion = older.some((one) => one === value['apiVersion']) ? version : value['apiVersion'];
  const metadata = value['metadata'];
  if (!isRecord(metadata)) return { ...value, apiVersion };
  const namespace = kinds[kind].namespaced ? (metadata['namespace'] ?? 'default') : '';
  return { ...value, apiVersion, metadata: { ...metadata, namespace } };
}

const wholeGroups = new Set(['gateway.networking.k8s.io', 'networking.k8s.io', 'turnpike.dev']);

function partlyRead(kind: Kind): boolean {
  const { group } = kinds[kind];
  return !wholeGroups.has(group);
}

const metadataNotRead = new Set([
  'deletionGracePeriodSeconds',
  'finalizers',
  'generateName',
  'managedFields',
  'ownerReferences',
  'selfLink',
]);

/** Not told: what stands in a status (newer CRDs may add to it), and metadata that every object may have. */
function isTold({ path: [top, second] }: UnknownField): boolean {
  return top !== 'status' && !(top === 'metadata' && metadataNotRead.has(String(second)));
}

function unknownField({ path, known, home }: UnknownField): FieldProblem {
  if (home !== null) {
    const place = home.length === 0 ? 'at the top of the object' : `in ${pathText(home)}`;
    return {
      path: pathText(path),
      message: `is an unknown field here: it belongs ${place}, so move it there`,
    };
  }
  const meant = nearestName(String(path.at(-1)), known);
  const remedy =
    meant === undefined
      ? `take one of ${known.toSorted().join(', ')}, or remove it`
      : `did you mean ${meant}?`;
  return { path: pathText(path), message: `is an unknown field: ${remedy}` };
}

function nestedTooDeep(path: readonly (string | number)[]): FieldProblem {
  return { path: pathText(path.slice(0, 8)), message: `is nested deeper than ${maxDepth} levels: remove it` };
}

function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freezeDeep);
  }
  return value;
}
