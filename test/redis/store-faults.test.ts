// What becomes of requests while a Redis that three data planes share fails, and when it is back.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test, type TestContext } from 'node:test';
import { createRateLimiting, type RateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { resourceId } from '#snapshot/ids.ts';
import { variables } from '#test/cel/subject.ts';
import { eventually } from '#test/given/eventually.ts';
import { ownRedisMissing } from '#test/given/redis.ts';
import { sharedRedises, type GivenSharedRedis, type RedisFault } from '#test/given/shared-redis.ts';
import { exchangeOf, fleetOf, limitOf, rateLimit } from '../dataplane/filters/rate-limit/given-rate-limit.ts';

const perSecond = 300;
const burst = 60;
/** Of each data plane, every 5 ms: three times as many as the limit. */
const atOnce = 2;
/** Of any second. */
const admittedMax = (burst + perSecond) * 1.15;
const p99RiseMsMax = 30;
/** What else the machine does only adds to a rise. */
const attemptsMax = 3;

/** What has become of requests. */
class Count {
  readonly kinds = new Set<string>();
  readonly #tookMs: number[] = [];
  readonly #admittedMs: number[] = [];

  add(kind: string, beganMs: number): void {
    this.kinds.add(kind);
    const now = performance.now();
    this.#tookMs.push(now - beganMs);
    if (kind === 'Admitted') this.#admittedMs.push(now);
  }

  p99Ms(from = 0): number {
    const sorted = this.#tookMs.slice(from).sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  }

  get length(): number {
    return this.#tookMs.length;
  }

  /** The most that were admitted within a second. */
  worstSecond(): number {
    let worst = 0;
    let from = 0;
    for (const [at, ms] of this.#admittedMs.entries()) {
      while ((this.#admittedMs[from] ?? 0) < ms - 1000) from += 1;
      worst = Math.max(worst, at - from + 1);
    }
    return worst;
  }
}

for (const title of ['one Redis', 'a Redis that a Sentinel watches', 'a Cluster'] as const) {
  describe(title, { skip: ownRedisMissing() }, () => {
    let given: GivenSharedRedis;
    let planes: readonly RateLimiting[] = [];
    const told: string[] = [];

    before(async () => {
      given = (await sharedRedises[title]?.()) ?? assert.fail();
      planes = Array.from({ length: 3 }, () =>
        createRateLimiting({
          variables,
          now: () => performance.now(),
          random: Math.random,
          onStoreChange: (available, reason) => void told.push(`${available ? 'up' : 'down'}: ${reason}`),
        }),
      );
      const id = resourceId('RateLimitStore', 'redis');
      for (const plane of planes) {
        plane.configure({ kind: 'RateLimitStore', id, type: 'Redis', ...given.redis }, fleetOf(3));
      }
      await allAvailable();
    });
    after(async () => {
      await Promise.all(planes.map((plane) => plane.close()));
      await given?.stop();
    });

    const allAvailable = (): Promise<void> =>
      eventually(() => planes.every((plane) => plane.stats().store.available), 20_000);

    /** Asks all data planes evenly until `work` is done. */
    async function underLoad(work: (count: Count) => Promise<void>): Promise<Count> {
      const count = new Count();
      const limits = [limitOf(perSecond, 1000, burst)];
      const limit = rateLimit({ name: `test/${randomUUID()}/r`, limits });
      const filters = planes.map((plane) => plane.filterFor(limit));
      const timer = setInterval(() => {
        for (let turn = 0; turn < atOnce * filters.length; turn += 1) {
          const beganMs = performance.now();
          const verdict = filters[turn % filters.length]?.apply(exchangeOf());
          void Promise.resolve(verdict).then(
            (known) => count.add(known?.kind ?? 'Admitted', beganMs),
            () => count.add('Rejected', beganMs),
          );
        }
      }, 5);
      try {
        await work(count);
      } finally {
        clearInterval(timer);
      }
      return count;
    }

    async function passes(requests: number, count: Count): Promise<void> {
      const from = count.length;
      await eventually(() => count.length >= from + requests, 20_000);
    }

    async function attempt(fault: RedisFault, t: TestContext): Promise<boolean> {
      told.length = 0;
      let [healthy, from] = [0, 0];
      const count = await underLoad(async (so) => {
        await passes(1000, so);
        [healthy, from] = [so.p99Ms(), so.length];
        await fault.begin();
        await eventually(() => planes.every((plane) => !plane.stats().store.available), 5000);
        await passes(1500, so);
        await fault.end();
        await allAvailable();
        await passes(1500, so);
      });
      const figures = { healthy, p99: count.p99Ms(from), worstSecond: count.worstSecond() };
      t.diagnostic(JSON.stringify({ ...figures, requests: count.length, told }));
      assert.deepEqual([...count.kinds].sort(), ['Admitted', 'RateLimited']);
      return figures.p99 <= healthy + p99RiseMsMax && figures.worstSecond <= admittedMax;
    }

    test('whatever becomes of it, nothing fails, nothing waits long, and no more pass than told', async (t) => {
      for (const [name, fault] of Object.entries(given.faults)) {
        await t.test(`it ${name}`, async (inner) => {
          let attempts = 1;
          while (!(await attempt(fault, inner))) assert.ok((attempts += 1) <= attemptsMax);
        });
      }
    });
  });
}
