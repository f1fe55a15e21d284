// Last seen truth: the objects of a source, decoded and frozen, and what was observed. Says what changed. Does
// not know what an object means, nor where it comes from.
import { isRecord } from '#crds/record.ts';
import { KindObjects, keyOf } from './kind-objects.ts';
import { Positions } from './positions.ts';
import { SlicesByService } from './slices-by-service.ts';
import type { FieldProblem } from '#crds/field-problem.ts';
import type { Kind, KindMap } from '#crds/kind.ts';
import type { EndpointSlice } from '#crds/kubernetes.ts';
import { statusKinds } from '#crds/status-kinds.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { Order } from '#snapshot/snapshot.ts';
import type {
  DataPlanes,
  FetchedKeys,
  ObjectReader,
  Observations,
  ProvisioningProblem,
  QuotaUse,
} from '#controller/translate/input.ts';
import type { LiveStatus, ObjectSink, SourceObject } from '#controller/source.ts';
import type { DecodeResult, Outcome } from './kind-objects.ts';

/** What a listener is told of. `Refused`: an object that does not decode, and therefore is not there. */
export type StoreChange =
  | { readonly kind: 'Object'; readonly of: Kind; readonly namespace: string; readonly name: string }
  | { readonly kind: 'Endpoints'; readonly namespace: string; readonly service: string }
  /** Of a kind whose status only controllers write: nothing to translate. */
  | { readonly kind: 'Status'; readonly of: Kind; readonly namespace: string; readonly name: string }
  /** More has been seen of a kind, perhaps changes that concern nobody here. */
  | { readonly kind: 'Progress' }
  | { readonly kind: 'Served'; readonly of: Kind }
  | { readonly kind: 'DataPlanes'; readonly gateway: GatewayKey }
  | { readonly kind: 'Keys'; readonly id: string }
  | { readonly kind: 'Provisioning'; readonly gateway: GatewayKey }
  | { readonly kind: 'Quotas' }
  | {
      readonly kind: 'Refused';
      readonly of: Kind;
      readonly namespace: string;
      readonly name: string;
      readonly problems: readonly FieldProblem[];
    };

export interface StoreOptions {
  /** The kinds to wait for. */
  readonly kinds: readonly Kind[];
  /** Freezes what it answers. */
  readonly decode: (kind: Kind, raw: unknown) => DecodeResult<KindMap[Kind]>;
}

const serviceLabel = 'kubernetes.io/service-name';

type Tables = { readonly [K in Kind]?: KindObjects<KindMap[K]> };

/** One per controller. A sink for sources; a reader for the translation; tells its listeners at once. */
export class Store implements ObjectSink {
  readonly #tables: Tables;
  readonly #kinds: readonly Kind[];
  readonly #seen = new Map<Kind, 'Listed' | 'Unserved'>();
  readonly #slices = new SlicesByService();
  readonly #positions: Positions;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #observations: Observations = Object.freeze({
    dataPlanes: new Map(),
    keys: new Map(),
    provisioning: new Map(),
    quotas: new Map(),
  });
  #lineage = '';

  /** Views of the store as it is at the time of each call; take no notes over turns of the event loop. */
  readonly objects: ObjectReader;

  constructor(options: StoreOptions) {
    this.#kinds = options.kinds;
    this.#tables = createTables(options);
    this.#positions = new Positions(options.kinds, (kind) => this.#table(kind).state);
    this.objects = Object.freeze<ObjectReader>({
      get: (kind, namespace, name) => this.#table(kind).get(namespace, name),
      list: (kind) => this.#table(kind).list(),
      refused: (kind) => this.#table(kind).refused(),
      served: (kind) => this.#seen.get(kind) === 'Listed',
    });
  }

  /** Calls `listener` on every change, while it happens; the answer ends it. */
  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether every kind has had its first list, or is known not to be installed. */
  get synced(): boolean {
    return this.#kinds.every((kind) => this.#seen.has(kind));
  }

  /** The kinds still waited for. */
  get missing(): readonly Kind[] {
    return this.#kinds.filter((kind) => !this.#seen.has(kind));
  }

  get observations(): Observations {
    return this.#observations;
  }

  /** How new the store is: what it knows of each kind. */
  get order(): Order {
    return Object.freeze({ lineage: this.#lineage, kinds: this.#positions.all });
  }

  /** The identity of the cluster (or folder) whose resource versions are counted. */
  setLineage(lineage: string): void {
    this.#lineage = lineage;
  }

  /** The object as the source has it, for writers of status; undefined when there is none. */
  live(kind: Kind, namespace: string, name: string): LiveStatus | undefined {
    return this.#table(kind).live(namespace, name);
  }

  /** Names and live states of all objects of a kind. */
  allLive(
    kind: Kind,
  ): Iterable<{ readonly namespace: string; readonly name: string; readonly live: LiveStatus }> {
    return this.#table(kind).all();
  }

  /** The EndpointSlices of a Service, sorted by name; the same array as before while none of them changes. */
  slicesOf(namespace: string, service: string): readonly EndpointSlice[] {
    return this.#slices.of(namespace, service, (name) => this.objects.get('EndpointSlice', namespace, name));
  }

  replaceAll(kind: Kind, objects: readonly SourceObject[], resourceVersion: string): void {
    const risen = this.#positions.listed(kind, resourceVersion);
    const keys = new Set(objects.map(({ metadata }) => keyOf(metadata.namespace ?? '', metadata.name)));
    for (const { namespace, name } of this.#table(kind).retain(keys)) {
      this.#changed(kind, namespace, name);
    }
    for (const object of objects) {
      this.#take(kind, object, 'List');
    }
    if (this.#seen.get(kind) === 'Listed' && risen) {
      this.#tell({ kind: 'Progress' });
    }
    this.#served(kind, 'Listed');
  }

  upsert(kind: Kind, object: SourceObject): void {
    this.#take(kind, object, 'Watch');
  }

  #take(kind: Kind, object: SourceObject, from: 'Watch' | 'List'): void {
    this.#positions.changed(kind, object.metadata.resourceVersion);
    const outcome: Outcome = this.#table(kind).upsert(object, from);
    if (outcome.kind === 'Unchanged') {
      return;
    }
    const { name, namespace = '' } = object.metadata;
    if (outcome.kind === 'StatusChanged') {
      this.#tell({ kind: 'Status', of: kind, namespace, name });
      return;
    }
    this.#changed(kind, namespace, name, serviceOf(object));
    if (outcome.kind === 'Refused') {
      this.#tell({ kind: 'Refused', of: kind, namespace, name, problems: outcome.problems });
    }
  }

  delete(kind: Kind, object: SourceObject): void {
    this.#positions.changed(kind, object.metadata.resourceVersion);
    if (this.#table(kind).delete(object)) {
      this.#changed(kind, object.metadata.namespace ?? '', object.metadata.name);
    }
  }

  progress(kind: Kind, resourceVersion: string): void {
    if (this.#positions.changed(kind, resourceVersion)) {
      this.#tell({ kind: 'Progress' });
    }
  }

  unserved(kind: Kind): void {
    for (const { namespace, name } of this.#table(kind).retain(new Set())) {
      this.#changed(kind, namespace, name);
    }
    if (this.#positions.missing(kind) && this.#seen.get(kind) === 'Unserved') {
      this.#tell({ kind: 'Progress' });
    }
    this.#served(kind, 'Unserved');
  }

  /** What is known of a Gateway's data planes; null when nothing any more. */
  observeDataPlanes(gateway: GatewayKey, dataPlanes: DataPlanes | null): void {
    if (sameDataPlanes(this.#observations.dataPlanes.get(gateway) ?? null, dataPlanes)) {
      return;
    }
    const all = replaced(this.#observations.dataPlanes, gateway, dataPlanes);
    this.#observations = Object.freeze({ ...this.#observations, dataPlanes: all });
    this.#tell({ kind: 'DataPlanes', gateway });
  }

  /** What is known of a remote key set; null when nobody asks for it any more. */
  observeKeys(id: string, keys: FetchedKeys | null): void {
    if (JSON.stringify(this.#observations.keys.get(id) ?? null) === JSON.stringify(keys)) {
      return;
    }
    this.#observations = Object.freeze({
      ...this.#observations,
      keys: replaced(this.#observations.keys, id, keys),
    });
    this.#tell({ kind: 'Keys', id });
  }

  /** Why something cannot be made for a Gateway; null when nothing is wrong any more. */
  observeProvisioning(gateway: GatewayKey, problem: ProvisioningProblem | null): void {
    const before = this.#observations.provisioning.get(gateway) ?? null;
    if (JSON.stringify(before) === JSON.stringify(problem)) {
      return;
    }
    this.#observations = Object.freeze({
      ...this.#observations,
      provisioning: replaced(this.#observations.provisioning, gateway, problem),
    });
    this.#tell({ kind: 'Provisioning', gateway });
  }

  /** What Consumers have used of quotas that are nearly used up. */
  observeQuotas(quotas: ReadonlyMap<string, readonly QuotaUse[]>): void {
    this.#observations = Object.freeze({ ...this.#observations, quotas });
    this.#tell({ kind: 'Quotas' });
  }

  #table<K extends Kind>(kind: K): KindObjects<KindMap[K]> {
    const table = this.#tables[kind];
    if (table === undefined) {
      throw new TypeError(`the store was not made for ${kind}`);
    }
    return table;
  }

  #changed(kind: Kind, namespace: string, name: string, service: string | null = null): void {
    if (kind !== 'EndpointSlice') {
      this.#tell({ kind: 'Object', of: kind, namespace, name });
      return;
    }
    for (const affected of this.#slices.put(namespace, name, service)) {
      this.#tell({ kind: 'Endpoints', namespace, service: affected });
    }
  }

  #served(kind: Kind, state: 'Listed' | 'Unserved'): void {
    if (this.#seen.get(kind) !== state) {
      this.#seen.set(kind, state);
      this.#tell({ kind: 'Served', of: kind });
    }
  }

  #tell(change: StoreChange): void {
    for (const listener of this.#listeners) {
      listener(change);
    }
  }
}

function createTables({ kinds, decode }: StoreOptions): Tables {
  const tables = kinds.map((kind) => [
    kind,
    new KindObjects({ decode: (raw) => decode(kind, raw), statusIsOutput: statusKinds.has(kind) }),
  ]);
  return Object.fromEntries(tables) as Tables;
}

function serviceOf(object: SourceObject): string | null {
  const labels = object.metadata['labels'];
  const service = isRecord(labels) ? labels[serviceLabel] : undefined;
  return typeof service === 'string' ? service : null;
}

function sameDataPlanes(a: DataPlanes | null, b: DataPlanes | null): boolean {
  if (a === null || b === null) {
    return a === b;
  }
  return (
    a.ready === b.ready &&
    a.refused.size === b.refused.size &&
    [...a.refused].every(([id, reason]) => b.refused.get(id) === reason) &&
    JSON.stringify([...a.unbound]) === JSON.stringify([...b.unbound])
  );
}

function replaced<K, V>(map: ReadonlyMap<K, V>, key: K, value: V | null): ReadonlyMap<K, V> {
  const copy = new Map(map);
  if (value === null) {
    copy.delete(key);
  } else {
    copy.set(key, value);
  }
  return copy;
}
