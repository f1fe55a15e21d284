/** A resource version as a number, or null when it is none (Kubernetes compares them numerically since 1.35). */
export function markOf(resourceVersion: string | undefined): bigint | null {
  return resourceVersion !== undefined && /^[0-9]{1,30}$/.test(resourceVersion)
    ? BigInt(resourceVersion)
    : null;
}
