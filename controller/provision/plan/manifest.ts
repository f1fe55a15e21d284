/** A kind of object that is made for Gateways. */
export type ProvisionedKind =
  | 'ServiceAccount'
  | 'ConfigMap'
  | 'Service'
  | 'Deployment'
  | 'DaemonSet'
  | 'PodDisruptionBudget'
  | 'HorizontalPodAutoscaler';

/** Where the API server has a kind. */
export interface ProvisionedKindInfo {
  readonly kind: ProvisionedKind;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** All kinds that are made, in the order in which they are wanted: what a pod needs before the pod. */
export const provisionedKinds: { readonly [K in ProvisionedKind]: ProvisionedKindInfo } = Object.freeze({
  ServiceAccount: { kind: 'ServiceAccount', group: '', version: 'v1', plural: 'serviceaccounts' },
  ConfigMap: { kind: 'ConfigMap', group: '', version: 'v1', plural: 'configmaps' },
  Service: { kind: 'Service', group: '', version: 'v1', plural: 'services' },
  Deployment: { kind: 'Deployment', group: 'apps', version: 'v1', plural: 'deployments' },
  DaemonSet: { kind: 'DaemonSet', group: 'apps', version: 'v1', plural: 'daemonsets' },
  PodDisruptionBudget: {
    kind: 'PodDisruptionBudget',
    group: 'policy',
    version: 'v1',
    plural: 'poddisruptionbudgets',
  },
  HorizontalPodAutoscaler: {
    kind: 'HorizontalPodAutoscaler',
    group: 'autoscaling',
    version: 'v2',
    plural: 'horizontalpodautoscalers',
  },
});

/** An object as it is to be applied: the fields that are ours, and no others. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: ProvisionedKind;
  readonly metadata: ManifestMetadata;
  readonly [field: string]: unknown;
}

export interface ManifestMetadata {
  /** Of the object that is meant, which is there; without it one is made where there is none. */
  readonly uid?: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly OwnerReference[];
}

/** metav1.OwnerReference of the Gateway: with it goes what was made for it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: 'Gateway';
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
}
