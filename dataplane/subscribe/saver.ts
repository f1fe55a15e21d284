import { setImmediate } from 'node:timers/promises';
import type { Order } from '#snapshot/snapshot.ts';
import type { LastGood } from './last-good.ts';
import { pause } from './pause.ts';
import { messageOf } from './subscribe-error.ts';
import type { SubscribeTimings } from './timings.ts';

/** What is to be saved; made when its turn comes. */
export interface Savable {
  readonly order: Order;
  encoded(): readonly string[];
}

interface SaverOptions {
  readonly lastGood: LastGood;
  readonly timings: Pick<SubscribeTimings, 'saveEveryMs' | 'saveAgainMs'>;
  /** Called when writes begin to fail, not for each. */
  readonly onFailure: (reason: string) => void;
  readonly onSaved: () => void;
}

/** Saves the newest snapshot off the hot path: one write at a time, not too often, only the newest of those waiting. */
export class Saver {
  readonly #options: SaverOptions;
  readonly #stopping = new AbortController();
  #waiting: Savable | null = null;
  #running: Promise<void> | null = null;
  #failing = false;

  constructor(options: SaverOptions) {
    this.#options = options;
  }

  /** Returns at once. What was waiting to be saved is forgotten for it. */
  save(snapshot: Savable): void {
    this.#waiting = snapshot;
    if (!this.#stopping.signal.aborted) this.#running ??= this.#run();
  }

  /** Saves what is waiting, and nothing after it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#write();
  }

  async #run(): Promise<void> {
    const { saveAgainMs, saveEveryMs } = this.#options.timings;
    // Whoever saves has just served: what that held the loop for and this are apart.
    await setImmediate();
    while (this.#waiting !== null && !this.#stopping.signal.aborted) {
      await this.#write();
      await pause(this.#failing ? saveAgainMs : saveEveryMs, this.#stopping.signal);
    }
    this.#running = null;
  }

  async #write(): Promise<void> {
    const snapshot = this.#waiting;
    if (snapshot === null) return;
    this.#waiting = null;
    try {
      await this.#options.lastGood.write(snapshot.order, snapshot.encoded());
      this.#failing = false;
      this.#options.onSaved();
    } catch (error) {
      this.#waiting ??= snapshot;
      if (!this.#failing) this.#options.onFailure(messageOf(error));
      this.#failing = true;
    }
  }
}
