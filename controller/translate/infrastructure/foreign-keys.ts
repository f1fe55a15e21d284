// Keys of labels and annotations that Kubernetes itself writes on what is made for a Gateway. Were they written by us too,
// both would put back the other's for ever.

const prefixes: readonly string[] = ['deployment.kubernetes.io', 'autoscaling.alpha.kubernetes.io'];

const keys: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.daemonset.template.generation',
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
]);

/** `entries` of labels or annotations without those that Kubernetes' own controllers and kubectl keep. */
export function withoutForeignKeys(
  entries: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => !isForeign(key)));
}

function isForeign(key: string): boolean {
  return keys.has(key) || prefixes.some((prefix) => key.startsWith(`${prefix}/`));
}
