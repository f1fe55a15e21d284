import type { UsageKey } from '#snapshot/usage.ts';
import { Account, type Lending } from './account.ts';

/** The accounts of one route. */
export class RouteAccounts {
  /** By consumer; of the plans that a consumer has had lately, each has its own. */
  readonly #accounts = new Map<string, Account[]>();

  /** Hot path: one look-up by a string that is there already; nearly always a consumer has one plan. */
  find(consumer: string, plan: string): Account | null {
    const accounts = this.#accounts.get(consumer);
    if (accounts === undefined) return null;
    for (const account of accounts) if (account.key.plan === plan) return account;
    return null;
  }

  add(key: UsageKey, lending: Lending): Account {
    const account = new Account(key, lending);
    this.#accounts.set(key.consumer, [...(this.#accounts.get(key.consumer) ?? []), account]);
    return account;
  }

  delete(account: Account): void {
    const { consumer } = account.key;
    const left = (this.#accounts.get(consumer) ?? []).filter((one) => one !== account);
    if (left.length === 0) this.#accounts.delete(consumer);
    else this.#accounts.set(consumer, left);
  }
}
