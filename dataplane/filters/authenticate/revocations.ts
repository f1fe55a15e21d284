import type { ResourceId } from '#snapshot/ids.ts';
import type { TokenRevocations } from '#snapshot/token-revocations.ts';
import { own, type Claims } from './claims.ts';

/** What one list says now. Changes under whoever holds it; a list that is gone goes on saying what it said last. */
export class RevokedTokens {
  readonly id: ResourceId;
  #list: TokenRevocations | null = null;
  #tokens: ReadonlySet<unknown> = new Set();
  #subjects: ReadonlySet<unknown> = new Set();

  constructor(id: ResourceId) {
    this.id = id;
  }

  use(list: TokenRevocations): void {
    if (list === this.#list) return;
    this.#list = list;
    this.#tokens = new Set<unknown>(list.tokens);
    this.#subjects = new Set<unknown>(list.subjects);
  }

  /** Of a token with these claims; unknown while there was never such a list. */
  standing(claims: Claims): 'Good' | 'Revoked' | 'Unknown' {
    if (this.#list === null) return 'Unknown';
    return this.#tokens.has(own(claims, 'jti')) || this.#subjects.has(own(claims, 'sub'))
      ? 'Revoked'
      : 'Good';
  }
}

/** All revocation lists of the process. What is handed out sees them change: nothing is made anew for that. */
export class Revocations {
  #lists: ReadonlyMap<ResourceId, TokenRevocations> = new Map();
  /** As long as somebody asks them. */
  readonly #handed = new Map<ResourceId, WeakRef<RevokedTokens>>();

  get(id: ResourceId): RevokedTokens {
    const known = this.#handed.get(id)?.deref();
    if (known !== undefined) return known;
    const made = new RevokedTokens(id);
    const list = this.#lists.get(id);
    if (list !== undefined) made.use(list);
    this.#handed.set(id, new WeakRef(made));
    return made;
  }

  /** From now on there are these. */
  use(lists: readonly TokenRevocations[]): void {
    this.#lists = new Map(lists.map((list) => [list.id, list]));
    for (const [id, handed] of this.#handed) {
      const revoked = handed.deref();
      const list = this.#lists.get(id);
      if (revoked === undefined) this.#handed.delete(id);
      else if (list !== undefined) revoked.use(list);
    }
  }
}
