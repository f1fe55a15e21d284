// The translation's memory. A unit of work is kept with all it read, and done again only when one of these is no
// longer the same reference; work that comes out equal keeps its old reference, so that what reads it rests too.
// What changed is followed to those who read it (sources.ts): ten thousand units that it does not concern cost
// nothing. Memory changes how long a translation takes, never what it says.
import assert from 'node:assert/strict';
import type { Kind, KindMap } from '#crds/kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type {
  DataPlanes,
  FetchedKeys,
  ProvisioningProblem,
  QuotaUse,
  RefusedObject,
  TranslationInput,
  TranslationSettings,
} from './input.ts';
import { share } from './sharing.ts';
import { InputSources, Source } from './sources.ts';

/** One kind of work, done for the object or place that `key` names. Depends on `read` and `key` alone. */
export interface Unit<Result> {
  readonly name: string;
  readonly compute: (read: Read, ...key: readonly string[]) => Result;
}

/** A list of a kind, narrowed: each object is found under each of its keys. */
export interface Index<K extends Kind> {
  readonly kind: K;
  readonly keysOf: (object: KindMap[K]) => readonly string[];
}

/** What a unit may know. Every answer is noted as something the unit depends on. */
export interface Read {
  readonly settings: TranslationSettings;
  get<K extends Kind>(kind: K, namespace: string, name: string): KindMap[K] | undefined;
  /** A ConfigMap as a list of addresses. */
  addressList(namespace: string, name: string): KindMap['ConfigMap'] | undefined;
  list<K extends Kind>(kind: K): readonly KindMap[K][];
  find<K extends Kind>(index: Index<K>, key: string): readonly KindMap[K][];
  refused(kind: Kind): readonly RefusedObject[];
  /** Whether there can be objects of the kind. */
  served(kind: Kind): boolean;
  ask<Result>(unit: Unit<Result>, ...key: readonly string[]): Result;
  dataPlanes(gateway: GatewayKey): DataPlanes | undefined;
  fetchedKeys(id: string): FetchedKeys | undefined;
  provisioning(gateway: GatewayKey): ProvisioningProblem | undefined;
  quotas(consumer: string): readonly QuotaUse[] | undefined;
}

/** Told of each unit of work that is done (not of those remembered). */
export type Trace = (unit: string, key: string) => void;

/** Runs units over one input after another, remembering between them. */
export interface Memo {
  run<Result>(input: TranslationInput, unit: Unit<Result>): Result;
}

/** A memory that is empty. */
export function createMemo(trace: Trace = () => undefined): Memo {
  const store = new MemoStore(trace);
  return { run: (input, unit) => store.run(input, unit) };
}

/**
 * A unit's result for one key, and what it was made from.
 * `Fresh`: right. `Suspect`: something that it was made from may be another one. `Due`: to be made (anew).
 */
class Entry extends Source<Entry> {
  readonly unit: Unit<unknown>;
  readonly key: readonly string[];
  state: 'Fresh' | 'Suspect' | 'Due' = 'Due';
  /** The run in which it was last known to be right, and that in which it last became another one; 0: never. */
  run = 0;
  changed = 0;
  reads: readonly Source<Entry>[] = [];
  value: unknown = undefined;
  readonly #branch: Branch;

  constructor(unit: Unit<unknown>, key: readonly string[], branch: Branch) {
    super();
    this.unit = unit;
    this.key = key;
    this.#branch = branch;
  }

  override forget(): void {
    this.#branch.entry = null;
    for (let branch = this.#branch; branch.entry === null && branch.branches.size === 0;) {
      if (branch.above === null) return;
      branch.above.branches.delete(branch.part);
      branch = branch.above;
    }
  }
}

/**
 * Entries by the parts of their keys. Hot path: thousands are asked in a pass, and to join the parts of each key
 * into one string would cost more than all else.
 */
interface Branch {
  entry: Entry | null;
  readonly branches: Map<string, Branch>;
  readonly above: Branch | null;
  readonly part: string;
}

class MemoStore {
  readonly #trace: Trace;
  #roots = new Map<Unit<unknown>, Branch>();
  #sources = new InputSources<Entry>();
  #input: TranslationInput | null = null;
  #run = 0;
  /** How often reads were counted. */
  #counts = 0;
  /** What lost a reader in this run. */
  readonly #left = new Set<Source<Entry>>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  run<Result>(input: TranslationInput, unit: Unit<Result>): Result {
    if (this.#input !== null && !sameSettings(this.#input.settings, input.settings)) {
      this.#roots = new Map();
      this.#sources = new InputSources();
    }
    this.#input = input;
    this.#run += 1;
    for (const source of this.#sources.follow(input)) outdate(source);
    const root = this.#entry(unit, []);
    this.#renew(root);
    this.#forget(root);
    return root.value as Result;
  }

  #entry(unit: Unit<unknown>, key: readonly string[]): Entry {
    let branch = this.#roots.getOrInsertComputed(unit, () => branchOf(null, ''));
    for (const part of key) {
      const above = branch;
      branch = above.branches.getOrInsertComputed(part, () => branchOf(above, part));
    }
    branch.entry ??= new Entry(unit, key, branch);
    return branch.entry;
  }

  /** Makes the value of `entry` right for this run. */
  #renew(entry: Entry): void {
    if (entry.state === 'Due' || (entry.state === 'Suspect' && this.#isOutdated(entry))) {
      this.#make(entry);
    }
    entry.state = 'Fresh';
    entry.run = this.#run;
  }

  /** In the order of its reads: what would be read after another one of them may never be asked for again. */
  #isOutdated({ reads, run }: Entry): boolean {
    return reads.some((read) => {
      if (!(read instanceof Entry)) return false;
      if (read.state !== 'Fresh') this.#renew(read);
      return read.changed > run;
    });
  }

  #make(entry: Entry): void {
    this.#trace(entry.unit.name, entry.key.join('/'));
    const reads: Source<Entry>[] = [];
    const value = share(entry.value, entry.unit.compute(this.#reader(reads), ...entry.key));
    if (entry.run === 0 || value !== entry.value) entry.changed = this.#run;
    entry.value = value;
    this.#depend(entry, reads);
  }

  /** From now on `entry` depends on `reads`, and on nothing else. */
  #depend(entry: Entry, reads: readonly Source<Entry>[]): void {
    this.#counts += 1;
    for (const read of reads) {
      read.met = this.#counts;
      read.readers.add(entry);
    }
    for (const read of entry.reads) {
      if (read.met !== this.#counts && read.readers.delete(entry)) this.#left.add(read);
    }
    entry.reads = reads;
  }

  /** Forgets what nobody reads any more, and so on. */
  #forget(root: Entry): void {
    for (const source of this.#left) {
      if (source.readers.size > 0 || source === root) continue;
      source.forget();
      if (!(source instanceof Entry)) continue;
      for (const read of source.reads) if (read.readers.delete(source)) this.#left.add(read);
    }
    this.#left.clear();
  }

  #reader(reads: Source<Entry>[]): Read {
    const sources = this.#sources;
    const input = this.#now();
    const { settings, objects, observations } = input;
    return {
      settings,
      get: (kind, namespace, name) => {
        reads.push(sources.kind(kind, objects).named(namespace, name));
        return objects.get(kind, namespace, name);
      },
      addressList: (namespace, name) => {
        const source = sources.addressList(input, namespace, name);
        reads.push(source);
        return source.list;
      },
      served: (kind) => {
        reads.push(sources.kind(kind, objects).served);
        return objects.served(kind);
      },
      refused: (kind) => {
        reads.push(sources.kind(kind, objects).refused);
        return objects.refused(kind);
      },
      list: (kind) => {
        reads.push(sources.kind(kind, objects).listed);
        return objects.list(kind);
      },
      find: (index, key) => {
        const narrowed = sources.kind(index.kind, objects).narrowed(index);
        reads.push(narrowed.source(key));
        return narrowed.at(key);
      },
      ask: <Result>(unit: Unit<Result>, ...key: readonly string[]) => {
        const entry = this.#entry(unit, key);
        if (entry.state !== 'Fresh') this.#renew(entry);
        reads.push(entry);
        return entry.value as Result;
      },
      dataPlanes: (gateway) => {
        reads.push(sources.observed('dataPlanes', gateway));
        return observations.dataPlanes.get(gateway);
      },
      provisioning: (gateway) => {
        reads.push(sources.observed('provisioning', gateway));
        return observations.provisioning.get(gateway);
      },
      fetchedKeys: (id) => {
        reads.push(sources.observed('keys', id));
        return observations.keys.get(id);
      },
      quotas: (id) => {
        reads.push(sources.observed('quotas', id));
        return observations.quotas.get(id);
      },
    };
  }

  #now(): TranslationInput {
    assert(this.#input !== null, 'units are asked inside of a run');
    return this.#input;
  }
}

function branchOf(above: Branch | null, part: string): Branch {
  return { entry: null, branches: new Map(), above, part };
}

/** Its readers are to be made anew; what was made from these may have to be. */
function outdate(source: Source<Entry>): void {
  const changed: Source<Entry>[] = [];
  for (const reader of source.readers) {
    if (reader.state === 'Fresh') changed.push(reader);
    reader.state = 'Due';
  }
  for (let next = changed.pop(); next !== undefined; next = changed.pop()) {
    for (const reader of next.readers) {
      if (reader.state !== 'Fresh') continue;
      reader.state = 'Suspect';
      changed.push(reader);
    }
  }
}

function sameSettings(one: TranslationSettings, other: TranslationSettings): boolean {
  return (
    one.controllerName === other.controllerName &&
    one.dataPlanes === other.dataPlanes &&
    one.trustedNetworks.join() === other.trustedNetworks.join()
  );
}
