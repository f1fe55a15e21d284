// What units tell of a snapshot in parts becomes one map. Remembers the parts before, so that it costs what the parts
// cost that are others now; what it answers depends on the present parts alone.
import type { GatewayKey, ResourceId } from '#snapshot/ids.ts';
import { ShelvedMap } from '#snapshot/shelved-map.ts';
import type { Resource, ResourceSet } from '#snapshot/snapshot.ts';
import type { GatewaySnapshot } from './gateway-snapshot.ts';
import { equal } from './sharing.ts';
import type { EndpointSource, Translation } from './translation.ts';

type Parts<T> = readonly (readonly T[])[];

const nothing: readonly never[] = Object.freeze([]);

/** Parts of one set, by id. Of one id all parts say the same. */
class JoinedParts<T extends { readonly id: ResourceId }> {
  #parts: Parts<T> = nothing;
  /** How many of the parts have it. */
  readonly #counts = new Map<ResourceId, number>();
  #joined = ShelvedMap.empty<ResourceId, T>();

  /** The map of `parts`; what says the same as before is the same object. */
  follow(parts: Parts<T>): ShelvedMap<ResourceId, T> {
    const before = this.#parts;
    if (parts === before) return this.#joined;
    const changes = new Map<ResourceId, T | undefined>();
    for (const [at, part] of before.entries()) if (part !== parts[at]) this.#leave(part, changes);
    for (const [at, part] of parts.entries()) if (part !== before[at]) this.#come(part, changes);
    this.#parts = parts;
    this.#joined = this.#joined.with(changes);
    return this.#joined;
  }

  #leave(part: readonly T[], changes: Map<ResourceId, T | undefined>): void {
    for (const { id } of part) {
      const count = (this.#counts.get(id) ?? 0) - 1;
      if (count > 0) {
        this.#counts.set(id, count);
        continue;
      }
      this.#counts.delete(id);
      changes.set(id, undefined);
    }
  }

  #come(part: readonly T[], changes: Map<ResourceId, T | undefined>): void {
    for (const one of part) {
      const { id } = one;
      this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
      const before = this.#joined.get(id);
      changes.set(id, before !== undefined && equal(before, one) ? before : one);
    }
  }
}

interface JoinedSnapshot {
  readonly resources: JoinedParts<Resource>;
  readonly sources: JoinedParts<EndpointSource>;
}

/** The snapshots of one translation after another. */
export class JoinedSnapshots {
  #kept: ReadonlyMap<GatewayKey, JoinedSnapshot> = new Map();

  follow(
    parts: ReadonlyMap<GatewayKey, GatewaySnapshot>,
  ): Pick<Translation, 'snapshots' | 'endpointSources'> {
    const kept = new Map<GatewayKey, JoinedSnapshot>();
    const snapshots = new Map<GatewayKey, ResourceSet>();
    const endpointSources = new Map<GatewayKey, ReadonlyMap<ResourceId, EndpointSource>>();
    for (const [gateway, { resources, sources }] of parts) {
      const joined = this.#kept.get(gateway) ?? { resources: new JoinedParts(), sources: new JoinedParts() };
      kept.set(gateway, joined);
      snapshots.set(gateway, joined.resources.follow(resources));
      endpointSources.set(gateway, joined.sources.follow(sources));
    }
    this.#kept = kept;
    return { snapshots, endpointSources };
  }
}
