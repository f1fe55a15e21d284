// What an OpenID provider remembers, in memory.
import type { Adapter, AdapterPayload } from 'oidc-provider';

const bearers = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** Everything one provider stores, by kind and id; nothing is ever thrown away by itself: a test does not last. */
export class OpenidMemory {
  readonly #kinds = new Map<string, Map<string, AdapterPayload>>();

  /** The storage of one kind of thing, such as `Session`. */
  adapter(kind: string): Adapter {
    const stored = this.#stored(kind);
    const found = (holds: (payload: AdapterPayload) => boolean) =>
      Promise.resolve([...stored.values()].find(holds));
    return {
      upsert: async (id, payload) => void stored.set(id, payload),
      find: async (id) => stored.get(id),
      findByUid: (uid) => found((payload) => payload.uid === uid),
      findByUserCode: (code) => found((payload) => payload.userCode === code),
      consume: async (id) => {
        const payload = stored.get(id);
        if (payload !== undefined) stored.set(id, { ...payload, consumed: Math.floor(Date.now() / 1000) });
      },
      destroy: async (id) => void stored.delete(id),
      revokeByGrantId: async (grantId) => {
        for (const [id, payload] of stored) if (payload.grantId === grantId) stored.delete(id);
      },
    };
  }

  /** Forgets codes and tokens; sessions and grants stay. */
  revokeAll(): void {
    for (const kind of bearers) this.#stored(kind).clear();
  }

  #stored(kind: string): Map<string, AdapterPayload> {
    const known = this.#kinds.get(kind) ?? new Map<string, AdapterPayload>();
    this.#kinds.set(kind, known);
    return known;
  }
}
