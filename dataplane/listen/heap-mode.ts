import { setFlagsFromString } from 'node:v8';

/** With so many connections the heap is to be quick, and with so few of them small again. */
const quickFrom = 512;
const smallBelow = 256;

/** Sets V8's flags, which are spelled as on a command line. */
type SetFlags = (flags: string) => void;

const flags = Object.freeze({
  Small: '--optimize-for-size --heap-growing-percent=30',
  Quick: '--no-optimize-for-size --heap-growing-percent=100',
});

/**
 * Whether V8 keeps the heap small or is quick. While there are few connections a collection is cheap, and what it frees
 * goes back to the system. Many of them make what is collected large, and everybody waits for it: then it is done seldom
 * (docs/decisions/0033-collecting.md).
 */
export class HeapMode {
  readonly #setFlags: SetFlags | null;
  #mode: keyof typeof flags | null = null;

  /** `setFlags`: null in a process that was not started for it, and V8 stays as it is. */
  constructor(setFlags: SetFlags | null = globalThis.gc === undefined ? null : setFlagsFromString) {
    this.#setFlags = setFlags;
  }

  /** `connections`: how many there are now. */
  follow(connections: number): void {
    const mode = connections >= quickFrom ? 'Quick' : 'Small';
    const isBetween = connections < quickFrom && connections >= smallBelow;
    if (mode === this.#mode || (isBetween && this.#mode !== null)) return;
    this.#mode = mode;
    this.#setFlags?.(flags[mode]);
  }
}
