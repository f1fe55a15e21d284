// The translation's memory. A unit of work is kept with all it read, and done again only when one of these is no
// longer the same reference; work that comes out equal keeps its old reference, so that what reads it rests too.
// Memory changes how long a translation takes, never what it says.
import type { Kind, KindMap } from '#crds/kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { DataPlanes, FetchedKeys, TranslationInput, TranslationSettings } from './input.ts';
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
  list<K extends Kind>(kind: K): readonly KindMap[K][];
  find<K extends Kind>(index: Index<K>, key: string): readonly KindMap[K][];
  ask<Result>(unit: Unit<Result>, ...key: readonly string[]): Result;
  dataPlanes(gateway: GatewayKey): DataPlanes | undefined;
  fetchedKeys(id: string): FetchedKeys | undefined;
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
  | { readonly of: 'list'; readonly kind: Kind; readonly value: unknown }
  | { readonly of: 'find'; readonly index: Index<Kind>; readonly key: string; readonly value: unknown }
  | {
      readonly of: 'unit';
      readonly unit: Unit<unknown>;
      readonly key: readonly string[];
      readonly value: unknown;
    }
  | { readonly of: 'dataPlanes'; readonly gateway: GatewayKey; readonly value: unknown }
  | { readonly of: 'keys'; readonly id: string; readonly value: unknown };

interface Entry {
  run: number;
  reads: readonly Noted[];
  value: unknown;
}

interface Narrowed {
  readonly list: readonly unknown[];
  readonly byKey: ReadonlyMap<string, readonly unknown[]>;
}

const nothing: readonly never[] = Object.freeze([]);

class MemoStore {
  readonly #trace: Trace;
  readonly #entries = new Map<string, Entry>();
  readonly #narrowed = new Map<unknown, Narrowed>();
  #input: TranslationInput | null = null;
  #run = 0;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  run<Result>(input: TranslationInput, unit: Unit<Result>): Result {
    if (this.#input !== null && !sameSettings(this.#input.settings, input.settings)) {
      this.#entries.clear();
    }
    this.#input = input;
    this.#run += 1;
    const value = this.#ask(unit, []);
    for (const [id, entry] of this.#entries) {
      if (entry.run !== this.#run) {
        this.#entries.delete(id);
      }
    }
    return value as Result;
  }

  #ask(unit: Unit<unknown>, key: readonly string[]): unknown {
    const id = [unit.name, ...key].join('/');
    const entry = this.#entries.get(id);
    if (entry !== undefined) {
      if (entry.run === this.#run) {
        return entry.value;
      }
      if (entry.reads.every((read) => this.#again(read) === read.value)) {
        entry.run = this.#run;
        return entry.value;
      }
    }
    this.#trace(unit.name, key.join('/'));
    const reads: Noted[] = [];
    const value = share(entry?.value, unit.compute(this.#reader(reads), ...key));
    this.#entries.set(id, { run: this.#run, reads, value });
    return value;
  }

  #again(read: Noted): unknown {
    switch (read.of) {
      case 'get':
        return this.#now().objects.get(read.kind, read.namespace, read.name);
      case 'list':
        return this.#now().objects.list(read.kind);
      case 'find':
        return this.#find(read.index, read.key);
      case 'unit':
        return this.#ask(read.unit, read.key);
      case 'dataPlanes':
        return this.#now().observations.dataPlanes.get(read.gateway);
      case 'keys':
        return this.#now().observations.keys.get(read.id);
      default:
        return read satisfies never;
    }
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
      list: (kind) => note({ of: 'list', kind, value: input.objects.list(kind) }),
      find: (index, key) =>
        note({ of: 'find', index: index as unknown as Index<Kind>, key, value: this.#find(index, key) }),
      ask: <Result>(unit: Unit<Result>, ...key: readonly string[]) =>
        note({ of: 'unit', unit, key, value: this.#ask(unit, key) as Result }),
      dataPlanes: (gateway) =>
        note({ of: 'dataPlanes', gateway, value: input.observations.dataPlanes.get(gateway) }),
      fetchedKeys: (id) => note({ of: 'keys', id, value: input.observations.keys.get(id) }),
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
    if (this.#input === null) {
      throw new Error('a unit is asked outside of a run');
    }
    return this.#input;
  }
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
    one.controllerNamespace === other.controllerNamespace &&
    one.standalone === other.standalone
  );
}
