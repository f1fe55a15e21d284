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
  /** By profile: core tests that passed, all core tests, extended ones that passed, all extended ones of its features. */
  readonly tests: Readonly<Record<string, readonly [number, number, number, number]>>;
}

/** The commit whose reports were read. */
export const source = { commit: '4564255ac2c35d582249b3cdf261bdf51c8bca32', date: '2026-08-21' } as const;

/** How many extended features the suites of a release know in the profiles of gateways, counted as above. */
export const featuresOfRelease: Readonly<Record<string, number>> = { 'v1.5': 37, 'v1.6': 40, 'v1.7': 45 };

export const published: readonly PublishedReport[] = [
  {
    name: 'agentgateway',
    version: 'v1.3.1',
    gatewayAPI: 'v1.6.0',
    channel: 'experimental',
    file: 'v1.6/agentgateway-agentgateway/v1.3.1-report.yaml',
    features: 40,
    tests: {
      'GATEWAY-HTTP': [37, 37, 57, 57],
      'GATEWAY-GRPC': [15, 15, 10, 10],
      'GATEWAY-TLS': [20, 20, 15, 15],
    },
  },
  {
    name: 'Airlock Microgateway',
    version: '5.1.0',
    gatewayAPI: 'v1.6.0',
    channel: 'experimental',
    file: 'v1.6/airlock-microgateway/experimental-5.1.0-default-report.yaml',
    features: 32,
    tests: {
      'GATEWAY-HTTP': [37, 37, 50, 50],
    },
  },
  {
    name: 'AWS Load Balancer Controller',
    version: 'v3.5.0',
    gatewayAPI: 'v1.6.1',
    channel: 'standard',
    file: 'v1.6/aws-load-balancer-controller/conformance-report.yaml',
    features: 5,
    tests: {
      'GATEWAY-HTTP': [26, 38, 16, 17],
    },
  },
  {
    name: 'Cilium',
    version: 'v1.20.0',
    gatewayAPI: 'v1.6.1',
    channel: 'experimental',
    file: 'v1.6/cilium/experimental-v1.20.0-default-report.yaml',
    features: 32,
    tests: {
      'GATEWAY-HTTP': [37, 37, 47, 47],
      'GATEWAY-GRPC': [15, 15, 10, 10],
      'GATEWAY-TLS': [20, 20, 11, 11],
      'GATEWAY-TCP': [19, 19, 10, 10],
      'GATEWAY-UDP': [20, 20, 10, 10],
    },
  },
  {
    name: 'Envoy Gateway',
    version: 'v1.9.0',
    gatewayAPI: 'v1.6.1',
    channel: 'experimental',
    file: 'v1.6/envoy-gateway/experimental-v1.9.0-gateway-namespace-mode-report.yaml',
    features: 39,
    tests: {
      'GATEWAY-HTTP': [37, 37, 56, 56],
      'GATEWAY-GRPC': [15, 15, 10, 10],
      'GATEWAY-TLS': [20, 20, 15, 15],
    },
  },
  {
    name: 'GKE Gateway',
    version: '1.36.2-gke.2154000',
    gatewayAPI: 'v1.6.0',
    channel: 'standard',
    file: 'v1.6/gke-gateway/v1.6.0-gke-report.yaml',
    features: 12,
    tests: {
      'GATEWAY-HTTP': [37, 37, 19, 19],
    },
  },
  {
    name: 'Gravitee',
    version: '4.12.10',
    gatewayAPI: 'v1.6.1',
    channel: 'standard',
    file: 'v1.6/gravitee/standard-4.12.10-default-report.yaml',
    features: 15,
    tests: {
      'GATEWAY-HTTP': [37, 37, 19, 19],
    },
  },
  {
    name: 'HAProxy Ingress',
    version: 'v0.17.0-alpha.1',
    gatewayAPI: 'v1.5.1',
    channel: 'experimental',
    file: 'v1.5/haproxy-ingress/experimental-v0.17.0-alpha.1-default-report.yaml',
    features: 8,
    tests: {
      'GATEWAY-HTTP': [33, 33, 9, 9],
    },
  },
  {
    name: 'Higress',
    version: 'v2.2.4',
    gatewayAPI: 'v1.6.0',
    channel: 'standard',
    file: 'v1.6/higress-group-higress/standard-v2.2.4-default-report.yaml',
    features: 0,
    tests: {
      'GATEWAY-HTTP': [37, 37, 0, 0],
    },
  },
  {
    name: 'Istio',
    version: '1.30.1',
    gatewayAPI: 'v1.5.1',
    channel: 'experimental',
    file: 'v1.5/istio-istio/1.30.0-default-report.yaml',
    features: 32,
    tests: {
      'GATEWAY-HTTP': [33, 33, 38, 38],
      'GATEWAY-GRPC': [13, 13, 3, 3],
      'GATEWAY-TLS': [18, 18, 7, 7],
    },
  },
  {
    name: 'kgateway',
    version: 'v2.4.0-rc.1',
    gatewayAPI: 'v1.6.1',
    channel: 'experimental',
    file: 'v1.6/kgateway/v2.4.0-rc.1-report.yaml',
    features: 39,
    tests: {
      'GATEWAY-HTTP': [37, 37, 56, 56],
      'GATEWAY-GRPC': [15, 15, 10, 10],
      'GATEWAY-TLS': [20, 20, 15, 15],
      'GATEWAY-TCP': [19, 19, 10, 10],
    },
  },
  {
    name: 'Kong Operator',
    version: 'v2.3.0-rc.3',
    gatewayAPI: 'v1.6.1',
    channel: 'experimental',
    file: 'v1.6/kong-operator/experimental-v2.3.0-rc.3-expressions-standard-report.yaml',
    features: 10,
    tests: {
      'GATEWAY-HTTP': [37, 37, 9, 9],
      'GATEWAY-GRPC': [12, 15, 2, 2],
      'GATEWAY-TLS': [20, 20, 5, 5],
      'GATEWAY-TCP': [18, 19, 2, 2],
      'GATEWAY-UDP': [20, 20, 2, 2],
    },
  },
  {
    name: 'NGINX Gateway Fabric',
    version: 'v2.7.0-pre-release',
    gatewayAPI: 'v1.6.1',
    channel: 'experimental',
    file: 'v1.6/nginx-nginx-gateway-fabric/experimental-2.7.0-pre-release-default-report.yaml',
    features: 32,
    tests: {
      'GATEWAY-HTTP': [37, 37, 50, 50],
      'GATEWAY-GRPC': [15, 15, 10, 10],
      'GATEWAY-TLS': [20, 20, 15, 15],
      'GATEWAY-TCP': [19, 19, 10, 10],
      'GATEWAY-UDP': [20, 20, 10, 10],
    },
  },
  {
    name: 'Sunbeam Proxy',
    version: 'v0.2.0',
    gatewayAPI: 'v1.5.1',
    channel: 'experimental',
    file: 'v1.5/sunbeam-studios-sunbeam-proxy/experimental-v0.2.0-default-report.yaml',
    features: 37,
    tests: {
      'GATEWAY-HTTP': [33, 33, 54, 54],
      'GATEWAY-GRPC': [13, 13, 10, 10],
      'GATEWAY-TLS': [18, 18, 15, 15],
    },
  },
  {
    name: 'Traefik',
    version: 'v3.7.10',
    gatewayAPI: 'v1.6.1',
    channel: 'experimental',
    file: 'v1.6/traefik-traefik/experimental-v3.7.10-default-report.yaml',
    features: 21,
    tests: {
      'GATEWAY-HTTP': [36, 37, 26, 26],
      'GATEWAY-GRPC': [15, 15, 0, 0],
      'GATEWAY-TLS': [20, 20, 4, 4],
    },
  },
  {
    name: 'Varnish Gateway',
    version: 'v0.20.0',
    gatewayAPI: 'v1.5.0',
    channel: 'standard',
    file: 'v1.5/varnish-software-varnish-gateway/standard-v0.20.0-default-report.yaml',
    features: 9,
    tests: {
      'GATEWAY-HTTP': [33, 33, 9, 9],
    },
  },
  {
    name: 'WSO2 API Gateway',
    version: 'v1.2.0-alpha2',
    gatewayAPI: 'v1.5.1',
    channel: 'standard',
    file: 'v1.5/wso2-gateway/v1.2.0-alpha2-report.yaml',
    features: 5,
    tests: {
      'GATEWAY-HTTP': [33, 33, 5, 5],
    },
  },
];
