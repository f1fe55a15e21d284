import { setFlagsFromString } from 'node:v8';

/** With so many connections the heap is quick, and with fewer than the other number of them it is small again. */
const quickFrom = 512;
const smallBelow = 256;

/** Sets V8's flags, which are spelled as on a command line. */
type SetFlags = (flags: string) => void;

const flags = Object.freeze({
  Small: '--optimize-for-size --heap-growing-percent=30',
  Quick: '--no-optimize-for-size --heap-growing-percent=100',
});

/**
 * Whether V8 keeps the heap of this process small or is quick, by the connections of all its data planes. With few of
 * them what is alive is configuration above all: little is to be collected, and what is freed goes back to the system.
 * Many of them make what is collected large, and everybody waits for it: then it is done seldom
 * (docs/decisions/0033-collecting.md).
 */
export class HeapMode {
  readonly #setFlags: SetFlags | null;
  readonly #connections = new Map<object, number>();
  #mode: keyof typeof flags | null = null;

  /** `setFlags`: null leaves V8 as it is, as in a process that was not started as the image starts a data plane. */
  constructor(
    setFlags: SetFlags | null = process.execArgv.includes('--single-threaded-gc') ? setFlagsFromString : null,
  ) {
    this.#setFlags = setFlags;
  }

  /** `connections`: how many there are of `dataPlane` now; 0 when it has ended. */
  follow(dataPlane: object, connections: number): void {
    if (connections === 0) this.#connections.delete(dataPlane);
    else this.#connections.set(dataPlane, connections);
    let all = 0;
    for (const some of this.#connections.values()) all += some;
    const mode = all < (this.#mode === 'Quick' ? smallBelow : quickFrom) ? 'Small' : 'Quick';
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#setFlags?.(flags[mode]);
  }
}
