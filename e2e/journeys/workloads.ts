// What journeys run behind Gateways and none is about: echo backends, Redis, a server of Envoy's ext_authz, as
// Deployments with Services.

export interface EchoOptions {
  readonly replicas?: number;
  /**
   * AtOnce: a pod that is told to end is gone, as those of many people are. Gracefully: it goes on for five seconds, in
   * which everybody hears of it, and then finishes what it has.
   */
  readonly stops?: 'AtOnce' | 'Gracefully';
  readonly namespace?: string;
  /** The ports it listens on, from 8080; the Service has the first. */
  readonly ports?: number;
}

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 65_532,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A Deployment and a Service `name` with port 80: each pod tells its name in x-served-by. */
export function echo(image: string, name: string, options: EchoOptions = {}): readonly object[] {
  const { replicas = 1, stops = 'Gracefully', ports = 1 } = options;
  const container = {
    name: 'echo',
    image,
    imagePullPolicy: 'IfNotPresent',
    env: [{ name: 'PORTS', value: String(ports) }],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '48Mi' } },
    securityContext: restricted,
    ...(stops === 'AtOnce' ? {} : { lifecycle: { preStop: { sleep: { seconds: 5 } } } }),
  };
  return workload({ name, replicas, container, port: 8080, ...named(options.namespace) });
}

/** A Deployment and a Service `redis` with port 6379. `keeps`: what its container knows when it starts again. */
export function redis(
  image: string,
  { keeps = 'Nothing' }: { readonly keeps?: 'Nothing' | 'All' } = {},
): readonly object[] {
  const appends = keeps === 'All' ? 'yes' : 'no';
  const container = {
    name: 'redis',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [
      'redis-server',
      '--save',
      '',
      '--appendonly',
      appends,
      '--protected-mode',
      'no',
      '--dir',
      '/data',
    ],
    ports: [{ name: 'http', containerPort: 6379 }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
    securityContext: restricted,
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const volumes = [{ name: 'data', emptyDir: {} }];
  return workload({ name: 'redis', replicas: 1, container, port: 6379, volumes });
}

/** A Deployment and a Service `name` with port 80: answers by gRPC as the header x-answer of each request tells. */
export function extAuthz(image: string, name: string): readonly object[] {
  const container = {
    name: 'server',
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['0.0.0.0:8080'],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '32Mi' } },
    securityContext: restricted,
  };
  return workload({ name, replicas: 1, container, port: 8080 });
}

/** A Deployment and a Service `name` with port 80: `script`, a module of Node's that listens on port 8080. */
export function scripted(image: string, name: string, script: string): readonly object[] {
  const code = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'server.mjs': script } };
  const container = {
    name: 'server',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', '/code/server.mjs'],
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
    resources: { requests: { cpu: '10m', memory: '48Mi' } },
    securityContext: restricted,
    volumeMounts: [{ name: 'code', mountPath: '/code' }],
  };
  const volumes = [{ name: 'code', configMap: { name } }];
  return [code, ...workload({ name, replicas: 1, container, port: 8080, volumes })];
}

interface Workload {
  readonly name: string;
  readonly replicas: number;
  readonly container: object;
  readonly port: number;
  readonly namespace?: string;
  readonly volumes?: readonly object[];
}

function workload({ name, replicas, container, port, namespace, volumes = [] }: Workload): readonly object[] {
  const metadata = { name, ...named(namespace) };
  const labels = { app: name };
  const spec = {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 8,
    containers: [container],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: labels },
        strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels }, spec },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector: labels,
        ports: [{ name: 'http', port: port === 8080 ? 80 : port, targetPort: 'http' }],
      },
    },
  ];
}

function named(namespace: string | undefined): { readonly namespace?: string } {
  return namespace === undefined ? {} : { namespace };
}
