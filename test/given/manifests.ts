// Manifests as a person writes them, for the parts that a test is not about. What it is about it writes out itself.

/** GatewayClass `turnpike` and Gateway `edge` with one plain listener; `parameters`: the name of its own, if it has some. */
export function edgeManifest(port: number, parameters: string | null = null): string {
  const named = `{ parametersRef: { group: turnpike.dev, kind: GatewayParameters, name: ${parameters} } }`;
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: turnpike }
spec: { controllerName: turnpike.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: turnpike${parameters === null ? '' : `\n  infrastructure: ${named}`}
  listeners:
    - { name: http, protocol: HTTP, port: ${port} }
`;
}

/** The same, with parameters that name a Redis. */
export function edgeWithRedisManifest(port: number, url: string): string {
  return `
apiVersion: v1
kind: Secret
metadata: { name: redis }
stringData: { url: ${url} }
---
apiVersion: turnpike.dev/v1alpha1
kind: GatewayParameters
metadata: { name: edge }
spec: { rateLimitStore: { type: Redis, redis: { secretRef: { name: redis, key: url } } } }
---${edgeManifest(port, 'edge')}`;
}

/** Service `name` (port 80) whose ready endpoints are these ports of loopback. */
export function serviceManifest(name: string, ...ports: readonly number[]): string {
  const slices = ports.map(
    (port) => `
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-${port}, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: http, port: ${port} }]
endpoints: [{ addresses: [127.0.0.1] }]
`,
  );
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { ports: [{ name: http, port: 80 }] }
${slices.join('')}`;
}

/** HTTPRoute `name` of Gateway `edge`; `rules` is its YAML, as a flow or indented by two. */
export function routeManifest(name: string, rules: string, hostnames: readonly string[] = []): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [${hostnames.map((host) => JSON.stringify(host)).join(', ')}]
  rules: ${rules}
`;
}

/** HTTPRoute `name` that sends a path and all below it to port 80 of a Service. */
export function pathRouteManifest(name: string, path: string, service: string): string {
  return routeManifest(
    name,
    `[{ matches: [{ path: { type: PathPrefix, value: ${path} } }], backendRefs: [{ name: ${service}, port: 80 }] }]`,
  );
}

/** One more listener for {@link edgeManifest}: HTTPS for `hostname`, with the certificate of the Secret `name`. */
export function secureListener(name: string, port: number, hostname: string): string {
  return `
    - name: ${name}
      protocol: HTTPS
      port: ${port}
      hostname: ${JSON.stringify(hostname)}
      tls: { certificateRefs: [{ name: ${name} }] }
`;
}

/** AuthPolicy `name` with these `rules` (YAML, as a flow or indented by four), for the HTTPRoute of its name or `target`. */
export function authPolicyManifest(
  name: string,
  rules: string,
  target: { readonly kind: 'Gateway' | 'HTTPRoute'; readonly name: string } = { kind: 'HTTPRoute', name },
): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: ${target.kind}, name: ${target.name} }]
  rules: ${rules}
`;
}

/** A route of Gateway `edge` to port 80 of Services, each with its weight. */
export function streamRoute(
  kind: string,
  name: string,
  services: Readonly<Record<string, number>>,
  hosts: readonly string[] = [],
): string {
  const backends = Object.entries(services).map(
    ([name, weight]) => `{ name: ${name}, port: 80, weight: ${weight} }`,
  );
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  ${hosts.length === 0 ? '' : `hostnames: [${hosts.map((host) => JSON.stringify(host)).join(', ')}]`}
  rules: [{ backendRefs: [${backends.join(', ')}] }]
`;
}

/** ConfigMap `name` with the lines of `text` in `key`. */
export function configMapManifest(name: string, key: string, text: string): string {
  const lines = text.trim().replaceAll('\n', '\n    ');
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name} }
data:
  ${key}: |
    ${lines}
`;
}

/** ConfigMap `name` with the certificates of authorities (PEM) in `ca.crt`. */
export function authorityManifest(name: string, pem: string): string {
  return configMapManifest(name, 'ca.crt', pem);
}

/** ProtectionPolicy `edge` for the Gateway of that name; `spec`: its other fields, indented by two. */
export function protectionPolicyManifest(spec: string): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: ProtectionPolicy
metadata: { name: edge }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  ${spec}
`;
}
