// What is made for a Gateway (GEP-1762), as the manifests to be applied. Pure: the same infrastructure and platform
// give the same manifests. Knows nothing of what is there already, nor of how it is written.
import { apiVersionOf } from '#crds/kind.ts';
import { bindPort } from '#snapshot/bind-port.ts';
import type { WantedInfrastructure } from '#controller/translate/infrastructure/infrastructure.ts';
import { labelsOf, selectorLabels } from './plan/labels.ts';
import { provisionedKinds, type Manifest, type ProvisionedKind } from './plan/manifest.ts';
import type { Json } from './plan/merge-patch.ts';
import type { Platform } from './plan/platform.ts';
import { adminPort, podTemplate } from './plan/pod.ts';

/**
 * All that must be there for a Gateway, what a pod needs before the pod. `initialReplicas`: what a Deployment begins
 * with of which its owner says no number; later it is left alone.
 */
export interface Plan {
  readonly manifests: readonly Manifest[];
  readonly initialReplicas: number | null;
}

/** The plan for `infrastructure`. */
export function planInfrastructure(infrastructure: WantedInfrastructure, platform: Platform): Plan {
  const { workload } = infrastructure.parameters;
  const make = (kind: ProvisionedKind, fields: Json): Manifest => ({
    apiVersion: apiVersionOf(provisionedKinds[kind]),
    kind,
    metadata: {
      name: infrastructure.name,
      namespace: infrastructure.namespace,
      labels: labelsOf(infrastructure, platform.controllerName),
      annotations: kind === 'Service' ? serviceAnnotations(infrastructure) : infrastructure.annotations,
      ownerReferences: [
        {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'Gateway',
          name: infrastructure.gateway,
          uid: infrastructure.uid,
          controller: true,
        },
      ],
    },
    ...fields,
  });
  const budget = disruptionBudget(infrastructure);
  const manifests = [
    make('ServiceAccount', { automountServiceAccountToken: false }),
    make('ConfigMap', { data: { 'ca.crt': platform.authorities } }),
    make('Service', { spec: serviceSpec(infrastructure) }),
    workload.kind === 'DaemonSet'
      ? make('DaemonSet', { spec: daemonSetSpec(infrastructure, platform) })
      : make('Deployment', { spec: deploymentSpec(infrastructure, platform) }),
    ...(budget === null ? [] : [make('PodDisruptionBudget', { spec: budget })]),
    ...(workload.kind === 'Autoscaled'
      ? [make('HorizontalPodAutoscaler', { spec: autoscalerSpec(infrastructure.name, workload) })]
      : []),
  ];
  return { manifests, initialReplicas: initialReplicasOf(infrastructure) };
}

function initialReplicasOf({ parameters: { workload } }: WantedInfrastructure): number | null {
  switch (workload.kind) {
    case 'DaemonSet':
      return null;
    case 'Autoscaled':
      return workload.minReplicas;
    case 'Deployment':
      return workload.replicas.kind === 'Initial' ? workload.replicas.count : null;
    default:
      return workload satisfies never;
  }
}

/** The Gateway's own are its user's word, and beat those of parameters. */
function serviceAnnotations({ annotations, parameters }: WantedInfrastructure) {
  return { ...parameters.service.annotations, ...annotations };
}

function serviceSpec(infrastructure: WantedInfrastructure): Json {
  const { parameters, ports, loadBalancerIP, clusterIP } = infrastructure;
  const { service } = parameters;
  const numbers = ports.map(({ number }) => number);
  const isReachedFromOutside = service.type !== 'ClusterIP';
  return {
    type: service.type,
    selector: selectorLabels(infrastructure),
    ports: ports.map(({ number, protocol }) => ({
      name: `${protocol.toLowerCase()}-${number}`,
      port: number,
      protocol,
      targetPort: bindPort(number, numbers, adminPort),
    })),
    ...(isReachedFromOutside ? { externalTrafficPolicy: service.externalTrafficPolicy } : {}),
    ...(clusterIP === null ? {} : { clusterIP }),
    ...(service.ipFamilyPolicy === null ? {} : { ipFamilyPolicy: service.ipFamilyPolicy }),
    ...(service.ipFamilies.length === 0 ? {} : { ipFamilies: service.ipFamilies }),
    ...(service.type === 'LoadBalancer'
      ? {
          ...(service.loadBalancerClass === null ? {} : { loadBalancerClass: service.loadBalancerClass }),
          ...(service.loadBalancerSourceRanges.length === 0
            ? {}
            : { loadBalancerSourceRanges: service.loadBalancerSourceRanges }),
          // Never externalIPs: by them whoever may write a Gateway could take any address for himself.
          ...(loadBalancerIP === null ? {} : { loadBalancerIP }),
        }
      : {}),
  };
}

function deploymentSpec(infrastructure: WantedInfrastructure, platform: Platform): Json {
  const { workload } = infrastructure.parameters;
  const fixed = workload.kind === 'Deployment' && workload.replicas.kind === 'Fixed';
  return {
    ...(fixed ? { replicas: workload.replicas.count } : {}),
    selector: { matchLabels: selectorLabels(infrastructure) },
    // A new data plane is ready before an old one ends.
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    revisionHistoryLimit: 3,
    template: podTemplate(infrastructure, platform),
  };
}

function daemonSetSpec(infrastructure: WantedInfrastructure, platform: Platform): Json {
  const { metadata, spec } = podTemplate(infrastructure, platform);
  const { topologySpreadConstraints: _, ...rest } = spec;
  // On the node's own network two cannot have the same ports.
  const rollingUpdate =
    spec['hostNetwork'] === true ? { maxUnavailable: 1, maxSurge: 0 } : { maxUnavailable: 0, maxSurge: 1 };
  return {
    selector: { matchLabels: selectorLabels(infrastructure) },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate },
    revisionHistoryLimit: 3,
    template: { metadata, spec: rest },
  };
}

function disruptionBudget(infrastructure: WantedInfrastructure): Json | null {
  const { disruption } = infrastructure.parameters;
  if (disruption.kind === 'Unlimited') {
    return null;
  }
  const value = disruption.value.endsWith('%') ? disruption.value : Number(disruption.value);
  return {
    selector: { matchLabels: selectorLabels(infrastructure) },
    // A data plane that is not ready serves nobody: it must not hold up the node's drain.
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    ...(disruption.kind === 'MaxUnavailable' ? { maxUnavailable: value } : { minAvailable: value }),
  };
}

type Autoscaled = Extract<WantedInfrastructure['parameters']['workload'], { readonly kind: 'Autoscaled' }>;

function autoscalerSpec(name: string, { minReplicas, maxReplicas, targets }: Autoscaled): Json {
  return {
    scaleTargetRef: { apiVersion: apiVersionOf(provisionedKinds.Deployment), kind: 'Deployment', name },
    minReplicas,
    maxReplicas,
    metrics: targets.map(({ resource, averageValue }) => ({
      type: 'Resource',
      resource: { name: resource, target: { type: 'AverageValue', averageValue } },
    })),
  };
}
