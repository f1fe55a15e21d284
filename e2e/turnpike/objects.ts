// Objects that many tests need and none is about. What a journey is about stands in it, as YAML.

/** One address behind a Service, as a kubelet and the endpoint controller would tell it. */
export interface Place {
  readonly address: string;
  readonly state?: 'Ready' | 'NotReady' | 'Terminating';
  /** The pod that has it, and the zone that this runs in. */
  readonly pod?: { readonly name: string; readonly zone: string };
}

const conditions = {
  Ready: { ready: true, serving: true, terminating: false },
  NotReady: { ready: false, serving: false, terminating: false },
  Terminating: { ready: false, serving: true, terminating: true },
} as const;

/** The one EndpointSlice of a Service; backends listen on port 8080. */
export function endpointSlice(service: string, places: readonly Place[], namespace = 'default'): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${service}-1`,
      namespace,
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: places.map(({ address, state = 'Ready', pod }) => ({
      addresses: [address],
      conditions: conditions[state],
      ...(pod === undefined ? {} : { targetRef: { kind: 'Pod', name: pod.name }, zone: pod.zone }),
    })),
  };
}

/** A Service with port 80, named http, and its EndpointSlice. */
export function service(name: string, places: readonly Place[], namespace = 'default'): readonly object[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    endpointSlice(name, places, namespace),
  ];
}

/** An HTTPRoute of the Gateway default/edge: requests whose path begins with `path` go to the Service. */
export function httpRoute(name: string, path: string, backend: string, namespace = 'default'): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace },
    spec: {
      parentRefs: [{ name: 'edge', namespace: 'default' }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: path } }],
          backendRefs: [{ name: backend, port: 80 }],
        },
      ],
    },
  };
}

/** A namespace. */
export function namespace(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
