import { EarlyContent } from '#dataplane/http/early-content.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';

/** So much of a request's content shows that the rest comes, too: it may have a connection that is scarce. */
const promisingBytes = 16 * 1024;

/**
 * A request without a connection, since these are scarce and its content is still to come: keeps what comes until it
 * is worth one.
 */
export class HeldBack {
  readonly #cluster: UpstreamCluster;
  readonly #content = new EarlyContent();

  constructor(cluster: UpstreamCluster) {
    this.#cluster = cluster;
  }

  get size(): number {
    return this.#content.size;
  }

  /** What has come so far. */
  get octets(): Buffer {
    return this.#content.octets;
  }

  /** Whether it may begin, though more of it is to come. */
  get mayBegin(): boolean {
    return this.#content.size >= promisingBytes || !this.#cluster.savesConnections;
  }

  push(data: Buffer): void {
    this.#content.push(data);
  }
}
