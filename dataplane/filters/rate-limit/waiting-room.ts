/** Most requests of the whole process that wait for their time; whatever comes beside them is refused. */
const waitingMax = 20_000;

/** Where requests wait for their time: bounded, since each of them is held in memory. */
export class WaitingRoom {
  readonly #wait: (ms: number) => Promise<void>;
  #waiting = 0;

  constructor(wait: (ms: number) => Promise<void> = passed) {
    this.#wait = wait;
  }

  /** Resolves when so much time has passed; null: there is no room. */
  wait(ms: number): Promise<void> | null {
    if (this.#waiting >= waitingMax) return null;
    this.#waiting += 1;
    return this.#wait(ms).finally(() => {
      this.#waiting -= 1;
    });
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((over) => {
    setTimeout(over, Math.ceil(ms));
  });
}
