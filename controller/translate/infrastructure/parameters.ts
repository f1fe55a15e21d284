// The parameters of a class with a Gateway's own laid over them, field by field, and the defaults below both.
import { durationMs } from '#crds/fields.ts';
import type { InfrastructureFields } from '#crds/infrastructure.ts';

/** How a Gateway's data planes run and are reached; nothing is left open but what the cluster or others decide. */
export interface InfrastructureParameters {
  readonly workload: Workload;
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
  readonly service: ServiceParameters;
  readonly disruption: Disruption;
  readonly drain: { readonly acceptSeconds: number; readonly deadlineSeconds: number };
  /** Null: what Consumers use is counted in memory alone. */
  readonly usage: UsageJournal | null;
  /** To be laid over the pod template one after the other. */
  readonly podTemplatePatches: readonly PodTemplatePatch[];
}

/** Where the journals of what Consumers use are. */
export type UsageJournal =
  | { readonly kind: 'EmptyDir'; readonly sizeLimit: string }
  | { readonly kind: 'PersistentVolumeClaim'; readonly claimName: string };

/** What runs the data planes. */
export type Workload =
  | { readonly kind: 'DaemonSet' }
  /** `initial`: to begin with, then whoever scales it decides. */
  | {
      readonly kind: 'Deployment';
      readonly replicas: { readonly kind: 'Fixed' | 'Initial'; readonly count: number };
    }
  | {
      readonly kind: 'Autoscaled';
      readonly minReplicas: number;
      readonly maxReplicas: number;
      readonly targets: readonly ScalingTarget[];
    };

/** An average over all data planes that the autoscaler holds. */
export interface ScalingTarget {
  readonly resource: 'cpu' | 'memory';
  readonly averageValue: string;
}

/** How data planes are reached; what is null or empty the cluster decides. */
export interface ServiceParameters {
  readonly type: 'LoadBalancer' | 'NodePort' | 'ClusterIP';
  readonly externalTrafficPolicy: 'Local' | 'Cluster';
  readonly ipFamilyPolicy: string | null;
  readonly ipFamilies: readonly string[];
  readonly loadBalancerClass: string | null;
  readonly loadBalancerSourceRanges: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** How many data planes may be away at once: a number, or a share such as `25%`. */
export type Disruption =
  | { readonly kind: 'Unlimited' }
  | { readonly kind: 'MaxUnavailable' | 'MinAvailable'; readonly value: string };

/** A part of a pod template. */
export type PodTemplatePatch = NonNullable<InfrastructureFields['podTemplatePatch']>;

const defaultReplicas = 2;

/** `own` laid over `ofClass`: where a field is a choice between types it is taken whole, where it has fields, by them. */
export function infrastructureParameters(
  ofClass: InfrastructureFields,
  own: InfrastructureFields,
): InfrastructureParameters {
  const workload = workloadOf(ofClass, own);
  return {
    workload,
    resources: {
      requests: { cpu: '100m', memory: '128Mi', ...ofClass.resources?.requests, ...own.resources?.requests },
      limits: { memory: '512Mi', ...ofClass.resources?.limits, ...own.resources?.limits },
    },
    service: serviceOf(ofClass.service, own.service),
    disruption: workload.kind === 'DaemonSet' ? { kind: 'Unlimited' } : disruptionOf(ofClass, own),
    drain: drainOf({ ...ofClass.drain, ...own.drain }),
    usage: usageOf(own.usage ?? ofClass.usage, (own.usage?.journal ?? ofClass.usage?.journal)?.volume),
    podTemplatePatches: [ofClass.podTemplatePatch, own.podTemplatePatch].filter((one) => one !== undefined),
  };
}

/** Whoever is nearer and says anything of how many there are decides it alone. */
function workloadOf(ofClass: InfrastructureFields, own: InfrastructureFields): Workload {
  if ((own.workload ?? ofClass.workload)?.type === 'DaemonSet') {
    return { kind: 'DaemonSet' };
  }
  const teller = own.replicas === undefined && own.autoscaling === undefined ? ofClass : own;
  const { replicas, autoscaling } = teller;
  if (autoscaling === undefined) {
    return {
      kind: 'Deployment',
      replicas:
        replicas === undefined
          ? { kind: 'Initial', count: defaultReplicas }
          : { kind: 'Fixed', count: replicas },
    };
  }
  const { maxReplicas, targets = [] } = autoscaling;
  return {
    kind: 'Autoscaled',
    minReplicas: autoscaling.minReplicas ?? Math.min(defaultReplicas, maxReplicas),
    maxReplicas,
    // Not a share of what is requested: a data plane has one core, whatever the scheduler sets aside for it.
    targets: targets.length === 0 ? [{ resource: 'cpu', averageValue: '700m' }] : targets.map(targetOf),
  };
}

type TargetField = NonNullable<NonNullable<InfrastructureFields['autoscaling']>['targets']>[number];

function targetOf(target: TargetField): ScalingTarget {
  switch (target.type) {
    case 'CPU':
      return { resource: 'cpu', averageValue: target.cpu.averageValue };
    case 'Memory':
      return { resource: 'memory', averageValue: target.memory.averageValue };
    default:
      return target satisfies never;
  }
}

function serviceOf(
  ofClass: InfrastructureFields['service'],
  own: InfrastructureFields['service'],
): ServiceParameters {
  const merged = { ...ofClass, ...own };
  return {
    type: merged.type ?? 'LoadBalancer',
    externalTrafficPolicy: merged.externalTrafficPolicy ?? 'Local',
    ipFamilyPolicy: merged.ipFamilyPolicy ?? null,
    ipFamilies: merged.ipFamilies ?? [],
    loadBalancerClass: merged.loadBalancerClass ?? null,
    loadBalancerSourceRanges: merged.loadBalancerSourceRanges ?? [],
    annotations: { ...ofClass?.annotations, ...own?.annotations },
  };
}

function usageOf(
  usage: InfrastructureFields['usage'],
  volume: NonNullable<NonNullable<InfrastructureFields['usage']>['journal']>['volume'],
): UsageJournal | null {
  if (usage === undefined) return null;
  return volume?.type === 'PersistentVolumeClaim'
    ? { kind: 'PersistentVolumeClaim', claimName: volume.persistentVolumeClaim.claimName }
    : { kind: 'EmptyDir', sizeLimit: volume?.sizeLimit ?? '1Gi' };
}

function disruptionOf(ofClass: InfrastructureFields, own: InfrastructureFields): Disruption {
  const budget = own.podDisruptionBudget ?? ofClass.podDisruptionBudget;
  switch (budget?.type) {
    case undefined:
      return { kind: 'MaxUnavailable', value: '1' };
    case 'MaxUnavailable':
      return { kind: 'MaxUnavailable', value: budget.maxUnavailable };
    case 'MinAvailable':
      return { kind: 'MinAvailable', value: budget.minAvailable };
    case 'Unlimited':
      return { kind: 'Unlimited' };
    default:
      return budget satisfies never;
  }
}

function drainOf({ accept = '10s', deadline = '60s' }: NonNullable<InfrastructureFields['drain']>) {
  const acceptSeconds = durationMs(accept) / 1000;
  return { acceptSeconds, deadlineSeconds: Math.max(acceptSeconds, durationMs(deadline) / 1000) };
}
