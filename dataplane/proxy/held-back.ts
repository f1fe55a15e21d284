// Whether a request whose content is still to come has a connection while these are scarce. Who sends slowly would
// hold one for long: so it has none once half of them are taken, unless so much has come that one can believe in the
// rest. Some send a little and wait for an answer: who comes no further has one of the third quarter in a while.
import { EarlyContent } from '#dataplane/http/early-content.ts';
import { Wait } from './wait.ts';
import type { TimeWatch } from './allowed-time.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';

/** Shares of a cluster's connections: for all who still send, and with those who have waited. */
const forAll = 1 / 2;
const forPatient = 3 / 4;
/** So much of a request's content shows that the rest comes, too. */
const promisingBytes = 16 * 1024;

/** Whether `cluster` has no connection for a request of which only the head has come. */
export function holdsBack(cluster: UpstreamCluster): boolean {
  return cluster.savesConnections(forAll);
}

/** A request that is held back, and its content so far; see the head of this file. */
export class HeldBack {
  readonly #cluster: UpstreamCluster;
  readonly #watch: TimeWatch;
  readonly #begin: () => void;
  readonly #content = new EarlyContent();
  #wait: Wait | null = null;

  /** `begin` is called when it may begin though nothing more has come, at most once. */
  constructor(cluster: UpstreamCluster, watch: TimeWatch, begin: () => void) {
    this.#cluster = cluster;
    this.#watch = watch;
    this.#begin = begin;
    this.#lookLater();
  }

  /** Octets of memory that it takes. */
  get held(): number {
    return this.#content.held;
  }

  /** What has come so far. */
  get octets(): Buffer {
    return this.#content.octets;
  }

  /** Whether it may begin now that more of it has come. */
  get mayBegin(): boolean {
    return this.#content.size >= promisingBytes || !this.#cluster.savesConnections(forAll);
  }

  push(data: Buffer): void {
    this.#content.push(data);
  }

  /** It begins, or is given up: it is looked at no more. */
  end(): void {
    this.#wait?.cancel();
  }

  #lookLater(): void {
    this.#wait = new Wait(this.#watch, this.#cluster.around.limits.heldBackMs, () => {
      if (this.#cluster.savesConnections(forPatient)) this.#lookLater();
      else this.#begin();
    });
  }
}
