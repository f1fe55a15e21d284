import type { ResourceId, ResourceKind } from './ids.ts';
import { ShelvedMap, changedKeys } from './shelved-map.ts';
import type { Resource, ResourceSet } from './snapshot.ts';

/** The resources of a kind. */
export type OfKind<K extends ResourceKind> = Extract<Resource, { readonly kind: K }>;

const nothing: readonly never[] = Object.freeze([]);
const nobody: ReadonlyMap<ResourceId, never> = new Map<ResourceId, never>();

/**
 * One set of resources after another, each kind for itself, in no order that means anything. To follow the next set
 * costs what is another one in it, and a list costs the resources of its kind when some of these are.
 */
export class KindLists {
  #resources: ResourceSet = ShelvedMap.empty();
  readonly #byId = new Map<ResourceKind, Map<ResourceId, Resource>>();
  readonly #lists = new Map<ResourceKind, readonly Resource[]>();

  /** From now on the lists are those of `resources`. Answers what is another one than before. */
  follow(resources: ResourceSet): readonly ResourceId[] {
    const before = this.#resources;
    const changed = changedKeys(before, resources);
    for (const id of changed) this.#put(id, resources.get(id), before.get(id));
    this.#resources = resources;
    return changed;
  }

  /** The same array as before while it holds the same resources. */
  of<K extends ResourceKind>(kind: K): readonly OfKind<K>[] {
    const byId = this.#byId.get(kind);
    if (byId === undefined) return nothing;
    return this.#lists.getOrInsertComputed(kind, () => [...byId.values()]) as readonly OfKind<K>[];
  }

  /** The list by id, as it is until the next set is followed. */
  byId<K extends ResourceKind>(kind: K): ReadonlyMap<ResourceId, OfKind<K>> {
    return (this.#byId.get(kind) as ReadonlyMap<ResourceId, OfKind<K>> | undefined) ?? nobody;
  }

  #put(id: ResourceId, now: Resource | undefined, before: Resource | undefined): void {
    if (before !== undefined && before.kind !== now?.kind) {
      this.#byId.get(before.kind)?.delete(id);
      this.#lists.delete(before.kind);
    }
    if (now === undefined) return;
    this.#byId.getOrInsertComputed(now.kind, () => new Map<ResourceId, Resource>()).set(id, now);
    this.#lists.delete(now.kind);
  }
}
