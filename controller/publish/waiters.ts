import type { GatewayKey } from '#snapshot/ids.ts';

interface Waiter {
  readonly version: string;
  readonly finish: (holds: boolean) => void;
}

/** Those who wait until the data planes of a Gateway have a version. */
export class Waiters {
  readonly #holds: (gateway: GatewayKey, version: string) => boolean;
  readonly #waiting = new Map<GatewayKey, Set<Waiter>>();

  constructor(holds: (gateway: GatewayKey, version: string) => boolean) {
    this.#holds = holds;
  }

  /** Resolves with true once it holds, with false after `waitMs` or when all is stopped. */
  wait(gateway: GatewayKey, version: string, waitMs: number): Promise<boolean> {
    if (this.#holds(gateway, version)) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiters = this.#waiting.get(gateway) ?? new Set<Waiter>();
    this.#waiting.set(gateway, waiters);
    const timer = setTimeout(() => waiter.finish(false), waitMs);
    const waiter: Waiter = {
      version,
      finish: (holds) => {
        clearTimeout(timer);
        waiters.delete(waiter);
        if (waiters.size === 0) this.#waiting.delete(gateway);
        resolve(holds);
      },
    };
    waiters.add(waiter);
    return promise;
  }

  /** Looks again, after something changed. */
  check(gateway: GatewayKey): void {
    for (const waiter of this.#waiting.get(gateway) ?? []) {
      if (this.#holds(gateway, waiter.version)) waiter.finish(true);
    }
  }

  stop(): void {
    for (const waiters of this.#waiting.values()) for (const waiter of waiters) waiter.finish(false);
  }
}
