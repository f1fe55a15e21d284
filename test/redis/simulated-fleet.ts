// Data planes on a clock that is told to them, with the limiter as it is and its script on a real Redis: seconds of a
// fleet of any size pass as fast as they can be worked out, and come out the same each time.
import { counterScript } from '#dataplane/filters/rate-limit/counter-script.ts';
import type { Ask, CounterStore, Grant } from '#dataplane/filters/rate-limit/counter-store.ts';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { argumentsOf, grantsOf } from '#dataplane/filters/rate-limit/redis-store.ts';
import { ruleFor, type LimitRule } from '#dataplane/filters/rate-limit/rule.ts';
import { SharedLimiter } from '#dataplane/filters/rate-limit/shared-limiter.ts';
import type { TimedLimit } from '#snapshot/limit.ts';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { rateLimit } from '../dataplane/filters/rate-limit/given-rate-limit.ts';

/** The script by a clock that is told to it; its keys outlive the simulation, as they are over by Redis's own clock. */
const toldScript = counterScript
  .replace("redis.call('TIME')", '{ ARGV[#ARGV - 1], ARGV[#ARGV] }')
  .replaceAll("'PX', ", "'PX', 60000 + ");

/** One way to Redis, and as long back. */
const wayMs = 1;
const sweepEveryMs = 500;
/** When a simulation begins: a whole second, and no edge of a longer window. */
const beginsMs = 1_790_000_003_000;

/** What is simulated. */
export interface Scenario {
  readonly limit: TimedLimit;
  readonly seconds: number;
  /** Requests a second that all data planes get together. */
  readonly perSecond: number;
  /** Which parts of them each data plane gets at `ms` since the beginning: as many numbers as there are data planes then. */
  readonly parts: (ms: number) => readonly number[];
}

/** What came of it. */
export interface Outcomes {
  /** Milliseconds since the beginning, in their order: when the data plane, or Redis for it, let a request pass. */
  readonly admitted: readonly number[];
  readonly offered: number;
  /** Calls of Redis. */
  readonly calls: number;
  /** Requests that waited for an answer of Redis. */
  readonly waited: number;
}

/** Each data plane gets as much as any other. */
export function evenly(dataPlanes: number): readonly number[] {
  return Array.from({ length: dataPlanes }, () => 1 / dataPlanes);
}

/** The first gets nine tenths, the others share the rest. */
export function skewed(dataPlanes: number): readonly number[] {
  return Array.from({ length: dataPlanes }, (_, at) => (at === 0 ? 0.9 : 0.1 / (dataPlanes - 1)));
}

/** Runs a scenario to its end. */
export async function simulated(redis: Redis, scenario: Scenario): Promise<Outcomes> {
  return new Simulation(redis, scenario).run();
}

interface DataPlane {
  readonly limiter: SharedLimiter;
  readonly rule: LimitRule;
  /** Requests that have come in part. */
  due: number;
}

class Simulation {
  readonly #redis: Redis;
  readonly #scenario: Scenario;
  readonly #name = `test/${randomUUID()}/r`;
  readonly #random = generator(1);
  readonly #admitted: number[] = [];
  #ms = 0;
  #planes: DataPlane[] = [];
  /** What happens when so many milliseconds have passed. */
  readonly #later = new Map<number, (() => Promise<void>)[]>();
  #offered = 0;
  #calls = 0;
  #waited = 0;

  constructor(redis: Redis, scenario: Scenario) {
    this.#redis = redis;
    this.#scenario = scenario;
  }

  async run(): Promise<Outcomes> {
    const { seconds, parts, perSecond } = this.#scenario;
    const endMs = seconds * 1000;
    for (; this.#ms < endMs; this.#ms += 1) {
      const each = parts(this.#ms);
      if (each.length !== this.#planes.length) this.#scale(each.length);
      await this.#pass();
      for (const [at, plane] of this.#planes.entries())
        this.#arrive(plane, ((each[at] ?? 0) * perSecond) / 1000);
      if (this.#ms % sweepEveryMs === 0) for (const { limiter } of this.#planes) limiter.sweep();
      // The questions of this turn are sent.
      await turnOfTheLoop();
    }
    for (; this.#later.size > 0; this.#ms += 1) await this.#pass();
    return {
      admitted: this.#admitted.toSorted((a, b) => a - b),
      offered: this.#offered,
      calls: this.#calls,
      waited: this.#waited,
    };
  }

  #scale(count: number): void {
    for (const { limiter } of this.#planes.splice(count)) void limiter.release();
    while (this.#planes.length < count) this.#planes.push(this.#plane());
    for (const { limiter } of this.#planes) limiter.fleet = count;
  }

  #plane(): DataPlane {
    const hash = new KeyedHash(1, 2);
    const now = (): number => this.#ms;
    const limiter = new SharedLimiter(
      {
        store: this.#store(),
        local: new LocalLimiter(4096, hash),
        now,
        random: this.#random,
        leasesMax: 100,
      },
      1,
    );
    const rule = ruleFor(
      rateLimit({ name: this.#name, limits: [this.#scenario.limit] }),
      hash,
      () => beginsMs + this.#ms,
    );
    return { limiter, rule, due: this.#random() };
  }

  /** As many requests as have come since the last millisecond: about `mean`. */
  #arrive(plane: DataPlane, mean: number): void {
    plane.due += mean * 2 * this.#random();
    for (; plane.due >= 1; plane.due -= 1) {
      this.#offered += 1;
      const outcome = plane.limiter.take(plane.rule, 'key');
      if (!(outcome instanceof Promise)) {
        if (outcome.verdict === 'Admitted') this.#admitted.push(this.#ms);
        continue;
      }
      this.#waited += 1;
      void outcome.then(({ verdict }) => verdict === 'Admitted' && this.#admitted.push(this.#ms - wayMs));
    }
  }

  #store(): CounterStore {
    return {
      available: true,
      ask: (asks, fleet) =>
        new Promise((resolve) => {
          this.#calls += 1;
          const ms = this.#ms;
          this.#in(wayMs, async () => {
            const grants = await this.#decided(asks, fleet, ms);
            this.#in(wayMs, async () => resolve(grants));
          });
        }),
      close: async () => undefined,
    };
  }

  async #decided(asks: readonly Ask[], fleet: number, askedMs: number): Promise<readonly Grant[]> {
    const keys = asks.flatMap((ask) => ask.keys);
    const epochMs = beginsMs + this.#ms;
    const time = [Math.floor(epochMs / 1000), (epochMs % 1000) * 1000];
    const values = argumentsOf(asks, fleet, askedMs);
    return grantsOf(asks, await this.#redis.eval(toldScript, keys.length, ...keys, ...values, ...time));
  }

  #in(ms: number, step: () => Promise<void>): void {
    const at = this.#ms + ms;
    this.#later.set(at, [...(this.#later.get(at) ?? []), step]);
  }

  /** Does what is due now. */
  async #pass(): Promise<void> {
    const steps = this.#later.get(this.#ms) ?? [];
    this.#later.delete(this.#ms);
    for (const step of steps) await step();
    await Promise.resolve();
  }
}

/** Park and Miller's, so that each run is the same. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
