import type { ConnectionSurroundings } from '../surroundings.ts';

/** The one time that runs on a connection, by the coarse clock; 0 ms is never. */
export class Clock {
  readonly #around: ConnectionSurroundings;
  #deadlineMs = Number.POSITIVE_INFINITY;

  constructor(around: ConnectionSurroundings) {
    this.#around = around;
  }

  /** From now on; in place of what ran before. */
  start(timeoutMs: number): void {
    this.#deadlineMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : this.#around.nowMs + timeoutMs;
  }

  stop(): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY;
  }

  isOver(nowMs: number): boolean {
    return nowMs >= this.#deadlineMs;
  }
}
