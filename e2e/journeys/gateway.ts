// The Gateway that journeys need and none is about. What a journey is about stands in it, as YAML.

/**
 * One data plane that ends soon: for journeys in which nobody is connected at the end who needs time to hear of it. Kubernetes
 * looks whether a namespace is gone after half of what its pods may take.
 */
export const hasty = { replicas: 1, drain: { accept: '1s', deadline: '3s' } };

export interface GatewayOptions {
  /** `edge` unless told. */
  readonly name?: string;
  /** The spec of its GatewayParameters; without one it is as its class says. */
  readonly parameters?: object;
  /** Beside `http` on port 80. */
  readonly listeners?: readonly object[];
  readonly namespace?: string;
  /** Its `spec.tls`. */
  readonly tls?: object;
}

/** A Gateway, and GatewayParameters of its name where it has some of its own. */
export function gateway(options: GatewayOptions = {}): readonly object[] {
  const { name = 'edge', parameters, listeners = [], namespace, tls } = options;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const own = { group: 'turnpike.dev', kind: 'GatewayParameters', name };
  const edge = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata,
    spec: {
      gatewayClassName: 'turnpike',
      listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }, ...listeners],
      ...(tls === undefined ? {} : { tls }),
      ...(parameters === undefined ? {} : { infrastructure: { parametersRef: own } }),
    },
  };
  if (parameters === undefined) return [edge];
  return [
    { apiVersion: 'turnpike.dev/v1alpha1', kind: 'GatewayParameters', metadata, spec: parameters },
    edge,
  ];
}

/** The HTTPRoute `shop`: all that comes to the Gateway `edge` goes to the Service `shop`. */
export const shopRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - backendRefs: [{ name: shop, port: 80 }]
`;
