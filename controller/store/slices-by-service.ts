import type { EndpointSlice } from '#crds/kubernetes.ts';
import { keyOf } from './kind-objects.ts';

const noSlices: readonly never[] = Object.freeze([]);

/** Which EndpointSlices a Service has, by their label. */
export class SlicesByService {
  readonly #serviceOf = new Map<string, string>();
  readonly #names = new Map<string, Set<string>>();
  /** What was found last, of Services whose slices have not changed since. */
  readonly #found = new Map<string, readonly EndpointSlice[]>();

  /** Those of a Service, sorted by name; the same array as before while none of them changes. */
  of(
    namespace: string,
    service: string,
    find: (name: string) => EndpointSlice | undefined,
  ): readonly EndpointSlice[] {
    const key = keyOf(namespace, service);
    const names = this.#names.get(key);
    if (names === undefined) return noSlices;
    return this.#found.getOrInsertComputed(key, () =>
      [...names]
        .sort()
        .map(find)
        .filter((slice) => slice !== undefined),
    );
  }

  /** The slice belongs to `service` now (null: to none, or it is gone); answers whose slices changed. */
  put(namespace: string, name: string, service: string | null): readonly string[] {
    const key = keyOf(namespace, name);
    const before = this.#serviceOf.get(key) ?? null;
    if (before !== null && before !== service) {
      this.#serviceOf.delete(key);
      this.#drop(keyOf(namespace, before), name);
    }
    if (service !== null && before !== service) {
      this.#serviceOf.set(key, service);
      const names = this.#names.get(keyOf(namespace, service)) ?? new Set();
      this.#names.set(keyOf(namespace, service), names.add(name));
    }
    const affected = [...new Set([before, service])].filter((one) => one !== null);
    for (const one of affected) this.#found.delete(keyOf(namespace, one));
    return affected;
  }

  #drop(service: string, name: string): void {
    const names = this.#names.get(service);
    names?.delete(name);
    if (names?.size === 0) {
      this.#names.delete(service);
    }
  }
}
