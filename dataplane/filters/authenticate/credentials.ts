import { WeakValues } from '#dataplane/http/weak-values.ts';
import type { CredentialSet } from '#snapshot/credential-set.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { CredentialIndex, type FoundCredential } from './credential-index.ts';
import { CredentialTable, type LimitsOfPlan } from './credential-table.ts';

/** The keys of one set as they are now. */
export interface Credentials {
  readonly id: ResourceId;
  /** Null while there is no such set, and so nobody is let in by it. */
  table: CredentialTable | null;
}

/** All credential sets of the process. Whoever was handed one sees its keys come and go: nothing is made anew for them. */
export class CredentialSets {
  readonly #limitsOf: LimitsOfPlan;
  #sets: ReadonlyMap<ResourceId, CredentialSet> = new Map();
  #tables: ReadonlyMap<ResourceId, CredentialTable> = new Map();
  #index = new CredentialIndex([]);
  /** As long as somebody lets in by them. */
  readonly #handed = new WeakValues<ResourceId, Credentials>();

  constructor(limitsOf: LimitsOfPlan) {
    this.#limitsOf = limitsOf;
  }

  get(id: ResourceId): Credentials {
    return this.#handed.of(id, () => ({ id, table: this.#tables.get(id) ?? null }));
  }

  /** The key with this SHA-256 (base64url) in `sets`, or null. */
  find(digest: string, sets: readonly Credentials[]): FoundCredential | null {
    return this.#index.find(digest, sets);
  }

  /** From now on there are these and no others. */
  use(sets: readonly CredentialSet[]): void {
    const before = this.#sets;
    if (sets.length === before.size && sets.every((one) => before.get(one.id) === one)) return;
    const tables = this.#tables;
    this.#sets = new Map(sets.map((one) => [one.id, one]));
    this.#tables = new Map(
      sets.map((one) => {
        const kept = before.get(one.id) === one ? tables.get(one.id) : undefined;
        return [one.id, kept ?? new CredentialTable(one, this.#limitsOf)];
      }),
    );
    this.#index = new CredentialIndex([...this.#tables.values()]);
    for (const [id, credentials] of this.#handed) credentials.table = this.#tables.get(id) ?? null;
  }
}
