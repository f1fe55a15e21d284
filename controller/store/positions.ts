import { markOf } from './mark.ts';
import type { Kind } from '#crds/kind.ts';
import type { Position } from '#snapshot/snapshot.ts';

interface Reached {
  seen: bigint;
  /** Null when it must be made anew. */
  position: Position | null;
}

/** How far the knowledge of each kind reaches, and what it amounts to. */
export class Positions {
  readonly #reached: ReadonlyMap<Kind, Reached>;
  readonly #stateOf: (kind: Kind) => string;
  /** Null when it must be made anew. */
  #all: Readonly<Record<string, Position>> | null = null;

  /** `stateOf` tells the digest of a kind's objects as they are. */
  constructor(kinds: readonly Kind[], stateOf: (kind: Kind) => string) {
    this.#reached = new Map(kinds.map((kind) => [kind, { seen: 0n, position: null }]));
    this.#stateOf = stateOf;
  }

  /** The positions of all kinds; the same object as long as none has moved. */
  get all(): Readonly<Record<string, Position>> {
    this.#all ??= Object.freeze(
      Object.fromEntries(
        Array.from(this.#reached, ([kind, reached]) => [kind, this.#position(kind, reached)]),
      ),
    );
    return this.#all;
  }

  /** Objects of `kind` may have changed, by a change of this version. Answers whether it is the newest of the kind. */
  changed(kind: Kind, resourceVersion: string | undefined): boolean {
    const mark = markOf(resourceVersion);
    const higher = mark !== null && mark > this.#seen(kind);
    this.#move(kind, higher ? mark : this.#seen(kind));
    return higher;
  }

  /**
   * A list is all we know from then on, even where it is older than what was seen before it. Answers whether it is
   * newer.
   */
  listed(kind: Kind, resourceVersion: string): boolean {
    const before = this.#seen(kind);
    this.#move(kind, markOf(resourceVersion) ?? before);
    return this.#seen(kind) > before;
  }

  /**
   * The server says now that there is no such kind. That has no version of its own, but is newer than all that was
   * seen of other kinds. Answers whether that is more than was known.
   */
  missing(kind: Kind): boolean {
    const before = this.#seen(kind);
    let newest = before;
    for (const { seen } of this.#reached.values()) if (seen > newest) newest = seen;
    this.#move(kind, newest);
    return newest > before;
  }

  #seen(kind: Kind): bigint {
    return this.#reached.get(kind)?.seen ?? 0n;
  }

  #move(kind: Kind, seen: bigint): void {
    const reached = this.#reached.get(kind);
    if (reached === undefined) return;
    reached.seen = seen;
    reached.position = null;
    this.#all = null;
  }

  #position(kind: Kind, reached: Reached): Position {
    reached.position ??= Object.freeze({ seen: reached.seen.toString(), state: this.#stateOf(kind) });
    return reached.position;
  }
}
