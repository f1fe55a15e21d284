// What a source of objects (an API server, a folder of manifests) tells whoever keeps them. Objects are as the
// source has them: raw JSON, not decoded.
import { isRecord } from '#crds/record.ts';
import type { Kind } from '#crds/kind.ts';

/** A raw object; `metadata.name` has been seen to be a string. */
export interface SourceObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Takes what a source sees. A kind's calls come in the source's order; nothing but `replaceAll` is first. */
export interface ObjectSink<K extends string = Kind> {
  /** These are all objects of the kind at `resourceVersion`; what is not among them is gone. */
  replaceAll(kind: K, objects: readonly SourceObject[], resourceVersion: string): void;
  upsert(kind: K, object: SourceObject): void;
  /** `object` is its last state; its resourceVersion is that of the deletion. */
  delete(kind: K, object: SourceObject): void;
  /** All changes of the kind up to `resourceVersion` have been told. */
  progress(kind: K, resourceVersion: string): void;
  /**
   * The kind is not installed as of now: it is no longer waited for, and has no objects. Told again each time that
   * the source has looked.
   */
  unserved(kind: K): void;
}

/** `value` as a source object, or null when it has no name. */
export function sourceObject(value: unknown): SourceObject | null {
  if (!isRecord(value) || !isRecord(value['metadata']) || typeof value['metadata']['name'] !== 'string') {
    return null;
  }
  return value as unknown as SourceObject;
}

/** The status of an object as it is at its source, and at which version; for those who write statuses. */
export interface LiveStatus {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** Raw; undefined when it has none. */
  readonly status: unknown;
}

/** The {@link LiveStatus} of `object`; what its metadata leaves out is empty. */
export function liveStatusOf(object: SourceObject): LiveStatus {
  const { uid = '', resourceVersion = '', generation = 0 } = object.metadata;
  return Object.freeze({ uid, resourceVersion, generation, status: object['status'] });
}
