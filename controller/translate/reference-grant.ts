import type { Index, Read } from './memo.ts';

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

/**
 * Whether an object like `from` may refer to `name`: in its own namespace always, elsewhere when a ReferenceGrant
 * of the target's namespace says so. Asked before the target is looked up, so that the answer tells nothing of
 * its existence.
 */
export function mayRefer(read: Read, from: ReferenceEnd, to: ReferenceEnd, name: string): boolean {
  if (from.namespace === to.namespace) {
    return true;
  }
  return read
    .find(grantsByNamespace, to.namespace)
    .some(
      (grant) =>
        grant.spec.from.some(
          (one) => one.group === from.group && one.kind === from.kind && one.namespace === from.namespace,
        ) &&
        grant.spec.to.some(
          (one) =>
            one.group === to.group && one.kind === to.kind && (one.name === undefined || one.name === name),
        ),
    );
}
