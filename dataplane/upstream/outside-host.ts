import { isIP, type LookupFunction } from 'node:net';
import type { AddressRule } from '#snapshot/address-rule.ts';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * A host outside, named by a user: connections lead to such of its addresses as the rule permits. What is looked at is
 * what is connected to, whatever the name server says next (OWASP SSRF). A name is asked for once at a time.
 */
export class OutsideHost {
  /** What sockets are told to connect to: never an address, for which they would not ask {@link lookup}. */
  readonly name: string;
  readonly #host: string;
  readonly #rule: AddressRule;
  readonly #resolve: Resolve;
  #asked: Promise<readonly string[]> | null = null;

  constructor(host: string, rule: AddressRule, resolve: Resolve) {
    this.name = isIP(host) === 0 ? host : `[${host}]`;
    this.#host = host;
    this.#rule = rule;
    this.#resolve = resolve;
  }

  /** As node:net takes it. */
  readonly lookup: LookupFunction = (_name, options, callback) => {
    void this.#find(options.all === true, callback);
  };

  async #find(wantsAll: boolean, tell: Parameters<LookupFunction>[2]): Promise<void> {
    const addresses = await this.#permitted();
    const found = addresses?.map((address) => ({ address, family: isIP(address) })) ?? [];
    const [first] = found;
    if (addresses === null) tell(new Error(`the name ${this.#host} cannot be resolved`), '', 0);
    else if (first === undefined) tell(new Error(`${this.#host} leads to no public address`), '', 0);
    else if (wantsAll) tell(null, found);
    else tell(null, first.address, first.family);
  }

  async #permitted(): Promise<readonly string[] | null> {
    this.#asked ??= this.#resolved().finally(() => {
      this.#asked = null;
    });
    try {
      return (await this.#asked).filter((address) => this.#rule.permits(address));
    } catch {
      return null;
    }
  }

  async #resolved(): Promise<readonly string[]> {
    return isIP(this.#host) === 0 ? this.#resolve(this.#host) : [this.#host];
  }
}
