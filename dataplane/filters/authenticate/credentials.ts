import type { CredentialSet } from '#snapshot/credential-set.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { CredentialTable } from './credential-table.ts';

/** The keys of one set as they are now. */
export interface Credentials {
  readonly id: ResourceId;
  /** Null while there is no such set, and so nobody is let in by it. */
  table: CredentialTable | null;
}

/** All credential sets of the process. Whoever was handed one sees its keys come and go: nothing is made anew for them. */
export class CredentialSets {
  #sets: ReadonlyMap<ResourceId, CredentialSet> = new Map();
  /** As long as somebody lets in by them. */
  readonly #handed = new Map<ResourceId, WeakRef<Credentials>>();

  get(id: ResourceId): Credentials {
    const known = this.#handed.get(id)?.deref();
    if (known !== undefined) return known;
    const made = { id, table: tableOf(this.#sets.get(id)) };
    this.#handed.set(id, new WeakRef(made));
    return made;
  }

  /** From now on there are these and no others. */
  use(sets: readonly CredentialSet[]): void {
    const before = this.#sets;
    this.#sets = new Map(sets.map((one) => [one.id, one]));
    for (const [id, handed] of this.#handed) {
      const credentials = handed.deref();
      const set = this.#sets.get(id);
      if (credentials === undefined) this.#handed.delete(id);
      else if (set !== before.get(id)) credentials.table = tableOf(set);
    }
  }
}

function tableOf(set: CredentialSet | undefined): CredentialTable | null {
  return set === undefined ? null : new CredentialTable(set);
}
