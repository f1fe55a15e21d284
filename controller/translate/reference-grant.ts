import type { Index, Read, Unit } from './memo.ts';

/** The end of a reference that crosses namespaces. */
export interface ReferenceEnd {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

const grantsByNamespace: Index<'ReferenceGrant'> = {
  kind: 'ReferenceGrant',
  keysOf: (grant) => [grant.metadata.namespace],
};

/** The grants of a namespace, by who may refer to what kind: names, or null for all. */
type Grants = ReadonlyMap<string, ReadonlyMap<string | null, true>>;

/** Of thousands of grants each reference asks one question. */
const grantsUnit: Unit<Grants> = {
  name: 'grants',
  compute(read, namespace = '') {
    const found = new Map<string, Map<string | null, true>>();
    for (const { spec } of read.find(grantsByNamespace, namespace)) {
      for (const from of spec.from) {
        for (const to of spec.to) {
          const names = found.getOrInsertComputed(keyOf(from, to), () => new Map<string | null, true>());
          names.set(to.name ?? null, true);
        }
      }
    }
    return found;
  },
};

function keyOf(from: ReferenceEnd, to: Omit<ReferenceEnd, 'namespace'>): string {
  return `${from.group}/${from.kind} ${from.namespace} ${to.group}/${to.kind}`;
}

/**
 * Whether an object like `from` may refer to `name`: in its own namespace always, elsewhere when a ReferenceGrant
 * of the target's namespace says so. Asked before the target is looked up, so that the answer tells nothing of
 * its existence.
 */
export function mayRefer(read: Read, from: ReferenceEnd, to: ReferenceEnd, name: string): boolean {
  if (from.namespace === to.namespace) {
    return true;
  }
  const granted = read.ask(grantsUnit, to.namespace).get(keyOf(from, to));
  return granted !== undefined && (granted.has(null) || granted.has(name));
}
