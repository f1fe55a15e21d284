import { encodeResource, hashResource } from '#snapshot/encode.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { controllerLineBytesMax, messageLine, putLine } from '#snapshot/message.ts';
import { SetVersions } from '#snapshot/set-version.ts';
import { ShelvedMap, changedKeys } from '#snapshot/shelved-map.ts';
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
  /** What was put last: of a resource that is the same object again nothing needs to be done. */
  #resources: ResourceSet = new Map();
  #entries = ShelvedMap.empty<ResourceId, Entry>();
  readonly #versions = new SetVersions();
  #order: Order;
  #version: string;
  readonly #tooLarge = new Map<ResourceId, string>();
  #steps: Step[] = [];
  #changes = 0;

  constructor(resources: ResourceSet, order: Order, encode: Encoder) {
    this.#encode = encode;
    this.#take(resources);
    this.#order = order;
    this.#version = this.#versions.of(this.#entries);
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
    this.#order = order;
    const changed = this.#take(resources);
    if (changed.length === 0) return false;
    this.#steps.push({ from: this.#version, changed });
    this.#changes += changed.length;
    while (this.#steps.length > stepsMax || this.#changes > changesMax) {
      this.#changes -= this.#steps.shift()?.changed.length ?? 0;
    }
    this.#version = this.#versions.of(this.#entries);
    return true;
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
      lines: linesOf(this.#entriesOf(changed ?? this.#entries.keys()), messageLine(commit)),
    };
  }

  #changedSince(base: string): Iterable<ResourceId> | null {
    if (base === this.#version) return [];
    const first = this.#steps.findLastIndex((step) => step.from === base);
    if (first < 0) return null;
    return new Set(this.#steps.slice(first).flatMap((step) => step.changed));
  }

  /** As they are now: a plan that is still being sent must not see what comes later. */
  #entriesOf(ids: Iterable<ResourceId>): readonly Told[] {
    return Array.from(ids, (id) => [id, this.#entries.get(id)] as const);
  }

  /** Answers what changed for data planes. */
  #take(resources: ResourceSet): readonly ResourceId[] {
    const entries = new Map<ResourceId, Entry | undefined>();
    for (const id of changedKeys(this.#resources, resources)) {
      const resource = resources.get(id);
      const entry = resource === undefined ? undefined : this.#encode(resource);
      const isLeftOut = entry !== undefined && isTooLarge(entry);
      if (isLeftOut) this.#tooLarge.set(id, `larger than ${encodedBytesMax} bytes`);
      else this.#tooLarge.delete(id);
      entries.set(id, isLeftOut ? undefined : entry);
    }
    const before = this.#entries;
    this.#resources = resources;
    this.#entries = before.with(entries);
    return [...entries.keys()].filter((id) => before.get(id)?.hash !== entries.get(id)?.hash);
  }
}

/** Undefined: to be removed. */
type Told = readonly [id: ResourceId, entry: Entry | undefined];

function* linesOf(told: readonly Told[], commit: string): Generator<string> {
  for (const [id, entry] of told) {
    yield entry === undefined ? messageLine({ type: 'remove', id }) : putLine(entry.encoded);
  }
  yield commit;
}

function isTooLarge(entry: Entry): boolean {
  return entry.encoded.length * 3 > encodedBytesMax && Buffer.byteLength(entry.encoded) > encodedBytesMax;
}
