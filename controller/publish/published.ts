import { encodeResource, hashResource, versionOf } from '#snapshot/encode.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { controllerLineBytesMax, messageLine, putLine } from '#snapshot/message.ts';
import type { Order, Resource, ResourceSet } from '#snapshot/snapshot.ts';

/** Encodes a resource once as long as the same object is handed in: resources are frozen, so it stays true. */
export type Encoder = (resource: Resource) => Entry;

/** A resource as it goes over the wire. */
export interface Entry {
  readonly encoded: string;
  readonly hash: string;
}

/** Lines that bring a data plane from what it has to `version`. Lazy: a line is made when it is taken. */
export interface Plan {
  readonly version: string;
  readonly order: Order;
  readonly lines: Iterable<string>;
}

interface Step {
  /** The version before the step. */
  readonly from: string;
  readonly changed: readonly ResourceId[];
}

const stepsMax = 1_000;
const changesMax = 50_000;

/** A put line that would be longer than a data plane takes is not sent; the rest is the line's own words. */
const encodedBytesMax = controllerLineBytesMax - 64;

/** An {@link Encoder} with a memory that lives as long as the resources do. */
export function createEncoder(): Encoder {
  const known = new WeakMap<Resource, Entry>();
  return (resource) => {
    const before = known.get(resource);
    if (before !== undefined) return before;
    const encoded = encodeResource(resource);
    const entry = Object.freeze({ encoded, hash: hashResource(encoded) });
    known.set(resource, entry);
    return entry;
  };
}

/** What is published for one Gateway: its newest snapshot, and what changed lately, from which deltas are made. */
export class Published {
  readonly #encode: Encoder;
  /** Sorted by id. Replaced, never changed: plans that are still being sent hold on to it. */
  #entries: ReadonlyMap<ResourceId, Entry>;
  #order: Order;
  #version: string;
  #tooLarge: ReadonlyMap<ResourceId, string> = new Map();
  #steps: Step[] = [];
  #changes = 0;

  constructor(resources: ResourceSet, order: Order, encode: Encoder) {
    this.#encode = encode;
    this.#entries = this.#encoded(resources);
    this.#order = order;
    this.#version = version(this.#entries);
  }

  get version(): string {
    return this.#version;
  }

  get order(): Order {
    return this.#order;
  }

  /** Resources that are left out because no line may be so long: the reason by id. */
  get tooLarge(): ReadonlyMap<ResourceId, string> {
    return this.#tooLarge;
  }

  /** Takes a whole new set. Answers whether the version changed. */
  replace(resources: ResourceSet, order: Order): boolean {
    const next = this.#encoded(resources);
    const changed: ResourceId[] = [];
    for (const [id, entry] of next) if (this.#entries.get(id)?.hash !== entry.hash) changed.push(id);
    for (const id of this.#entries.keys()) if (!next.has(id)) changed.push(id);
    return this.#step(next, changed, order);
  }

  /** What to send to one who has the version `base`: a delta when the way from there is known, else everything. */
  planFrom(base: string | null): Plan {
    const order = this.#order;
    const changed = base === null ? null : this.#changedSince(base);
    const commit = {
      type: 'commit',
      version: this.#version,
      order,
      base: changed === null ? null : base,
    } as const;
    return {
      version: this.#version,
      order,
      lines: linesOf(this.#entries, changed ?? this.#entries.keys(), messageLine(commit)),
    };
  }

  #step(next: ReadonlyMap<ResourceId, Entry>, changed: readonly ResourceId[], order: Order): boolean {
    this.#order = order;
    if (changed.length === 0) return false;
    this.#steps.push({ from: this.#version, changed });
    this.#changes += changed.length;
    while (this.#steps.length > stepsMax || this.#changes > changesMax) {
      this.#changes -= this.#steps.shift()?.changed.length ?? 0;
    }
    this.#entries = next;
    this.#version = version(next);
    return true;
  }

  #changedSince(base: string): Iterable<ResourceId> | null {
    if (base === this.#version) return [];
    const first = this.#steps.findLastIndex((step) => step.from === base);
    if (first < 0) return null;
    return new Set(this.#steps.slice(first).flatMap((step) => step.changed));
  }

  #encoded(resources: ResourceSet): ReadonlyMap<ResourceId, Entry> {
    const entries = new Map<ResourceId, Entry>();
    const tooLarge = new Map<ResourceId, string>();
    for (const [id, resource] of resources) {
      const entry = this.#encode(resource);
      if (isTooLarge(entry)) tooLarge.set(id, `larger than ${encodedBytesMax} bytes`);
      else entries.set(id, entry);
    }
    this.#tooLarge = tooLarge;
    return sortedById(entries);
  }
}

function* linesOf(
  entries: ReadonlyMap<ResourceId, Entry>,
  ids: Iterable<ResourceId>,
  commit: string,
): Generator<string> {
  for (const id of ids) {
    const entry = entries.get(id);
    yield entry === undefined ? messageLine({ type: 'remove', id }) : putLine(entry.encoded);
  }
  yield commit;
}

function isTooLarge(entry: Entry): boolean {
  return entry.encoded.length * 3 > encodedBytesMax && Buffer.byteLength(entry.encoded) > encodedBytesMax;
}

function sortedById(entries: ReadonlyMap<ResourceId, Entry>): ReadonlyMap<ResourceId, Entry> {
  let previous = '';
  for (const id of entries.keys()) {
    if (id < previous) return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
    previous = id;
  }
  return entries;
}

function version(entries: ReadonlyMap<ResourceId, Entry>): string {
  return versionOf(Array.from(entries, ([id, { hash }]) => [id, hash] as const));
}
