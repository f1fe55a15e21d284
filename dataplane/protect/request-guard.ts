import type { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { RequestFloods } from '#snapshot/protection.ts';
import type { Counting } from './connection-guard.ts';
import { FloodMeter } from './flood-meter.ts';
import { networkOf, type Network } from './network.ts';
import type { RefusalTally } from './policy-counts.ts';

/** How often an address asks. */
export class RequestGuard {
  readonly #floods: RequestFloods;
  readonly #hash: KeyedHash;
  readonly #tally: RefusalTally;
  readonly #asked: FloodMeter;
  /** Requests that were refused: as many as may be asked are answered. */
  readonly #refused: FloodMeter;
  readonly #tooMany: Failure;

  constructor(floods: RequestFloods, { hash, arrivals, countsOf }: Counting) {
    const { policy, rate, mode } = floods;
    this.#floods = floods;
    this.#hash = hash;
    this.#tally = countsOf(policy).tally('RequestRate', mode);
    this.#asked = new FloodMeter(arrivals, hash.digestOf(`requests ${policy}`), rate);
    this.#refused = new FloodMeter(arrivals, hash.digestOf(`refused requests ${policy}`), rate);
    const retryAfterS = rate.windowMs / rate.count / 1000;
    const detail = `ProtectionPolicy ${policy}`;
    this.#tooMany = Object.freeze({ kind: 'RateLimited', retryAfterS, denial: null, detail });
  }

  networkOf(address: string): Network {
    return networkOf(address, this.#floods.prefixes, this.#hash);
  }

  /** Why a request of the address is refused, whose connection is its peer's; null: it is not. */
  judge(address: string, peer: string, { digest }: Network, nowMs: number): Failure | null {
    if (this.#asked.take(digest, nowMs)) return null;
    this.#tally.add(address, nowMs);
    if (this.#floods.mode === 'Shadow') return null;
    // a proxy's connection carries others too, whom no client may have cut
    if (address !== peer) return this.#tooMany;
    return this.#refused.take(digest, nowMs) ? this.#tooMany : flooding;
  }
}

const flooding: Failure = Object.freeze({ kind: 'Flooding' });
