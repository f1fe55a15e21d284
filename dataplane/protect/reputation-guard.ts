import { addressWords } from '#dataplane/http/address.ts';
import type { Reputation } from '#snapshot/protection.ts';
import type { AddressLists } from './address-lists.ts';
import type { PolicyCounts, RefusalTally } from './policy-counts.ts';

/** In which of a port's lists addresses stand. */
export class ReputationGuard {
  readonly #rules: readonly { readonly rule: Reputation; readonly tally: RefusalTally }[];
  readonly #lists: AddressLists;

  constructor(rules: readonly Reputation[], lists: AddressLists, countsOf: (policy: string) => PolicyCounts) {
    this.#lists = lists;
    this.#rules = rules.map((rule) => ({
      rule,
      tally: countsOf(rule.policy).tally('Reputation', rule.mode, rule.name),
    }));
  }

  /** Where refusals of the address are counted: for each rule in Shadow, and for the first that is enforced. */
  findingsOf(address: string): readonly RefusalTally[] {
    const words = addressWords(address);
    const found: RefusalTally[] = [];
    for (const { rule, tally } of this.#rules) {
      if (!rule.lists.some((id) => this.#lists.table(id)?.has(words) === true)) continue;
      found.push(tally);
      if (rule.mode === 'Enforce') break;
    }
    return found;
  }
}
