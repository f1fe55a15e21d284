import type { ObjectRef } from '#controller/translate/translation.ts';
import type { LiveStatus } from '#controller/source.ts';
import type { Store } from '#controller/store/store.ts';
import type { Kind } from '#crds/kind.ts';
import { sharedStatusKinds, statusKinds } from '#crds/status-kinds.ts';

/** All objects whose statuses may hold entries of ours beside those of others. */
export function* sharedStatusObjects(
  store: Store,
): Iterable<{ readonly object: ObjectRef; readonly live: LiveStatus }> {
  for (const kind of sharedStatusKinds) {
    for (const { namespace, name, live } of store.allLive(kind)) {
      yield { object: { kind, namespace, name }, live };
    }
  }
}

/** The last seen state of an object with a status; undefined when there is none. */
export function liveStatus(store: Store, { kind, namespace, name }: ObjectRef): LiveStatus | undefined {
  return isKindWithStatus(kind) ? store.live(kind, namespace, name) : undefined;
}

function isKindWithStatus(kind: string): kind is Kind {
  return statusKinds.has(kind);
}
