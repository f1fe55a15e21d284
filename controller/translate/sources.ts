// What units can read of an input, each piece with those who have read it, and which pieces are others in the next
// input: so that a change is brought to the work it concerns, and the rest is not even looked at.
import type { Kind, KindMap } from '#crds/kind.ts';
import type { Index } from './memo.ts';
import type { ObjectReader, Observations, TranslationInput } from './input.ts';

/** Something that can be read. `Reader`: whoever has read it, and depends on it. */
export class Source<Reader> {
  readonly readers = new Set<Reader>();
  /** Of the last count of reads in which it was met. */
  met = 0;
  readonly #home: Map<string, Source<Reader>> | null;
  readonly #key: string;

  /** Kept in `home` under `key`, while anybody reads it. */
  constructor(home: Map<string, Source<Reader>> | null = null, key = '') {
    this.#home = home;
    this.#key = key;
  }

  /** Nobody reads it any more. */
  forget(): void {
    this.#home?.delete(this.#key);
  }
}

type Sources<Reader> = Map<string, Source<Reader>>;

/** A ConfigMap as a list of addresses: it has a pace of its own. */
class ListSource<Reader> extends Source<Reader> {
  readonly #namespace: string;
  readonly #name: string;
  list: KindMap['ConfigMap'] | undefined;

  constructor(
    home: Map<string, Source<Reader>>,
    input: TranslationInput,
    of: { readonly namespace: string; readonly name: string },
  ) {
    super(home, `${of.namespace}/${of.name}`);
    this.#namespace = of.namespace;
    this.#name = of.name;
    this.follow(input);
  }

  /** Answers whether it is another one now. */
  follow({ lists, objects }: TranslationInput): boolean {
    const before = this.list;
    this.list =
      lists === undefined
        ? objects.get('ConfigMap', this.#namespace, this.#name)
        : lists.get(this.#namespace, this.#name);
    return this.list !== before;
  }
}

/** What is observed by names: of Gateways, key sets, Consumers. */
export type Observed = Exclude<keyof Observations, symbol>;

/** The pieces of one input after another. */
export class InputSources<Reader> {
  readonly #kinds = new Map<Kind, KindSources<Kind, Reader>>();
  readonly #observed: Readonly<Record<Observed, Sources<Reader>>> = {
    dataPlanes: new Map(),
    keys: new Map(),
    provisioning: new Map(),
    quotas: new Map(),
  };
  readonly #lists = new Map<string, ListSource<Reader>>();
  #observations: Observations | null = null;

  /** Takes the next input. Answers what of that which is read is another one in it. */
  follow(input: TranslationInput): readonly Source<Reader>[] {
    const { objects, observations } = input;
    const changed = [...this.#kinds.values()].flatMap((kind) => kind.follow(objects));
    for (const list of this.#lists.values()) if (list.follow(input)) changed.push(list);
    const before = this.#observations;
    this.#observations = observations;
    if (before === null || before === observations) return changed;
    for (const of of Object.keys(this.#observed) as Observed[]) {
      if (before[of] === observations[of]) continue;
      for (const [name, source] of this.#observed[of]) {
        if (observedIn(before, of, name) !== observedIn(observations, of, name)) changed.push(source);
      }
    }
    return changed;
  }

  /** The pieces of a kind; `objects` is what was followed last. */
  kind<K extends Kind>(kind: K, objects: ObjectReader): KindSources<K, Reader> {
    let found = this.#kinds.get(kind);
    if (found === undefined) {
      found = new KindSources<Kind, Reader>(kind, objects);
      this.#kinds.set(kind, found);
    }
    return found as unknown as KindSources<K, Reader>;
  }

  addressList(input: TranslationInput, namespace: string, name: string): ListSource<Reader> {
    const make = () => new ListSource(this.#lists, input, { namespace, name });
    return this.#lists.getOrInsertComputed(`${namespace}/${name}`, make);
  }

  observed(of: Observed, name: string): Source<Reader> {
    return sourceAt(this.#observed[of], name);
  }
}

function observedIn(observations: Observations, of: Observed, name: string): unknown {
  return (observations[of] as ReadonlyMap<string, unknown>).get(name);
}

function sourceAt<Reader>(sources: Sources<Reader>, key: string): Source<Reader> {
  return sources.getOrInsertComputed(key, () => new Source(sources, key));
}

/** The objects of one kind: by name, as lists, and narrowed by indexes. */
class KindSources<K extends Kind, Reader> {
  readonly listed = new Source<Reader>();
  readonly refused = new Source<Reader>();
  readonly served = new Source<Reader>();
  readonly #kind: K;
  readonly #named: Sources<Reader> = new Map();
  readonly #narrowed = new Map<Index<K>, Narrowed<K, Reader>>();
  #list: readonly KindMap[K][];
  #refusedList: unknown;
  #isServed: boolean;

  constructor(kind: K, objects: ObjectReader) {
    this.#kind = kind;
    this.#list = objects.list(kind);
    this.#refusedList = objects.refused(kind);
    this.#isServed = objects.served(kind);
  }

  named(namespace: string, name: string): Source<Reader> {
    return sourceAt(this.#named, `${namespace}/${name}`);
  }

  narrowed(index: Index<K>): Narrowed<K, Reader> {
    return this.#narrowed.getOrInsertComputed(index, () => new Narrowed(index, this.#list));
  }

  follow(objects: ObjectReader): readonly Source<Reader>[] {
    const changed: Source<Reader>[] = [];
    const refused = objects.refused(this.#kind);
    if (refused !== this.#refusedList) changed.push(this.refused);
    this.#refusedList = refused;
    const isServed = objects.served(this.#kind);
    if (isServed !== this.#isServed) changed.push(this.served);
    this.#isServed = isServed;
    const list = objects.list(this.#kind);
    if (list === this.#list) return changed;
    const change = changeOf(this.#list, list);
    this.#list = list;
    changed.push(this.listed);
    for (const { metadata } of new Set([...change.gone, ...change.come])) {
      const source = this.#named.get(`${metadata.namespace}/${metadata.name}`);
      if (source !== undefined) changed.push(source);
    }
    for (const narrowed of this.#narrowed.values()) changed.push(...narrowed.follow(change));
    return changed;
  }
}

/** How a list became another: behind as many that stayed as `before` had first, `gone` were replaced by `come`. */
interface Change<T> {
  readonly before: readonly T[];
  readonly list: readonly T[];
  readonly stayed: number;
  readonly gone: readonly T[];
  readonly come: readonly T[];
}

function changeOf<T>(before: readonly T[], list: readonly T[]): Change<T> {
  const shorter = Math.min(before.length, list.length);
  let stayed = 0;
  while (stayed < shorter && before[stayed] === list[stayed]) stayed += 1;
  let behind = 0;
  while (behind < shorter - stayed && before.at(-1 - behind) === list.at(-1 - behind)) behind += 1;
  return {
    before,
    list,
    stayed,
    gone: before.slice(stayed, before.length - behind),
    come: list.slice(stayed, list.length - behind),
  };
}

/** From so many keys on, all is narrowed anew: each costs a walk over what stayed. */
const touchedMax = 64;
const nothing: readonly never[] = Object.freeze([]);

/** A list by an index's keys; of a key, the same array as before while it holds the same objects. */
class Narrowed<K extends Kind, Reader> {
  readonly #index: Index<K>;
  readonly #sources: Sources<Reader> = new Map();
  #byKey: Map<string, readonly KindMap[K][]>;

  constructor(index: Index<K>, list: readonly KindMap[K][]) {
    this.#index = index;
    this.#byKey = narrow(list, index);
  }

  at(key: string): readonly KindMap[K][] {
    return this.#byKey.get(key) ?? nothing;
  }

  source(key: string): Source<Reader> {
    return sourceAt(this.#sources, key);
  }

  /** Answers what of it changed that is read. */
  follow(change: Change<KindMap[K]>): readonly Source<Reader>[] {
    const touched = narrow(change.come, this.#index);
    for (const key of narrow(change.gone, this.#index).keys()) touched.getOrInsert(key, nothing);
    const all = touched.size > touchedMax ? narrow(change.list, this.#index) : null;
    const gone = new Set(change.gone);
    const changed: Source<Reader>[] = [];
    for (const [key, come] of touched) {
      const before = this.at(key);
      const now = all === null ? replaced(before, { ...change, come, gone }) : (all.get(key) ?? nothing);
      if (now.length === before.length && now.every((object, at) => object === before[at])) continue;
      if (now.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, now);
      const source = this.#sources.get(key);
      if (source !== undefined) changed.push(source);
    }
    return changed;
  }
}

/** `some`, which are some of `before` in their order, after the change. */
function replaced<T>(
  some: readonly T[],
  change: {
    readonly before: readonly T[];
    readonly stayed: number;
    readonly gone: ReadonlySet<T>;
    readonly come: readonly T[];
  },
): readonly T[] {
  const { before, stayed, gone, come } = change;
  let first = 0;
  for (let at = 0; at < stayed && first < some.length; at += 1) if (before[at] === some[first]) first += 1;
  let behind = first;
  for (let one = some[behind]; one !== undefined && gone.has(one); one = some[behind]) behind += 1;
  return [...some.slice(0, first), ...come, ...some.slice(behind)];
}

/** The objects of `list` by their keys. */
function narrow<K extends Kind>(
  list: readonly KindMap[K][],
  index: Index<K>,
): Map<string, readonly KindMap[K][]> {
  const byKey = new Map<string, KindMap[K][]>();
  for (const object of list) {
    for (const key of new Set(index.keysOf(object))) byKey.getOrInsertComputed(key, () => []).push(object);
  }
  return byKey;
}
