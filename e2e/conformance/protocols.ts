/** What the suite judges, by protocol: its profiles, the kinds of route that they are about, a test of each. */

export interface Protocol {
  readonly profile: string;
  /** Also the name of the feature that claims the profile. */
  readonly routeKind: string;
  /** One that cannot pass without the answer of a backend. */
  readonly test: string;
}

export const protocols: readonly Protocol[] = [
  { profile: 'GATEWAY-HTTP', routeKind: 'HTTPRoute', test: 'HTTPRouteSimpleSameNamespace' },
  { profile: 'GATEWAY-GRPC', routeKind: 'GRPCRoute', test: 'GRPCExactMethodMatching' },
  { profile: 'GATEWAY-TLS', routeKind: 'TLSRoute', test: 'TLSRouteSimpleSameNamespace' },
  { profile: 'GATEWAY-TCP', routeKind: 'TCPRoute', test: 'TCPRouteReferenceGrant' },
  { profile: 'GATEWAY-UDP', routeKind: 'UDPRoute', test: 'UDPRoute' },
];

/** Tests of what else the channels of the Gateway API define differently, by their features. */
const further: Readonly<Record<string, string>> = {
  BackendTLSPolicy: 'BackendTLSPolicy',
  GatewayFrontendClientCertificateValidation: 'GatewayFrontendClientCertificateValidation',
  GatewayStaticAddresses: 'GatewayStaticAddresses',
  HTTPRouteRetryCodes: 'HTTPRouteRetry',
  ListenerSet: 'ListenerSetHTTPRouting',
};

/** The profiles that these features claim. */
export function claimedProfiles(features: readonly string[]): readonly string[] {
  return protocols.filter(({ routeKind }) => features.includes(routeKind)).map(({ profile }) => profile);
}

/** For each kind that these features claim and of which a channel may have another definition, one test. */
export function sampleTests(features: readonly string[]): readonly string[] {
  const all = [
    ...protocols.map(({ routeKind, test }) => [routeKind, test] as const),
    ...Object.entries(further),
  ];
  return all.filter(([feature]) => features.includes(feature)).map(([, test]) => test);
}
