/**
 * What a GatewayClass of ours says it supports (Gateway API: GatewayClass, supportedFeatures): the features by the names
 * of the conformance suite, sorted. A feature stands here only while all its tests pass; docs/conformance.md has the report.
 */
export const supportedFeatures: readonly string[] = Object.freeze(['Gateway', 'HTTPRoute', 'ReferenceGrant']);
