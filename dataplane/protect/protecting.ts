// Who is kept out of a port before anybody knows what is asked for, by ProtectionPolicies: what one address may do.
// Counts are this process's own, bounded, and live on over changes of configuration. Knows no socket and no request:
// who asks brings an address.
import { randomInt } from 'node:crypto';
import { ArrivalTable } from '#dataplane/counters/arrival-table.ts';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { WeakValues } from '#dataplane/http/weak-values.ts';
import type { PortGuard } from '#dataplane/runtime.ts';
import type { AddressList } from '#snapshot/address-list.ts';
import type { Refused } from '#snapshot/message.ts';
import type { Protection } from '#snapshot/protection.ts';
import { AddressGuard } from './address-guard.ts';
import { AddressLists } from './address-lists.ts';
import { PolicyCounts } from './policy-counts.ts';
import type { Refusals, RefusalFigures } from './policy-counts.ts';

export interface ProtectingOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Told of refusals by a policy, for one reason: of the first, then at most once a minute of all since. */
  readonly onRefusals: (refusals: Refusals) => void;
  /** Most addresses that are remembered, 16 bytes each; 262,144 (4 MiB) unless told. */
  readonly addressesMax?: number;
}

const addressesMaxDefault = 2 ** 18;

/** Makes the guards of ports, and keeps what they count. */
export class Protecting {
  readonly #options: ProtectingOptions;
  readonly #arrivals: ArrivalTable;
  readonly #lists = new AddressLists();
  readonly #hash = new KeyedHash(randomInt(2 ** 32), randomInt(2 ** 32));
  /** Weak: counts live as long as a guard or a connection holds them, so policies that are gone leave the metrics. */
  readonly #policies = new WeakValues<string, PolicyCounts>();

  constructor(options: ProtectingOptions) {
    this.#options = options;
    this.#arrivals = new ArrivalTable(options.addressesMax ?? addressesMaxDefault);
  }

  /** From now on there are these lists, once they are ready. See {@link AddressLists.load}. */
  useLists(lists: readonly AddressList[]): Promise<readonly Refused[]> {
    return this.#lists.load(lists);
  }

  /** A guard that goes on with what was counted for the same policies. */
  guardFor(protection: Protection): PortGuard {
    const { now, onRefusals } = this.#options;
    return new AddressGuard(protection, {
      now,
      hash: this.#hash,
      arrivals: this.#arrivals,
      lists: this.#lists,
      countsOf: (name) => this.#policies.of(name, () => new PolicyCounts(name, onRefusals)),
    });
  }

  /** Refusals since the start. */
  figures(): readonly RefusalFigures[] {
    return [...this.#policies].flatMap(([, counts]) => counts.figures());
  }
}
