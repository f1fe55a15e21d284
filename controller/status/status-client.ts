import type { LiveStatus } from '#controller/source.ts';
import type { ObjectRef } from '#controller/translate/translation.ts';
import type { StatusFields } from './merge.ts';

/** What became of a write. */
export type WriteResult =
  | { readonly kind: 'Written'; readonly live: LiveStatus }
  /** Somebody wrote the object since. */
  | { readonly kind: 'Conflict' }
  | { readonly kind: 'Gone' };

/** Reads and writes statuses where they are kept; rejects when that fails. */
export interface StatusClient {
  /** Null when the object is gone. */
  read(object: ObjectRef): Promise<LiveStatus | null>;
  /** Changes `fields`, provided that the object is still at `resourceVersion`. */
  write(object: ObjectRef, resourceVersion: string, fields: StatusFields): Promise<WriteResult>;
}
