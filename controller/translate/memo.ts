// The translation's memory. A unit of work is kept with all it read, and done again only when one of these is no
// longer the same reference; work that comes out equal keeps its old reference, so that what reads it rests too.
// Memory changes how long a translation takes, never what it says.
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

type Noted =
  | {
      readonly of: 'get';
      readonly kind: Kind;
      readonly namespace: string;
      readonly name: string;
      readonly value: unknown;
    }
  | {
      readonly of: 'addressList';
      readonly namespace: string;
      readonly name: string;
      readonly value: unknown;
    }
  | { readonly of: 'list' | 'refused'; readonly kind: Kind; readonly value: unknown }
  | { readonly of: 'find'; readonly index: Index<Kind>; readonly key: string; readonly value: unknown }
  | { readonly of: 'unit'; readonly entry: Entry; readonly value: unknown }
  | {
      readonly of: 'dataPlanes' | 'provisioning';
      readonly gateway: GatewayKey;
      readonly value: unknown;
    }
  | { readonly of: 'keys' | 'quotas'; readonly id: string; readonly value: unknown };

/** A unit's result for one key, and what it was made from. `run`: when it was last known to be right; 0: never. */
interface Entry {
  readonly unit: Unit<unknown>;
  readonly key: readonly string[];
  run: number;
  reads: readonly Noted[];
  value: unknown;
}

/**
 * Entries by the parts of their keys. Hot path: ten thousands are asked in a pass, and to join the parts of each
 * key into one string would cost more than all else.
 */
interface Branch {
  entry: Entry | null;
  readonly branches: Map<string, Branch>;
}

interface Narrowed {
  readonly list: readonly unknown[];
  readonly byKey: ReadonlyMap<string, readonly unknown[]>;
}

const nothing: readonly never[] = Object.freeze([]);

class MemoStore {
  readonly #trace: Trace;
  readonly #roots = new Map<Unit<unknown>, Branch>();
  readonly #narrowed = new Map<unknown, Narrowed>();
  #input: TranslationInput | null = null;
  #run = 0;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  run<Result>(input: TranslationInput, unit: Unit<Result>): Result {
    if (this.#input !== null && !sameSettings(this.#input.settings, input.settings)) {
      this.#roots.clear();
    }
    this.#input = input;
    this.#run += 1;
    const value = this.#renew(this.#entry(unit, []));
    for (const root of this.#roots.values()) {
      sweep(root, this.#run);
    }
    return value as Result;
  }

  #entry(unit: Unit<unknown>, key: readonly string[]): Entry {
    let branch = branchAt(this.#roots, unit);
    for (const part of key) {
      branch = branchAt(branch.branches, part);
    }
    branch.entry ??= { unit, key, run: 0, reads: [], value: undefined };
    return branch.entry;
  }

  /** The value of `entry` for this run, made anew if anything it was made from has changed. */
  #renew(entry: Entry): unknown {
    if (entry.run === this.#run) {
      return entry.value;
    }
    if (entry.run === 0 || !entry.reads.every((read) => this.#again(read) === read.value)) {
      this.#trace(entry.unit.name, entry.key.join('/'));
      const reads: Noted[] = [];
      entry.value = share(entry.value, entry.unit.compute(this.#reader(reads), ...entry.key));
      entry.reads = reads;
    }
    entry.run = this.#run;
    return entry.value;
  }

  #again(read: Noted): unknown {
    switch (read.of) {
      case 'get':
        return this.#now().objects.get(read.kind, read.namespace, read.name);
      case 'addressList':
        return this.#addressList(read.namespace, read.name);
      case 'list':
        return this.#now().objects.list(read.kind);
      case 'refused':
        return this.#now().objects.refused(read.kind);
      case 'find':
        return this.#find(read.index, read.key);
      case 'unit':
        return this.#renew(read.entry);
      case 'dataPlanes':
        return this.#now().observations.dataPlanes.get(read.gateway);
      case 'provisioning':
        return this.#now().observations.provisioning.get(read.gateway);
      case 'keys':
        return this.#now().observations.keys.get(read.id);
      case 'quotas':
        return this.#now().observations.quotas.get(read.id);
      default:
        return read satisfies never;
    }
  }

  #addressList(namespace: string, name: string): KindMap['ConfigMap'] | undefined {
    const { lists, objects } = this.#now();
    return lists === undefined ? objects.get('ConfigMap', namespace, name) : lists.get(namespace, name);
  }

  #reader(reads: Noted[]): Read {
    const note = <T>(read: Noted & { readonly value: T }): T => {
      reads.push(read);
      return read.value;
    };
    const input = this.#now();
    return {
      settings: input.settings,
      get: (kind, namespace, name) =>
        note({ of: 'get', kind, namespace, name, value: input.objects.get(kind, namespace, name) }),
      addressList: (namespace, name) =>
        note({ of: 'addressList', namespace, name, value: this.#addressList(namespace, name) }),
      refused: (kind) => note({ of: 'refused', kind, value: input.objects.refused(kind) }),
      list: (kind) => note({ of: 'list', kind, value: input.objects.list(kind) }),
      find: (index, key) =>
        note({ of: 'find', index: index as unknown as Index<Kind>, key, value: this.#find(index, key) }),
      ask: <Result>(unit: Unit<Result>, ...key: readonly string[]) => {
        const entry = this.#entry(unit, key);
        return note({ of: 'unit', entry, value: this.#renew(entry) as Result });
      },
      dataPlanes: (gateway) =>
        note({ of: 'dataPlanes', gateway, value: input.observations.dataPlanes.get(gateway) }),
      provisioning: (gateway) =>
        note({ of: 'provisioning', gateway, value: input.observations.provisioning.get(gateway) }),
      fetchedKeys: (id) => note({ of: 'keys', id, value: input.observations.keys.get(id) }),
      quotas: (id) => note({ of: 'quotas', id, value: input.observations.quotas.get(id) }),
    };
  }

  #find<K extends Kind>(index: Index<K>, key: string): readonly KindMap[K][] {
    const list = this.#now().objects.list(index.kind);
    const before = this.#narrowed.get(index);
    if (before?.list === list) {
      return (before.byKey.get(key) ?? nothing) as readonly KindMap[K][];
    }
    const byKey = narrow(list, index, before?.byKey ?? new Map());
    this.#narrowed.set(index, { list, byKey });
    return (byKey.get(key) ?? nothing) as readonly KindMap[K][];
  }

  #now(): TranslationInput {
    assert(this.#input !== null, 'units are asked inside of a run');
    return this.#input;
  }
}

function branchAt<Key>(branches: Map<Key, Branch>, key: Key): Branch {
  const found = branches.get(key);
  if (found !== undefined) {
    return found;
  }
  const made = { entry: null, branches: new Map<string, Branch>() };
  branches.set(key, made);
  return made;
}

/** Forgets what nobody asked for in `run`; whether nothing is left. */
function sweep(branch: Branch, run: number): boolean {
  for (const [part, next] of branch.branches) {
    if (sweep(next, run)) {
      branch.branches.delete(part);
    }
  }
  if (branch.entry !== null && branch.entry.run !== run) {
    branch.entry = null;
  }
  return branch.entry === null && branch.branches.size === 0;
}

/** The objects of `list` by their keys; an array keeps its reference when it holds the same objects as before. */
function narrow<K extends Kind>(
  list: readonly KindMap[K][],
  index: Index<K>,
  before: ReadonlyMap<string, readonly unknown[]>,
): ReadonlyMap<string, readonly unknown[]> {
  const byKey = new Map<string, unknown[]>();
  for (const object of list) {
    for (const key of new Set(index.keysOf(object))) {
      const found = byKey.get(key);
      if (found === undefined) {
        byKey.set(key, [object]);
      } else {
        found.push(object);
      }
    }
  }
  const kept = new Map<string, readonly unknown[]>();
  for (const [key, objects] of byKey) {
    const old = before.get(key);
    const same = old?.length === objects.length && objects.every((object, at) => object === old[at]);
    kept.set(key, same ? old : objects);
  }
  return kept;
}

function sameSettings(one: TranslationSettings, other: TranslationSettings): boolean {
  return (
    one.controllerName === other.controllerName &&
    one.dataPlanes === other.dataPlanes &&
    one.trustedNetworks.join() === other.trustedNetworks.join()
  );
}
