/**
 * What others have published in conformance/reports of github.com/kubernetes-sigs/gateway-api, counted in their reports
 * as they stood at {@link source}: of each implementation the report of the newest suite, and of several the one with the
 * most features. Later ones may be there by now.
 */

export interface PublishedReport {
  readonly name: string;
  readonly version: string;
  /** The release of the Gateway API, and so of the suite. */
  readonly gatewayAPI: string;
  readonly channel: string;
  /** Below conformance/reports. */
  readonly file: string;
  /** Different extended features in all profiles, without the kinds TCPRoute and UDPRoute. */
  readonly features: number;
  /** By profile. */
  readonly tests: Readonly<Record<string, Counts>>;
}

/** Core tests that passed, all core tests, extended ones that passed, all extended ones of the features claimed. */
type Counts = readonly [number, number, number, number];

/** The commit whose reports were read. */
export const source = { commit: '4564255ac2c35d582249b3cdf261bdf51c8bca32', date: '2026-08-21' } as const;

/** How many extended features the suites of a release know in the profiles of gateways, counted as above. */
export const featuresOfRelease: Readonly<Record<string, number>> = { 'v1.5': 37, 'v1.6': 40, 'v1.7': 45 };

type Row = readonly [
  name: string,
  version: string,
  gatewayAPI: string,
  channel: string,
  file: string,
  features: number,
  /** By profile, without its `GATEWAY-`. */
  tests: Readonly<Record<string, Counts>>,
];

const rows: readonly Row[] = [
  ['agentgateway', 'v1.3.1', 'v1.6.0', 'experimental', 'v1.6/agentgateway-agentgateway/v1.3.1-report.yaml', 40, { HTTP: [37, 37, 57, 57], GRPC: [15, 15, 10, 10], TLS: [20, 20, 15, 15] }],
  ['Airlock Microgateway', '5.1.0', 'v1.6.0', 'experimental', 'v1.6/airlock-microgateway/experimental-5.1.0-default-report.yaml', 32, { HTTP: [37, 37, 50, 50] }],
  ['AWS Load Balancer Controller', 'v3.5.0', 'v1.6.1', 'standard', 'v1.6/aws-load-balancer-controller/conformance-report.yaml', 5, { HTTP: [26, 38, 16, 17] }],
  ['Cilium', 'v1.20.0', 'v1.6.1', 'experimental', 'v1.6/cilium/experimental-v1.20.0-default-report.yaml', 32, { HTTP: [37, 37, 47, 47], GRPC: [15, 15, 10, 10], TLS: [20, 20, 11, 11], TCP: [19, 19, 10, 10], UDP: [20, 20, 10, 10] }],
  ['Envoy Gateway', 'v1.9.0', 'v1.6.1', 'experimental', 'v1.6/envoy-gateway/experimental-v1.9.0-gateway-namespace-mode-report.yaml', 39, { HTTP: [37, 37, 56, 56], GRPC: [15, 15, 10, 10], TLS: [20, 20, 15, 15] }],
  ['GKE Gateway', '1.36.2-gke.2154000', 'v1.6.0', 'standard', 'v1.6/gke-gateway/v1.6.0-gke-report.yaml', 12, { HTTP: [37, 37, 19, 19] }],
  ['Gravitee', '4.12.10', 'v1.6.1', 'standard', 'v1.6/gravitee/standard-4.12.10-default-report.yaml', 15, { HTTP: [37, 37, 19, 19] }],
  ['HAProxy Ingress', 'v0.17.0-alpha.1', 'v1.5.1', 'experimental', 'v1.5/haproxy-ingress/experimental-v0.17.0-alpha.1-default-report.yaml', 8, { HTTP: [33, 33, 9, 9] }],
  ['Higress', 'v2.2.4', 'v1.6.0', 'standard', 'v1.6/higress-group-higress/standard-v2.2.4-default-report.yaml', 0, { HTTP: [37, 37, 0, 0] }],
  ['Istio', '1.30.1', 'v1.5.1', 'experimental', 'v1.5/istio-istio/1.30.0-default-report.yaml', 32, { HTTP: [33, 33, 38, 38], GRPC: [13, 13, 3, 3], TLS: [18, 18, 7, 7] }],
  ['kgateway', 'v2.4.0-rc.1', 'v1.6.1', 'experimental', 'v1.6/kgateway/v2.4.0-rc.1-report.yaml', 39, { HTTP: [37, 37, 56, 56], GRPC: [15, 15, 10, 10], TLS: [20, 20, 15, 15], TCP: [19, 19, 10, 10] }],
  ['Kong Operator', 'v2.3.0-rc.3', 'v1.6.1', 'experimental', 'v1.6/kong-operator/experimental-v2.3.0-rc.3-expressions-standard-report.yaml', 10, { HTTP: [37, 37, 9, 9], GRPC: [12, 15, 2, 2], TLS: [20, 20, 5, 5], TCP: [18, 19, 2, 2], UDP: [20, 20, 2, 2] }],
  ['NGINX Gateway Fabric', 'v2.7.0-pre-release', 'v1.6.1', 'experimental', 'v1.6/nginx-nginx-gateway-fabric/experimental-2.7.0-pre-release-default-report.yaml', 32, { HTTP: [37, 37, 50, 50], GRPC: [15, 15, 10, 10], TLS: [20, 20, 15, 15], TCP: [19, 19, 10, 10], UDP: [20, 20, 10, 10] }],
  ['Sunbeam Proxy', 'v0.2.0', 'v1.5.1', 'experimental', 'v1.5/sunbeam-studios-sunbeam-proxy/experimental-v0.2.0-default-report.yaml', 37, { HTTP: [33, 33, 54, 54], GRPC: [13, 13, 10, 10], TLS: [18, 18, 15, 15] }],
  ['Traefik', 'v3.7.10', 'v1.6.1', 'experimental', 'v1.6/traefik-traefik/experimental-v3.7.10-default-report.yaml', 21, { HTTP: [36, 37, 26, 26], GRPC: [15, 15, 0, 0], TLS: [20, 20, 4, 4] }],
  ['Varnish Gateway', 'v0.20.0', 'v1.5.0', 'standard', 'v1.5/varnish-software-varnish-gateway/standard-v0.20.0-default-report.yaml', 9, { HTTP: [33, 33, 9, 9] }],
  ['WSO2 API Gateway', 'v1.2.0-alpha2', 'v1.5.1', 'standard', 'v1.5/wso2-gateway/v1.2.0-alpha2-report.yaml', 5, { HTTP: [33, 33, 5, 5] }],
]; // prettier-ignore

export const published: readonly PublishedReport[] = rows.map(
  ([name, version, gatewayAPI, channel, file, features, tests]) => ({
    name,
    version,
    gatewayAPI,
    channel,
    file,
    features,
    tests: Object.fromEntries(
      Object.entries(tests).map(([profile, counts]) => [`GATEWAY-${profile}`, counts]),
    ),
  }),
);
