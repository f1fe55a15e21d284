// Who may not come: addresses that operators have banned. Knows neither connections nor requests, which ask it.
import type { BanList } from '#dataplane/http/ban-list.ts';
import type { Ban } from '#snapshot/ban.ts';
import { TimedNetworks } from './timed-networks.ts';

export interface BansOptions {
  /** Milliseconds since 1970: until when operators' bans hold they say by the calendar. */
  readonly wallClock: () => number;
}

/** The bans of a data plane. */
export class Bans implements BanList {
  readonly #options: BansOptions;
  #refused = new TimedNetworks([]);
  #isEmpty = true;

  constructor(options: BansOptions) {
    this.#options = options;
  }

  /** What operators say from now on. */
  use(bans: readonly Ban[]): void {
    const refused = bans.filter(({ action }) => action === 'Refuse');
    this.#refused = new TimedNetworks(refused.flatMap(timedNetworks));
    this.#isEmpty = refused.length === 0;
  }

  at(_port: number, address: string): string | null {
    if (this.#isEmpty) return null;
    return this.#refused.find(address, this.#options.wallClock())?.name ?? null;
  }
}

function timedNetworks({ id: name, addresses, expiresS }: Ban) {
  const untilMs = expiresS === 0 ? Number.POSITIVE_INFINITY : expiresS * 1000;
  return addresses.map((network) => ({ network, untilMs, name }));
}
