// What a million callers cost one data plane: memory, the longest pause, and each decision on a key that is new to it.
// Says a line of JSON. usage: callers-program.ts   (node --expose-gc)
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import type { Ask, CounterStore, Grant } from '#dataplane/filters/rate-limit/counter-store.ts';
import { ruleFor, type LimitRule } from '#dataplane/filters/rate-limit/rule.ts';
import { SharedLimiter } from '#dataplane/filters/rate-limit/shared-limiter.ts';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { rateLimit } from '#test/dataplane/filters/rate-limit/given-rate-limit.ts';

const callers = 1_000_000;
const batch = 100;
const slots = 2 ** 21;
const rounds = Number(process.argv[2] ?? 3);

/** What the callers of a run cost. */
export interface CallersCost {
  readonly mebibytes: number;
  /** The longest that 100 decisions took. */
  readonly pauseMs: number;
  /** Of the batches of 100 the one in the middle, each decision: what else the machine does is in the others. */
  readonly microseconds: number;
  readonly evicted: number;
  /** Where Redis counts: memory, and the longest turn of the loop in which 128 of them came. */
  readonly shared: { readonly mebibytes: number; readonly pauseMs: number };
}

function heapOctets(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** The shorter of what the clock and the processor say that a step took: what others take from both is no pause of ours. */
function paused(step: () => void): number {
  const began = performance.now();
  const { user, system } = process.threadCpuUsage();
  step();
  const cpu = process.threadCpuUsage({ user, system });
  return Math.min(performance.now() - began, (cpu.user + cpu.system) / 1000);
}

/** One that grants at once, so that what is measured is the data plane's. */
const generous: CounterStore = {
  available: true,
  ask: async (asks: readonly Ask[]): Promise<readonly Grant[]> =>
    asks.map(({ want }) => ({ granted: want, at: 1, waitMs: 0, remaining: [50], fullMs: [1000] })),
  close: async () => undefined,
};

function ruleOf(requests: number, hash: KeyedHash): LimitRule {
  const windows = { kind: 'Even', lengthMs: 3_600_000 } as const;
  const limit = { name: 'hour', algorithm: 'FixedWindow', requests, windows } as const;
  return ruleFor(rateLimit({ limits: [limit] }), hash, Date.now);
}

async function measuredShared(hash: KeyedHash): Promise<CallersCost['shared']> {
  const before = heapOctets();
  const local = new LocalLimiter(slots, hash);
  const options = {
    store: generous,
    local,
    now: () => performance.now(),
    random: Math.random,
    leasesMax: 2 ** 15,
  };
  const limiter = new SharedLimiter(options, 4);
  // So many that they are leased.
  const rule = ruleOf(100_000, hash);
  const sweeping = setInterval(() => limiter.sweep(), 500);
  let pauseMs = 0;
  let lastMs = performance.now();
  let last = process.threadCpuUsage();
  for (let at = 0; at < callers; at += 1) {
    void limiter.take(rule, `client ${at}`);
    if (at % 128 > 0) continue;
    await turnOfTheLoop();
    const nowMs = performance.now();
    const { user, system } = process.threadCpuUsage(last);
    pauseMs = Math.max(pauseMs, Math.min(nowMs - lastMs, (user + system) / 1000));
    lastMs = nowMs;
    last = process.threadCpuUsage();
  }
  clearInterval(sweeping);
  const octets = heapOctets() - before + local.usage().bytes;
  // Alive until here.
  limiter.sweep();
  return { mebibytes: octets / 2 ** 20, pauseMs };
}

async function measured(): Promise<CallersCost> {
  const hash = new KeyedHash(Math.random() * 2 ** 32, Math.random() * 2 ** 32);
  const rule = ruleOf(100, hash);
  const before = heapOctets();
  const limiter = new LocalLimiter(slots, hash);
  const each: number[] = [];
  let pauseMs = 0;
  for (let at = 0; at < callers; at += batch) {
    // As they come from a socket: strings that nobody has seen before.
    const keys = Array.from({ length: batch }, (_, next) =>
      Buffer.from(`client ${at + next}`).toString('latin1'),
    );
    const began = performance.now();
    const took = paused(() => {
      for (const key of keys) limiter.take(rule, key, 1, began);
    });
    each.push(((performance.now() - began) * 1000) / batch);
    pauseMs = Math.max(pauseMs, took);
  }
  const mebibytes = (heapOctets() - before + limiter.usage().bytes) / 2 ** 20;
  const microseconds = each.toSorted((a, b) => a - b)[each.length >> 1] ?? Number.NaN;
  const { evicted } = limiter.usage();
  return { mebibytes, pauseMs, microseconds, evicted, shared: await measuredShared(hash) };
}

// The first is for the compiler of V8.
await measured();
const runs: CallersCost[] = [];
for (let round = 0; round < rounds; round += 1) runs.push(await measured());
console.log(JSON.stringify(runs));
process.exit(0);
