import { channelOf } from './gateway-api-version.ts';
import type { Read } from './memo.ts';

/**
 * The features that we support with any Gateway API, by the names of its conformance suite, sorted. A feature stands here
 * only while all its tests pass; docs/conformance.md has the reports. HTTPRouteExternalAuth and its kin do not: the
 * Gateway API's text names them, its suite (1.7) neither knows nor tests them.
 */
export const standardFeatures: readonly string[] = Object.freeze([
  'BackendTLSPolicy',
  'BackendTLSPolicySANValidation',
  'GRPCRoute',
  'GRPCRouteNamedRouteRule',
  'GRPCRouteRequestHeaderModifier',
  'Gateway',
  'GatewayAddressEmpty',
  'GatewayBackendClientCertificate',
  'GatewayFrontendClientCertificateValidation',
  'GatewayFrontendClientCertificateValidationInsecureFallback',
  'GatewayHTTPListenerIsolation',
  'GatewayHTTPSListenerDetectMisdirectedRequests',
  'GatewayInfrastructure',
  'GatewayPort8080',
  'GatewayRouteHostnameIntersectionPrecedence',
  'GatewayStaticAddresses',
  'HTTPRoute',
  'HTTPRoute303RedirectStatusCode',
  'HTTPRoute307RedirectStatusCode',
  'HTTPRoute308RedirectStatusCode',
  'HTTPRouteBackendProtocolH2C',
  'HTTPRouteBackendProtocolWebSocket',
  'HTTPRouteBackendRequestHeaderModification',
  'HTTPRouteBackendTimeout',
  'HTTPRouteBackendURLRewrite',
  'HTTPRouteCORS',
  'HTTPRouteDestinationPortMatching',
  'HTTPRouteHostRewrite',
  'HTTPRouteMethodMatching',
  'HTTPRouteNamedRouteRule',
  'HTTPRouteParentRefPort',
  'HTTPRoutePathRedirect',
  'HTTPRoutePathRewrite',
  'HTTPRoutePortRedirect',
  'HTTPRouteQueryParamMatching',
  'HTTPRouteRequestMirror',
  'HTTPRouteRequestMultipleMirrors',
  'HTTPRouteRequestPercentageMirror',
  'HTTPRouteRequestTimeout',
  'HTTPRouteResponseHeaderModification',
  'HTTPRouteRetryCodes',
  'HTTPRouteRetryConnectionError',
  'HTTPRouteSchemeRedirect',
  'ListenerSet',
  'ReferenceGrant',
  'TCPRoute',
  'TLSRoute',
  'TLSRouteModeMixed',
  'TLSRouteModeTerminate',
  'UDPRoute',
]);

/** Those that also need fields which only the experimental channel's definitions have, sorted. */
export const experimentalFeatures: readonly string[] = Object.freeze([
  'ClusterTrustBundle',
  'GatewayAddressRoutability',
  'GatewayAddressRoutabilityCluster',
  'GatewayListenerFilters',
]);

/** Of these the ones that need more than fields. */
const conditions: Readonly<Record<string, (read: Read) => boolean>> = Object.freeze({
  ClusterTrustBundle: hasBundles,
  GatewayAddressRoutability: makesDataPlanes,
  GatewayAddressRoutabilityCluster: makesDataPlanes,
});

/**
 * What a GatewayClass of ours says it supports (Gateway API: GatewayClass, supportedFeatures), sorted: all that can be
 * used with the definitions that the cluster has.
 */
export function supportedFeatures(read: Read): readonly string[] {
  if (channelOf(read) === 'standard') return standardFeatures;
  return allFeatures.filter((one) => conditions[one]?.(read) ?? true);
}

const allFeatures: readonly string[] = Object.freeze([...standardFeatures, ...experimentalFeatures].sort());

/** Many API servers have none (GEP-5075). */
function hasBundles(read: Read): boolean {
  return read.served('ClusterTrustBundle');
}

/** Of others' data planes the controller does not know the addresses. */
function makesDataPlanes(read: Read): boolean {
  return read.settings.dataPlanes === 'Provisioned';
}
