import type { Keeper } from './keeper.ts';

const everyMsDefault = 10_000;
const backoffMs = 1000;
const backoffMsMax = 300_000;
/** What is left at the end is told for so long; then it waits for the next data plane at this folder. */
const finishMs = 5000;

export interface RoundsOptions {
  readonly keeper: Pick<Keeper, 'round' | 'figures'>;
  /** 0 to 1; spreads what many data planes do. */
  readonly random: () => number;
  /** Told when rounds fail, or do no more, and why. */
  readonly onChange: (available: boolean, reason: string) => void;
  readonly everyMs?: number;
}

/** Has a keeper make rounds: every ten seconds, and later and later, up to five minutes, while they fail. */
export class Rounds {
  readonly #options: RoundsOptions;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;
  #isOver = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#plan(this.#everyMs * options.random());
  }

  /** One more round for what is left, now that the journal has ended. */
  async finish(): Promise<void> {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, finishMs)));
    const rest = this.#running.then(() => this.#round('Ended'));
    await Promise.race([rest, late]);
    clearTimeout(timer);
  }

  get #everyMs(): number {
    return this.#options.everyMs ?? everyMsDefault;
  }

  #plan(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#round('Open').then(() => {
        if (!this.#isOver) this.#plan(this.#nextMs());
      });
    }, ms).unref();
  }

  #nextMs(): number {
    if (this.#failures === 0) return this.#everyMs;
    const most = Math.min(
      backoffMsMax,
      Math.min(backoffMs, this.#everyMs) * 2 ** Math.min(this.#failures, 20),
    );
    return most * (0.5 + this.#options.random() / 2);
  }

  async #round(state: 'Open' | 'Ended'): Promise<void> {
    const { keeper, onChange } = this.#options;
    const before = keeper.figures;
    try {
      await keeper.round(state);
      const dropped = keeper.figures.dropped - before.dropped;
      if (dropped > 0) onChange(false, `${dropped} events were given up: nobody took them for too long`);
      else if (this.#failures > 0) onChange(true, '');
      this.#failures = 0;
    } catch (error) {
      if (this.#failures === 0) onChange(false, error instanceof Error ? error.message : String(error));
      // One who takes something is not to be waited for.
      this.#failures = keeper.figures.sent > before.sent ? 1 : this.#failures + 1;
    }
  }
}
