import { hash } from 'node:crypto';
import { isRecord } from '#crds/record.ts';
import { liveStatusOf } from '#controller/source.ts';
import { markOf } from './mark.ts';
import type { FieldProblem } from '#crds/field-problem.ts';
import type { LiveStatus, SourceObject } from '#controller/source.ts';
import type { RefusedObject } from '#controller/translate/input.ts';

interface Entry<T> {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Null when it does not decode. */
  readonly object: T | null;
  /** Null when it does. */
  readonly refused: RefusedObject | null;
  readonly live: LiveStatus;
  /** Content apart from the status, where only a generation tells it; null where every change counts. */
  readonly fingerprint: string | null;
  /** Of name and content: the same wherever the object is seen. */
  readonly digest: bigint;
}

/** An object as its kind says, or what is wrong with it. */
export type DecodeResult<T> =
  | { readonly ok: true; readonly object: T }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** What became of an object that a source told of. */
export type Outcome =
  | { readonly kind: 'Unchanged' }
  /** Nothing else. */
  | { readonly kind: 'StatusChanged' }
  | { readonly kind: 'Changed' }
  | { readonly kind: 'Refused'; readonly problems: readonly FieldProblem[] };

export interface KindObjectsOptions<T> {
  readonly decode: (raw: SourceObject) => DecodeResult<T>;
  /**
   * True for kinds whose status only controllers write and whose generation counts every change of the spec:
   * a change of nothing but the status is then none.
   */
  readonly statusIsOutput: boolean;
}

/**
 * The objects of one kind, decoded. An object and the list keep their identity while nothing of them changes;
 * what comes late (an older resourceVersion of the same object) is passed over.
 */
export class KindObjects<T extends object> {
  readonly #options: KindObjectsOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  /** All entries by their keys: to sort ten thousand for each change would cost more than the change. */
  readonly #ordered: Entry<T>[] = [];
  /** Sorted by key; null when it must be made anew. */
  #list: readonly T[] | null = [];
  /** The same for those that do not decode. */
  #refused: readonly RefusedObject[] | null = Object.freeze([]);
  /** Of the digests of all entries, so that a change costs no more than its own. */
  #sum = 0n;

  constructor(options: KindObjectsOptions<T>) {
    this.#options = options;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#entries.get(keyOf(namespace, name))?.object ?? undefined;
  }

  /** Sorted by namespace and name. */
  list(): readonly T[] {
    this.#list ??= this.#sorted(({ object }) => object);
    return this.#list;
  }

  /** Those that do not decode, sorted by namespace and name. */
  refused(): readonly RefusedObject[] {
    this.#refused ??= this.#sorted(({ refused }) => refused);
    return this.#refused;
  }

  /** A digest of all objects, of equal objects the same in every replica; '' when there are none. */
  get state(): string {
    return this.#entries.size === 0 ? '' : this.#sum.toString(36);
  }

  live(namespace: string, name: string): LiveStatus | undefined {
    return this.#entries.get(keyOf(namespace, name))?.live;
  }

  /** Names and live states of all, those that do not decode among them. */
  *all(): Iterable<{ readonly namespace: string; readonly name: string; readonly live: LiveStatus }> {
    yield* this.#entries.values();
  }

  /**
   * Takes an object as a watch or a list tells of it. A list is right even where it tells an older version than
   * we have: the cluster may have been restored from a backup.
   */
  upsert(raw: SourceObject, from: 'Watch' | 'List'): Outcome {
    const namespace = raw.metadata.namespace ?? '';
    const key = keyOf(namespace, raw.metadata.name);
    const before = this.#entries.get(key);
    const live = liveStatusOf(raw);
    const age = before === undefined ? 'Newer' : ageOf(live, before.live);
    if (age === 'Same' || (age === 'Older' && from === 'Watch')) {
      return { kind: 'Unchanged' };
    }
    const fingerprint = this.#options.statusIsOutput ? fingerprintOf(raw) : null;
    if (before?.fingerprint === fingerprint && fingerprint !== null && age === 'Newer') {
      this.#put({ ...before, live });
      return { kind: 'StatusChanged' };
    }
    const decoded = this.#options.decode(raw);
    const { name } = raw.metadata;
    const object = decoded.ok ? decoded.object : null;
    const refused = decoded.ok ? null : Object.freeze({ namespace, name, raw, problems: decoded.problems });
    const digest = digestOf(key, fingerprint ?? `${live.uid} ${live.resourceVersion}`);
    this.#keep({ key, namespace, name, object, refused, live, fingerprint, digest });
    return decoded.ok ? { kind: 'Changed' } : { kind: 'Refused', problems: decoded.problems };
  }

  /** False when there was nothing to delete, or a newer object of the name. */
  delete(raw: SourceObject): boolean {
    const key = keyOf(raw.metadata.namespace ?? '', raw.metadata.name);
    const before = this.#entries.get(key);
    if (before === undefined || isOlder(raw.metadata.resourceVersion, before.live.resourceVersion)) {
      return false;
    }
    return this.#remove(key);
  }

  /** Deletes all whose name is not in `keep` (see {@link keyOf}); answers their namespaces and names. */
  retain(keep: ReadonlySet<string>): readonly { readonly namespace: string; readonly name: string }[] {
    const gone = [...this.#entries].filter(([key]) => !keep.has(key));
    return gone.map(([key, { namespace, name }]) => {
      this.#remove(key);
      return { namespace, name };
    });
  }

  #keep(entry: Entry<T>): void {
    const before = this.#entries.get(entry.key);
    this.#put(entry);
    this.#sum = BigInt.asUintN(64, this.#sum + entry.digest - (before?.digest ?? 0n));
    this.#list = null;
    if (entry.refused !== null || (before?.refused ?? null) !== null) {
      this.#refused = null;
    }
  }

  #put(entry: Entry<T>): void {
    const isThere = this.#entries.has(entry.key);
    this.#entries.set(entry.key, entry);
    this.#ordered.splice(this.#indexOf(entry.key), isThere ? 1 : 0, entry);
  }

  #remove(key: string): boolean {
    this.#list = null;
    if ((this.#entries.get(key)?.refused ?? null) !== null) {
      this.#refused = null;
    }
    this.#sum = BigInt.asUintN(64, this.#sum - (this.#entries.get(key)?.digest ?? 0n));
    this.#ordered.splice(this.#indexOf(key), 1);
    return this.#entries.delete(key);
  }

  /** Where the entry of `key` is among all, or would be. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ordered[middle]?.key ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sorted<V>(pick: (entry: Entry<T>) => V | null): readonly V[] {
    const picked: V[] = [];
    for (const entry of this.#ordered) {
      const value = pick(entry);
      if (value !== null) picked.push(value);
    }
    return Object.freeze(picked);
  }
}

/** The key of an object's name: sorts by namespace, then name. */
export function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** How `live` stands to what we have: another object of the name counts as newer, whatever its version. */
function ageOf(live: LiveStatus, before: LiveStatus): 'Newer' | 'Same' | 'Older' {
  if (live.resourceVersion === '' || live.uid !== before.uid) {
    return 'Newer';
  }
  if (live.resourceVersion === before.resourceVersion) {
    return 'Same';
  }
  return isOlder(live.resourceVersion, before.resourceVersion) ? 'Older' : 'Newer';
}

function isOlder(version: string | undefined, than: string): boolean {
  const mark = markOf(version);
  const other = markOf(than);
  return mark !== null && other !== null && mark < other;
}

function digestOf(key: string, content: string): bigint {
  return hash('sha256', `${key} ${content}`, 'buffer').readBigUInt64BE();
}

function fingerprintOf(raw: SourceObject): string | null {
  const { metadata } = raw;
  if (typeof metadata.generation !== 'number' || metadata.generation === 0) {
    return null;
  }
  const { uid, generation } = metadata;
  return JSON.stringify([
    uid,
    generation,
    sortedFields(metadata['labels']),
    sortedFields(metadata['annotations']),
    metadata['finalizers'] ?? [],
    metadata['deletionTimestamp'] ?? '',
  ]);
}

function sortedFields(value: unknown): readonly (readonly [string, unknown])[] {
  return isRecord(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : [];
}
