// The values of the chart: what may be set, what it means, what it is when nothing is said. The chart's schema, its
// values.yaml and the tables of the documentation are made from here. Knows no template.
import * as z from 'zod';

/** Where clear words are better than a regular expression: helm shows the pattern only. */
const dnsLabel = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const dnsSubdomain = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/);
/** A registry, where one is told, and a path, as container runtimes read them; no tag and no digest. */
const imageName = z
  .string()
  .regex(
    /^(([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(:[0-9]+)?\/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(\/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*$/,
  );
const imageTag = z.string().regex(/^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/);
const quantity = z.union([z.string(), z.number()]);
const texts = z.record(z.string(), z.string());

function image(repository: string) {
  return z
    .strictObject({
      repository: imageName.default(repository).describe('Registry and name.'),
      tag: imageTag.default('').describe("Left empty: the chart's appVersion."),
      digest: z
        .string()
        .regex(/^(sha256:[0-9a-f]{64})?$/)
        .default('')
        .describe('`sha256:` and 64 digits. Set, it decides, and the tag is for the eye.'),
      pullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'])
        .default('IfNotPresent')
        .describe('As of a Pod.'),
    })
    .describe('The image.');
}

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(['Exists', 'Equal', 'Lt', 'Gt']).optional(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().optional(),
});

const secretReference = z
  .strictObject({
    name: z
      .string()
      .default('')
      .describe('Of the Secret, in the namespace of the release. Left empty: counters live in memory.'),
    key: z.string().min(1).default('url').describe('Under which the address stands in it.'),
  })
  .describe('Where the address stands, `redis://` or `rediss://`, with user and password.');

function monitor(what: string) {
  return z
    .strictObject({
      create: z.boolean().default(false).describe('Make it. The Prometheus operator must be there.'),
      interval: z
        .string()
        .regex(/^[0-9]+(s|m)$/)
        .default('30s')
        .describe('How often to ask.'),
      labels: texts.default({}).describe('By which your Prometheus finds it.'),
    })
    .describe(what);
}

const controller = z
  .strictObject({
    image: image('turnpike/controller'),
    replicas: z
      .int()
      .min(1)
      .default(2)
      .describe('All of them serve data planes; one leads and writes statuses.'),
    resources: z
      .strictObject({
        requests: z
          .record(z.string(), quantity)
          .default({ cpu: '100m', memory: '256Mi' })
          .describe('As of a container.'),
        limits: z.record(z.string(), quantity).default({ memory: '1Gi' }).describe('As of a container.'),
      })
      .describe('What a replica needs.'),
    keysFrom: z
      .array(z.string().regex(/^[0-9a-fA-F.:]+\/[0-9]{1,3}$/))
      .default([])
      .describe(
        'Networks such as `10.0.0.0/8` to which the uris of an AuthPolicy may lead though they are not public: an issuer of tokens in your own network.',
      ),
    env: z
      .record(z.string(), z.union([z.string(), z.strictObject({ valueFrom: z.looseObject({}) })]))
      .default({})
      .describe(
        'More environment variables by name, such as `NODE_OPTIONS`: a text, or `valueFrom` as of a container.',
      ),
    extraVolumes: z
      .array(z.looseObject({ name: z.string().min(1) }))
      .default([])
      .describe(
        'More volumes, as of a Pod; such as one with a private authority, to which `env.NODE_EXTRA_CA_CERTS` points.',
      ),
    extraVolumeMounts: z
      .array(z.looseObject({ name: z.string().min(1), mountPath: z.string().min(1) }))
      .default([])
      .describe('Where they are mounted, as of a container.'),
    podSecurityContext: z
      .looseObject({})
      .default({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      .describe(
        'As of a Pod. What you set is merged into this; `null` takes a field away, such as the user and groups that OpenShift chooses itself.',
      ),
    securityContext: z
      .looseObject({})
      .default({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      .describe('As of a container, merged alike.'),
    podLabels: texts.default({}).describe('More labels for the pods.'),
    podAnnotations: texts.default({}).describe('Annotations for the pods.'),
    nodeSelector: texts.default({}).describe('As of a Pod.'),
    tolerations: z.array(toleration).default([]).describe('As of a Pod.'),
    affinity: z
      .looseObject({})
      .default({})
      .describe('As of a Pod. Replicas spread over nodes and zones without it, as far as that can be done.'),
    priorityClassName: z.string().default('').describe('As of a Pod.'),
  })
  .describe('The controller: reads the cluster, publishes to data planes.');

const gatewayClass = z
  .strictObject({
    create: z.boolean().default(true).describe('Make the GatewayClass.'),
    name: dnsLabel.default('turnpike').describe('Its name. A second installation needs another.'),
    parameters: z
      .looseObject({})
      .default({})
      .describe(
        'What holds for all Gateways of the class: the `spec` of a GatewayParameters (docs/reference/gatewayparameters.md) that the chart makes.',
      ),
    parametersRef: z
      .strictObject({
        name: z
          .string()
          .default('')
          .describe('Its name. Left empty: there is none, or the one of `parameters`.'),
        namespace: z.string().default('').describe('Left empty: that of the release.'),
      })
      .describe('A GatewayParameters of your own, instead of `parameters` and `redis`.'),
  })
  .describe('The class whose Gateways this installation serves.');

const ingressClass = z
  .strictObject({
    create: z.boolean().default(false).describe('Make an IngressClass.'),
    name: dnsLabel.default('turnpike').describe('Its name. A second installation needs another.'),
    default: z.boolean().default(false).describe('Ingresses that name no class are of this one.'),
    gateway: z
      .strictObject({
        create: z
          .boolean()
          .default(true)
          .describe(
            'Make the Gateway that serves the Ingresses of the class, in the namespace of the release: port 80, and port 443 with the certificates that Ingresses bring.',
          ),
        name: z
          .string()
          .default('')
          .describe("The Gateway's name, of one of your own too. Left empty: that of the class."),
        namespace: z
          .string()
          .default('')
          .describe('Of a Gateway of your own. Left empty: that of the release.'),
        defaultCertificate: z
          .string()
          .default('')
          .describe(
            'A Secret of type kubernetes.io/tls in the namespace of the release, for hosts without a certificate of their own. Left empty: there is none.',
          ),
      })
      .describe('The Gateway that serves the Ingresses of the class.'),
  })
  .describe('The class whose Ingresses this installation serves (docs/guides/ingress.md).');

const ports = z.array(z.int().min(1).max(65_535));

const networkPolicy = z
  .strictObject({
    create: z
      .boolean()
      .default(true)
      .describe('Let only data planes (port 8443) and what asks for health and metrics (port 9902) in.'),
    adminFrom: z
      .array(z.looseObject({}))
      .default([])
      .describe(
        'Who may ask for health, metrics and the running config: peers as of a NetworkPolicy. Left empty: all who can reach the pod. Kubelets may always, for probes, with most network plugins.',
      ),
    restrictEgress: z
      .boolean()
      .default(false)
      .describe('Let the controller out only to DNS, to its other replicas and to `egressPorts`.'),
    egressPorts: ports.default([443, 6443]).describe('Where the API server and the issuers of keys listen.'),
  })
  .describe("The controller's NetworkPolicy.");

const dataplaneNetworkPolicy = z
  .strictObject({
    namespaces: z
      .array(dnsLabel)
      .default([])
      .describe(
        'Namespaces of Gateways whose data planes are to get out only to DNS, the controller, pods of the cluster and what follows; they must exist. Left empty: none.',
      ),
    outsidePorts: ports
      .default([443])
      .describe(
        'Where issuers and services listen that policies name by uri, at public addresses and those of `controller.keysFrom`.',
      ),
    egress: z
      .array(z.looseObject({}))
      .default([])
      .describe(
        'More rules, as of a NetworkPolicy: for a Redis outside the cluster, or endpoints of Services that are no pods, or pods with the network of their node.',
      ),
  })
  .describe('A NetworkPolicy for data planes.');

const metrics = z
  .strictObject({
    serviceMonitor: monitor('A ServiceMonitor for the controller.'),
    podMonitor: monitor('A PodMonitor for the data planes of all Gateways of the class.'),
    dashboards: z
      .strictObject({
        create: z.boolean().default(false).describe('Make a ConfigMap for each dashboard.'),
        labels: texts.default({ grafana_dashboard: '1' }).describe("By which Grafana's sidecar finds them."),
        annotations: texts.default({}).describe('Such as the folder that the sidecar puts them into.'),
      })
      .describe('Dashboards for Grafana.'),
  })
  .describe('What watches Turnpike. Both planes serve `/metrics` whatever stands here.');

/** All values. */
export const valuesSchema = z.strictObject({
  controllerName: z
    .string()
    .regex(/^[a-z0-9.-]+\/[A-Za-z0-9/._~%!$&'()*+,;=:-]+$/)
    .default('turnpike.dev/gateway-controller')
    .describe('GatewayClasses of this name are served by this installation. A second one needs another.'),
  watchNamespaces: z
    .array(dnsLabel)
    .default([])
    .describe(
      'Read and serve these namespaces (and that of the release) only, with Roles in each instead of a ClusterRole; they must exist. Left empty: all.',
    ),
  imagePullSecrets: z
    .array(z.strictObject({ name: dnsSubdomain }))
    .default([])
    .describe("For the images. A Secret of that name must be in each Gateway's namespace too."),
  commonLabels: texts.default({}).describe('More labels for each object of the chart.'),
  commonAnnotations: texts.default({}).describe('More annotations for each object of the chart.'),
  controller,
  dataplane: z
    .strictObject({ image: image('turnpike/dataplane'), networkPolicy: dataplaneNetworkPolicy })
    .describe(
      'The data planes that are made for each Gateway; all else about them is told by GatewayParameters.',
    ),
  gatewayClass,
  ingressClass,
  redis: z
    .strictObject({ secretRef: secretReference })
    .describe(
      'A Redis in which the data planes of a Gateway count rate limits together. One behind Sentinels, of a Cluster or with authorities of its own is told in `gatewayClass.parameters`.',
    ),
  networkPolicy,
  podDisruptionBudget: z
    .strictObject({
      create: z.boolean().default(true).describe('Make it.'),
      maxUnavailable: quantity.default(1).describe('How many replicas may be away at once.'),
    })
    .describe("The controller's PodDisruptionBudget; data planes have their own."),
  metrics,
  crds: z
    .strictObject({
      check: z
        .boolean()
        .default(true)
        .describe(
          'Refuse to install or upgrade while the CRDs in the cluster are missing or older than the chart.',
        ),
    })
    .describe(
      "CustomResourceDefinitions: Turnpike's own come with the chart, those of the Gateway API do not.",
    ),
  global: z.looseObject({}).default({}).describe('For charts that contain this one; not used.'),
});
