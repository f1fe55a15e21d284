/** IngressClass `name` of ours, whose Ingresses Gateway `default/edge` serves. */
export function classManifest(name: string): string {
  return `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${name} }
spec:
  controller: turnpike.dev/gateway-controller
  parameters:
    { apiGroup: gateway.networking.k8s.io, kind: Gateway, scope: Namespace, namespace: default, name: edge }
`;
}

/** A path, its type, and the Service that it leads to: to its port 80, or the one of a name (`shop:http`). */
export type IngressPathText = readonly [path: string, pathType: string, service: string];

/** Ingress `name` with the paths of each host; `tls`: the Secret of each host that has one. */
export function ingressManifest(
  name: string,
  hosts: Readonly<Record<string, readonly IngressPathText[]>>,
  given: {
    readonly className?: string;
    readonly defaultBackend?: string;
    readonly tls?: Readonly<Record<string, string>>;
  } = {},
): string {
  const { className = 'turnpike', defaultBackend, tls = {} } = given;
  const spec = {
    ingressClassName: className,
    ...(defaultBackend === undefined ? {} : { defaultBackend: backendOf(defaultBackend) }),
    tls: Object.entries(tls).map(([host, secretName]) => ({ hosts: [host], secretName })),
    rules: Object.entries(hosts).map(([host, paths]) => ({
      host,
      http: {
        paths: paths.map(([path, pathType, service]) => ({ path, pathType, backend: backendOf(service) })),
      },
    })),
  };
  return `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name} }
spec: ${JSON.stringify(spec)}
`;
}

function backendOf(place: string) {
  const [name, port] = place.split(':');
  return { service: { name, port: port === undefined ? { number: 80 } : { name: port } } };
}
