// Who of the replicas leads: whoever holds the Lease and keeps renewing it. Times as in client-go. Knows no
// Kubernetes beyond the Lease's fields, which a client handed in reads and writes.
import { sleep } from '#controller/clock.ts';
import type { Clock } from '#controller/clock.ts';
import type { Lease } from '#controller/kube/lease-client.ts';

/** Reads and writes the one Lease; every failure, conflicts among them, rejects. */
export interface LeaseClient {
  /** Null when there is none yet. */
  read(): Promise<Lease | null>;
  create(lease: Lease): Promise<Lease>;
  /** Provided that it is still at `lease.resourceVersion`. */
  update(lease: Lease): Promise<Lease>;
}

export interface ElectionOptions {
  readonly client: LeaseClient;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Another for each replica. */
  readonly identity: string;
  /** Where this replica takes reports from the others; null while it does not. */
  readonly address: () => string | null;
  readonly onLead: () => void;
  /** No longer the leader; within the lease's duration, so before another one can be. */
  readonly onFollow: () => void;
  /** Who holds the lease now, as far as we have seen; null for nobody. */
  readonly onHolder: (holder: { readonly identity: string; readonly address: string | null } | null) => void;
  readonly report: (problem: unknown) => void;
  readonly durationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryMs?: number;
}

/** One replica's part in the election; `start` once, `stop` once. */
export class LeaseElection {
  readonly #options: ElectionOptions;
  readonly #durationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #leading = false;
  #lease: Lease | null = null;
  /** When the lease was last seen to change, by our own clock: those of others may be wrong. */
  #changedAt = 0;
  #callOffDeadline = () => {};
  #failing = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
  }

  get leading(): boolean {
    return this.#leading;
  }

  /** How often the lease has gone from one to another; 0 for the very first holder. */
  get transitions(): number {
    return this.#lease?.transitions ?? 0;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Gives the lease back, so that another need not wait for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const held = this.#leading ? this.#lease : null;
    this.#follow();
    if (held !== null) {
      await this.#options.client
        .update({
          ...held,
          holder: '',
          durationSeconds: 1,
          renewedAt: this.#options.clock.now(),
          address: null,
        })
        .catch((error: unknown) => this.#options.report(error));
    }
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await this.#attempt();
      // The leader renews on time; the others must not come all at once.
      const waitMs = this.#leading ? this.#retryMs : this.#retryMs * (1 + 0.2 * random());
      await sleep(clock, waitMs, this.#stopping.signal);
    }
  }

  async #attempt(): Promise<void> {
    try {
      await this.#acquireOrRenew();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        this.#failing = true;
        this.#options.report(error);
      }
    }
  }

  async #acquireOrRenew(): Promise<void> {
    const { client, clock, identity } = this.#options;
    const address = this.#options.address();
    const begun = clock.elapsed();
    const now = clock.now();
    const mine = {
      holder: identity,
      durationSeconds: Math.ceil(this.#durationMs / 1000),
      renewedAt: now,
      address,
    };
    // A leader's own copy is the newest there is, unless it has lost the lease: then the update conflicts.
    const found = this.#leading && !this.#failing ? this.#lease : await client.read();
    if (found === null) {
      this.#see(await client.create({ ...mine, resourceVersion: '', acquiredAt: now, transitions: 0 }));
      this.#hold(begun);
      return;
    }
    this.#see(found);
    const others = found.holder !== '' && found.holder !== identity;
    if (others && clock.elapsed() < this.#changedAt + Math.max(found.durationSeconds * 1000, 1)) {
      this.#follow();
      return;
    }
    const renewal = found.holder === identity;
    const taken = renewal ? {} : { acquiredAt: now, transitions: found.transitions + 1 };
    this.#see(await client.update({ ...found, ...mine, ...taken }));
    this.#hold(begun);
  }

  /** Keeps the newest lease, and when it was first seen so. */
  #see(lease: Lease): void {
    const before = this.#lease;
    if (before?.resourceVersion !== lease.resourceVersion || before.holder !== lease.holder) {
      this.#changedAt = this.#options.clock.elapsed();
    }
    this.#lease = lease;
    if (before === null || before.holder !== lease.holder || before.address !== lease.address) {
      const { holder: identity, address } = lease;
      this.#options.onHolder(identity === '' ? null : { identity, address });
    }
  }

  /** The lease is ours since `begun`, when the call that got it began. */
  #hold(begun: number): void {
    const { clock, onLead } = this.#options;
    this.#callOffDeadline();
    const left = begun + this.#renewDeadlineMs - clock.elapsed();
    if (left <= 0) {
      // The answer came so late that others may be about to take the lease.
      this.#follow();
      return;
    }
    // Also while a call hangs: others may take the lease soon.
    this.#callOffDeadline = clock.after(left, () => this.#follow());
    if (!this.#leading) {
      this.#leading = true;
      onLead();
    }
  }

  #follow(): void {
    this.#callOffDeadline();
    if (this.#leading) {
      this.#leading = false;
      this.#options.onFollow();
    }
  }
}
