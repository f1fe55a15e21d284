import type { ObjectSink, SourceObject } from '#controller/source.ts';

/** What is known of one namespace: null before its first list. */
interface Part {
  objects: Map<string, SourceObject> | null;
  served: boolean;
  seen: string;
}

/**
 * Joins the watches of one kind in several namespaces: `sink` hears of the kind as if one watch told it, first when all
 * namespaces have been listed. Objects are kept here too, as a new list of one namespace must be told as one of all.
 */
export class JoinedNamespaces<K extends string> {
  readonly #kind: K;
  readonly #sink: ObjectSink<K>;
  readonly #parts: ReadonlyMap<string, Part>;

  constructor(kind: K, namespaces: readonly string[], sink: ObjectSink<K>) {
    this.#kind = kind;
    this.#sink = sink;
    this.#parts = new Map(namespaces.map((name) => [name, { objects: null, served: true, seen: '' }]));
  }

  /** Takes what the watch of `namespace`, one of those given, tells. */
  sink(namespace: string): ObjectSink<K> {
    const part = this.#parts.get(namespace);
    if (part === undefined) {
      throw new TypeError(`${namespace} is none of the joined namespaces`);
    }
    return {
      replaceAll: (_, objects, version) => {
        part.objects = new Map(objects.map((one) => [one.metadata.name, one]));
        part.seen = version;
        part.served = true;
        this.#tellAll();
      },
      upsert: (kind, object) => {
        part.objects?.set(object.metadata.name, object);
        if (this.#isWhole) this.#sink.upsert(kind, object);
      },
      delete: (kind, object) => {
        part.objects?.delete(object.metadata.name);
        if (this.#isWhole) this.#sink.delete(kind, object);
      },
      progress: (kind, version) => {
        part.seen = version;
        if (this.#isWhole) this.#sink.progress(kind, version);
      },
      unserved: () => {
        part.objects = new Map();
        part.served = false;
        this.#tellAll();
      },
    };
  }

  get #isWhole(): boolean {
    return [...this.#parts.values()].every(({ objects }) => objects !== null);
  }

  #tellAll(): void {
    if (!this.#isWhole) {
      return;
    }
    const parts = [...this.#parts.values()];
    if (parts.every(({ served }) => !served)) {
      this.#sink.unserved(this.#kind);
      return;
    }
    const newest = parts
      .filter(({ served }) => served)
      .map(({ seen }) => seen)
      .reduce((one, other) => (isNewer(other, one) ? other : one));
    const objects = parts.flatMap((part) => [...(part.objects ?? new Map<string, SourceObject>()).values()]);
    this.#sink.replaceAll(this.#kind, objects, newest);
  }
}

/** Resource versions are decimal numbers without leading zeros. */
function isNewer(version: string, than: string): boolean {
  return version.length === than.length ? version > than : version.length > than.length;
}
