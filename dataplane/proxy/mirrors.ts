import { Mirroring } from './mirroring.ts';
import type { Original } from './mirroring.ts';
import type { TimeWatch } from './allowed-time.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { Mirror } from '#dataplane/runtime.ts';

/** Copies under way at once to one cluster; a request that would be one more is not copied. */
const mirrorsMax = 256;

/** All copies of one request. */
export class Mirrors {
  readonly #all: readonly Mirroring[];

  constructor(all: readonly Mirroring[]) {
    this.#all = all;
  }

  /** Octets of the request that are held for copies. */
  get buffered(): number {
    return this.#all.reduce((sum, { buffered }) => sum + buffered, 0);
  }

  data(data: Buffer): void {
    for (const mirroring of this.#all) mirroring.data(data);
  }

  flush(): void {
    for (const mirroring of this.#all) mirroring.flush();
  }

  end(trailers: Fields | null): void {
    for (const mirroring of this.#all) mirroring.end(trailers);
  }

  /** The request itself is over. */
  originalEnds(): void {
    for (const mirroring of this.#all) mirroring.originalEnds();
  }
}

/** Begins the copies of a request to those whose share it falls in; null when there are none. `random`: 0 to 1. */
export function startMirrors(
  original: Original,
  mirrors: readonly Mirror[],
  by: { readonly watch: TimeWatch; readonly random: () => number },
): Mirrors | null {
  const all: Mirroring[] = [];
  const { request, caller } = original;
  for (const { cluster, share } of mirrors) {
    if (by.random() >= share) continue;
    const isRoom = cluster.mirrors < mirrorsMax;
    const endpoint = isRoom
      ? cluster.pick(cluster.hashOf(request.head.fields, caller.source.address), [])
      : null;
    if (endpoint === null || !cluster.began()) {
      cluster.counts.mirrorsDropped += 1;
      continue;
    }
    cluster.mirrors += 1;
    cluster.counts.mirrors += 1;
    all.push(new Mirroring(original, cluster, endpoint, by.watch));
  }
  for (const mirroring of all) mirroring.start();
  return all.length === 0 ? null : new Mirrors(all);
}
