import type { Read } from './memo.ts';

/**
 * The features that we support with any Gateway API, by the names of its conformance suite, sorted. A feature stands here
 * only while all its tests pass; docs/conformance.md has the reports. HTTPRouteExternalAuth and its kin do not: the
 * Gateway API's text names them, its suite (1.7) neither knows nor tests them.
 */
export const standardFeatures: readonly string[] = Object.freeze([
  'Gateway',
  'GatewayAddressEmpty',
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
  'ReferenceGrant',
]);

/** Those that also need fields which only the experimental channel's definitions have, sorted. */
export const experimentalFeatures: readonly string[] = Object.freeze([
  'GatewayAddressRoutability',
  'GatewayAddressRoutabilityCluster',
]);

/** Of these the ones that need data planes which the controller makes: only their addresses does it know. */
const provisionedFeatures: ReadonlySet<string> = new Set([
  'GatewayAddressRoutability',
  'GatewayAddressRoutabilityCluster',
]);

/**
 * What a GatewayClass of ours says it supports (Gateway API: GatewayClass, supportedFeatures), sorted: all that can be
 * used with the definitions that the cluster has.
 */
export function supportedFeatures(read: Read): readonly string[] {
  if (channelOf(read) === 'standard') return standardFeatures;
  return read.settings.dataPlanes === 'Provisioned' ? allFeatures : featuresElsewhere;
}

const allFeatures: readonly string[] = Object.freeze([...standardFeatures, ...experimentalFeatures].sort());
const featuresElsewhere: readonly string[] = Object.freeze(
  allFeatures.filter((one) => !provisionedFeatures.has(one)),
);

/** Of the Gateway API's definitions; a folder knows all their fields. */
export function channelOf(read: Read): 'standard' | 'experimental' {
  if (read.settings.dataPlanes === 'Standalone') return 'experimental';
  const definition = read.get('CustomResourceDefinition', '', 'gateways.gateway.networking.k8s.io');
  const channel = definition?.metadata.annotations['gateway.networking.k8s.io/channel'];
  return channel === 'experimental' ? channel : 'standard';
}
