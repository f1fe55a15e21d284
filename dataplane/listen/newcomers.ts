/** When so many connections more are there, what is young is collected. */
const newcomersMax = 128;

/** What collects the young generation; V8 gives it to a process that was started with `--expose-gc`. */
type CollectYoung = (options: { readonly type: 'minor' }) => unknown;

/**
 * Has V8 collect what is young when 128 connections more are there. By itself it does when it has no room for more; what
 * lives is copied then, and of connections that come and stay all lives: for 800 of them everybody waits 25 ms, for 128
 * of them 4 ms (docs/decisions/0033-collecting.md). Connections that come and go, as most do, change nothing.
 */
export class Newcomers {
  readonly #collect: CollectYoung | null;
  /** How many connections there were when they were collected, or since then at the least. */
  #settled = 0;

  /** `collect`: null where there is none, and V8 alone decides. */
  constructor(collect: CollectYoung | null = globalThis.gc ?? null) {
    this.#collect = collect;
  }

  /** One has come; `connections`: how many there are now. */
  came(connections: number): void {
    this.#settled = Math.min(this.#settled, connections);
    if (connections - this.#settled < newcomersMax) return;
    this.#settled = connections;
    this.#collect?.({ type: 'minor' });
  }
}
