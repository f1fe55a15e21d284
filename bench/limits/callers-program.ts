// What a million callers cost one data plane: memory, the longest pause, and each decision on a key that is new to it.
// Says a line of JSON. usage: callers-program.ts   (node --expose-gc)
import { KeyedHash } from '#dataplane/filters/rate-limit/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { ruleFor } from '#dataplane/filters/rate-limit/rule.ts';
import { rateLimit } from '#test/dataplane/filters/rate-limit/given-rate-limit.ts';

const callers = 1_000_000;
const batch = 100;
const slots = 2 ** 21;
const rounds = Number(process.argv[2] ?? 3);

/** What the callers of a run cost. */
export interface CallersCost {
  readonly mebibytes: number;
  /** The longest that one decision took. */
  readonly pauseMs: number;
  /** Of the batches of 100 the one in the middle, each decision: what else the machine does is in the others. */
  readonly microseconds: number;
  readonly evicted: number;
}

function usedMebibytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

function measured(): CallersCost {
  const hash = new KeyedHash(Math.random() * 2 ** 32, Math.random() * 2 ** 32);
  const windows = { kind: 'Even', lengthMs: 3_600_000 } as const;
  const limit = { name: 'hour', algorithm: 'FixedWindow', requests: 100, windows } as const;
  const rule = ruleFor(rateLimit({ limits: [limit] }), hash, Date.now);
  const before = usedMebibytes();
  const limiter = new LocalLimiter(slots, hash);
  const each: number[] = [];
  let pauseMs = 0;
  for (let at = 0; at < callers; at += batch) {
    // As they come from a socket: strings that nobody has seen before.
    const keys = Array.from({ length: batch }, (_, next) =>
      Buffer.from(`client ${at + next}`).toString('latin1'),
    );
    const began = performance.now();
    for (const key of keys) limiter.take(rule, key, 1, began);
    const took = performance.now() - began;
    each.push((took * 1000) / batch);
    pauseMs = Math.max(pauseMs, took);
  }
  const mebibytes = usedMebibytes() - before;
  const microseconds = each.toSorted((a, b) => a - b)[each.length >> 1] ?? Number.NaN;
  return { mebibytes, pauseMs, microseconds, evicted: limiter.usage().evicted };
}

// The first is for the compiler of V8.
measured();
console.log(JSON.stringify(Array.from({ length: rounds }, measured)));
