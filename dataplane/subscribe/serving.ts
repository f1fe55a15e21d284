import type { Commit, Refused } from '#snapshot/message.ts';
import type { OnSnapshot, SnapshotMeta, SubscribeEvent } from './events.ts';
import { type Candidate, Holdings } from './holdings.ts';
import { messageOf } from './subscribe-error.ts';

interface ServingOptions {
  readonly onSnapshot: OnSnapshot;
  readonly report: (event: SubscribeEvent) => void;
  /** Called with what is served from now on, unless it came from the disk. */
  readonly onServed: (candidate: Candidate) => void;
  readonly now: () => number;
}

/** What is served: Served: what was committed is. The others: nothing changed, as Holdings tells. */
export type Taken = 'Served' | 'Older' | 'Mismatch' | 'Broken';

/** Each resource goes back to its version before, then to nothing; the last round takes what it gets. */
const roundsMax = 4;

/** What a data plane holds and what it serves of it. Snapshots are served one after the other. */
export class Serving {
  readonly holdings = new Holdings();
  readonly #options: ServingOptions;
  #meta: SnapshotMeta | null = null;
  #refused: readonly Refused[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /** What is served now; null: nothing yet. */
  get meta(): SnapshotMeta | null {
    return this.#meta;
  }

  /** What is not served as it was offered. */
  get refused(): readonly Refused[] {
    return this.#refused;
  }

  /** Takes a commit and serves what it leads to. */
  take(commit: Commit): Promise<Taken> {
    return this.#inTurn(async () => {
      const committed = this.holdings.commit(commit);
      switch (committed.kind) {
        case 'Changed':
          await this.#serve(committed.candidate, this.#metaOf(committed.candidate));
          return 'Served';
        case 'Same':
          await this.#confirm();
          return 'Served';
        case 'Older':
        case 'Mismatch':
        case 'Broken':
          return committed.kind;
        default:
          return committed satisfies never;
      }
    });
  }

  /** Serves what was read from the disk, unless something is served already. Answers whether it is now. */
  serveSaved(savedAtMs: number): Promise<boolean> {
    return this.#inTurn(async () => {
      const held = this.holdings.current();
      if (held === null || this.#meta !== null) return false;
      await this.#serve(held, { ...this.#metaOf(held), source: 'Disk', sinceMs: savedAtMs });
      return true;
    });
  }

  /** Resolves when nothing is being served anew. */
  async idle(): Promise<void> {
    await this.#turn;
  }

  /** The controller says that what is held is what it has. */
  async #confirm(): Promise<void> {
    const held = this.holdings.current();
    if (held === null) return;
    const meta = this.#metaOf(held);
    if (this.#meta === null) await this.#serve(held, meta);
    else if (this.#meta.version === meta.version) this.#meta = { ...meta, sinceMs: this.#meta.sinceMs };
  }

  async #serve(candidate: Candidate, meta: SnapshotMeta): Promise<void> {
    try {
      for (let round = 1; ; round += 1) {
        const { refused } = await this.#options.onSnapshot(candidate.resources(), meta);
        if (!candidate.refuse(refused) || round === roundsMax) break;
      }
    } catch (problem) {
      // Held all the same: the next delta builds on it, and asking for it again would bring the same.
      this.holdings.adopt(candidate);
      const reason = `could not be applied: ${messageOf(problem)}`;
      this.#refused = [...candidate.refused(), { id: `Snapshot/${meta.version}`, reason }];
      this.#options.report({ kind: 'NotApplied', meta, problem });
      return;
    }
    this.holdings.adopt(candidate);
    this.#meta = meta;
    this.#refused = candidate.refused();
    this.#options.report({ kind: 'Applied', meta, refused: this.#refused });
    if (meta.source === 'Controller') this.#options.onServed(candidate);
  }

  #metaOf(candidate: Candidate): SnapshotMeta {
    const { version, order } = candidate;
    return { version, order, source: 'Controller', sinceMs: this.#options.now() };
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => {});
    return done;
  }
}
