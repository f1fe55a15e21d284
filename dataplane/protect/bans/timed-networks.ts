import { addressNetwork, type AddressPrefixes } from '#dataplane/http/address.ts';

/** A network (CIDR), until a moment: milliseconds of the clock that finds ask by. */
export interface TimedNetwork {
  readonly network: string;
  readonly untilMs: number;
  /** Of what it stands in. */
  readonly name: string;
}

/** Networks of one length. */
interface SameLength {
  readonly prefixes: AddressPrefixes;
  readonly byNetwork: ReadonlyMap<string, TimedNetwork>;
}

/** Networks, each until a time of its own. A search takes no longer for many of them, but for each length there is. */
export class TimedNetworks {
  readonly #lengths: { readonly ipv4: readonly SameLength[]; readonly ipv6: readonly SameLength[] };

  readonly #all: readonly TimedNetwork[];

  constructor(networks: readonly TimedNetwork[]) {
    this.#all = networks;
    this.#lengths = {
      ipv4: byLength(networks.filter(({ network }) => !network.includes(':'))),
      ipv6: byLength(networks.filter(({ network }) => network.includes(':'))),
    };
  }

  get size(): number {
    return this.#all.length;
  }

  /** How many are not over then. */
  countAt(nowMs: number): number {
    return this.#all.filter(({ untilMs }) => nowMs < untilMs).length;
  }

  /** One that holds the address then; null: none does. Where networks are the same the one that lasts longest. */
  find(address: string, nowMs: number): TimedNetwork | null {
    const { ipv4, ipv6 } = this.#lengths;
    for (const { prefixes, byNetwork } of address.includes(':') ? ipv6 : ipv4) {
      const found = byNetwork.get(addressNetwork(address, prefixes));
      if (found !== undefined && nowMs < found.untilMs) return found;
    }
    return null;
  }
}

function byLength(networks: readonly TimedNetwork[]): readonly SameLength[] {
  const lengths = Map.groupBy(networks, ({ network }) => Number(network.slice(network.indexOf('/') + 1)));
  return [...lengths].map(([bits, same]) => {
    const prefixes = { ipv4Prefix: bits, ipv6Prefix: bits };
    const keyOf = ({ network }: TimedNetwork) =>
      addressNetwork(network.slice(0, network.indexOf('/')), prefixes);
    const byEnd = same.toSorted((a, b) => a.untilMs - b.untilMs);
    return { prefixes, byNetwork: new Map(byEnd.map((one) => [keyOf(one), one])) };
  });
}
