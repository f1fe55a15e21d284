import type { Refused } from '#snapshot/message.ts';
import type { Order, ResourceSet } from '#snapshot/snapshot.ts';
import type { SubscribeError } from './subscribe-error.ts';

/** Where a snapshot comes from and how new it is. */
export interface SnapshotMeta {
  readonly version: string;
  readonly order: Order;
  readonly source: 'Controller' | 'Disk';
  /** When it was saved, for one from the disk, else when it came; milliseconds since 1970. */
  readonly sinceMs: number;
}

/** What came of serving a snapshot: the resources that could not be taken. */
export interface Served {
  readonly refused: readonly Refused[];
}

/**
 * Serves a set. It is called again with older versions of the resources it refuses, until it refuses no more; a
 * resource of which there is no older version is then missing. Unchanged resources are the same objects as before.
 * When it throws, the set before stays in service.
 */
export type OnSnapshot = (resources: ResourceSet, meta: SnapshotMeta) => Promise<Served> | Served;

/** What happened, for log and metrics. `controller` is `host:port`. */
export type SubscribeEvent =
  | { readonly kind: 'Connected'; readonly controller: string }
  | { readonly kind: 'Disconnected'; readonly controller: string | null; readonly problem: SubscribeError }
  /** A snapshot is served; `refused` are those of its resources that are not. */
  | { readonly kind: 'Applied'; readonly meta: SnapshotMeta; readonly refused: readonly Refused[] }
  /** Our own fault: serving threw. */
  | { readonly kind: 'NotApplied'; readonly meta: SnapshotMeta; readonly problem: unknown }
  /** The controller has seen less than we have of the kinds `lagging`. */
  | {
      readonly kind: 'Behind';
      readonly controller: string;
      readonly order: Order;
      readonly lagging: readonly string[];
    }
  /** `unreadable`: resources of a newer build, left out. */
  | { readonly kind: 'Loaded'; readonly savedAtMs: number; readonly unreadable: readonly string[] }
  | { readonly kind: 'LastGoodUnreadable'; readonly file: string; readonly reason: string }
  /** Told once until a write succeeds again. */
  | { readonly kind: 'SaveFailed'; readonly reason: string }
  | { readonly kind: 'Saved' };
