/**
 * `metadata.creationTimestamp` in milliseconds since 1970; 0 for what never was at an API server, or tells none that
 * can be read: of two such objects names decide.
 */
export function createdMs(creationTimestamp: unknown): number {
  const ms = typeof creationTimestamp === 'string' ? Date.parse(creationTimestamp) : 0;
  return Number.isNaN(ms) ? 0 : ms;
}

interface Aged {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly creationTimestamp?: string | undefined;
  };
}

/** Sorts as the Gateway API settles conflicts: the older object first, then the first by namespace and name. */
export function olderFirst({ metadata: one }: Aged, { metadata: other }: Aged): number {
  const age = createdMs(one.creationTimestamp) - createdMs(other.creationTimestamp);
  if (age !== 0) return age;
  return one.namespace === other.namespace
    ? order(one.name, other.name)
    : order(one.namespace, other.namespace);
}

function order(one: string, other: string): number {
  return one < other ? -1 : 1;
}
