import type { Endpoint } from '#snapshot/cluster.ts';

/**
 * Between whom of a cluster's endpoints is chosen: the ready ones, and terminating ones only while none is ready. Tells
 * each of them whether it is one of those.
 */
export class Members<E extends { offered: boolean }> {
  readonly #ready = new Set<E>();
  readonly #terminating = new Set<E>();

  /** In the order in which they came. It is the same set until the last ready one goes, or the first comes. */
  get offered(): ReadonlySet<E> {
    return this.#ready.size > 0 ? this.#ready : this.#terminating;
  }

  /** Null: it has left. */
  put(one: E, state: Endpoint['state'] | null): void {
    const before = this.offered;
    if (state !== 'Ready') this.#ready.delete(one);
    if (state !== 'Terminating') this.#terminating.delete(one);
    if (state === 'Ready') this.#ready.add(one);
    if (state === 'Terminating') this.#terminating.add(one);
    const now = this.offered;
    one.offered = now.has(one);
    if (now === before) return;
    for (const other of before) other.offered = false;
    for (const other of now) other.offered = true;
  }
}
