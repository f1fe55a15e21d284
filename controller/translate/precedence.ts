import type { KubernetesObject } from '#crds/kubernetes.ts';

/** When `object` was created, in milliseconds since 1970; 0 for one that never was at an API server. */
export function createdMs(object: KubernetesObject): number {
  const ms = Date.parse(object.metadata.creationTimestamp);
  return Number.isNaN(ms) ? 0 : ms;
}
