import type { SharedRedis } from '#snapshot/redis-address.ts';
import { mastersOf, type RedisClient } from '../redis/connection.ts';
import { RedisLink } from '../redis/link.ts';
import { counterScript, counterScriptSha } from './counter-script.ts';
import type { Ask, CounterStore, Grant } from './counter-store.ts';

export interface RedisStoreOptions {
  readonly redis: SharedRedis;
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  /** The longest a request waits for Redis. */
  readonly deadlineMs: number;
  /** Told when Redis becomes usable or unusable, with the reason. */
  readonly onChange: (available: boolean, reason: string) => void;
  /** Told its `maxmemory-policy` when it becomes usable, and would throw counters away to make room. */
  readonly onEvicting: (policy: string) => void;
}

/** Between two looks at a Redis that did not answer. */
const lookEveryMs = 100;

/** Counters in Redis. */
export class RedisStore implements CounterStore {
  readonly #now: () => number;
  readonly #link: RedisLink;

  constructor(options: RedisStoreOptions) {
    this.#now = options.now;
    // Without counters the script shows that Redis runs it, and loads it.
    const proof = (masters: readonly RedisClient[]): Promise<unknown> =>
      Promise.all(masters.map((node) => this.#call(node, [], 1)));
    const onChange = (available: boolean, reason: string): void => {
      options.onChange(available, reason);
      if (available) this.#link.tell((client) => tellOfEviction(client, options.onEvicting));
    };
    this.#link = new RedisLink({ ...options, onChange, lookEveryMs, proof });
  }

  get available(): boolean {
    return this.#link.available;
  }

  async ask(asks: readonly Ask[], fleet: number): Promise<readonly (Grant | null)[]> {
    // The keys of one counter are in one slot, those of several are not.
    const parts = this.#link.hasSlots ? asks.map((ask) => [ask]) : [asks];
    const answers = await Promise.all(
      parts.map(async (part) => (await this.#askAtOnce(part, fleet)) ?? part.map(() => null)),
    );
    return answers.flat();
  }

  async close(): Promise<void> {
    this.#link.close();
  }

  #askAtOnce(asks: readonly Ask[], fleet: number): Promise<readonly Grant[] | null> {
    return this.#link.ask(
      (client) => this.#call(client, asks, fleet),
      (grants) => this.#giveBack(asks, grants, fleet),
    );
  }

  async #call(client: RedisClient, asks: readonly Ask[], fleet: number): Promise<readonly Grant[]> {
    const keys = asks.flatMap((ask) => ask.keys);
    const values = argumentsOf(asks, fleet, this.#now());
    try {
      return grantsOf(asks, await client.evalsha(counterScriptSha, keys.length, ...keys, ...values));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return grantsOf(asks, await client.eval(counterScript, keys.length, ...keys, ...values));
    }
  }

  #giveBack(asks: readonly Ask[], grants: readonly Grant[], fleet: number): void {
    const back = asks.flatMap((ask, at) => {
      // What was owed is owed still: whoever asked was told that there was no answer.
      const owed = ask.owed.length === 0 ? 0 : Math.floor(Math.min(...ask.owed));
      const tokens = (grants[at]?.granted ?? 0) + owed;
      return tokens > 0 ? [{ ...ask, need: 0, want: -tokens, since: grants[at]?.at ?? 0, owed: [] }] : [];
    });
    // Best effort: what is lost was charged and not used.
    if (back.length > 0) this.#link.tell((client) => this.#call(client, back, fleet));
  }
}

/** Nothing is told where we may not ask (INFO). */
async function tellOfEviction(client: RedisClient, tell: (policy: string) => void): Promise<void> {
  const told = await Promise.all((mastersOf(client) ?? []).map((node) => node.info('memory')));
  for (const text of told) {
    const [, policy = 'noeviction'] = /^maxmemory_policy:(\S+)/m.exec(text) ?? [];
    if (policy === 'noeviction' || /^maxmemory:0\s/m.test(text)) continue;
    tell(policy);
    return;
  }
}

/** What the script reads after its keys. */
export function argumentsOf(asks: readonly Ask[], fleet: number, now: number): number[] {
  const values: number[] = [Math.max(1, fleet)];
  for (const { meters, units, need, want, since, owed } of asks) {
    values.push(meters.length, units, need, want, since);
    for (const [at, meter] of meters.entries()) meter.tell(values, owed[at] ?? 0, now);
  }
  return values;
}

/**
 * What the script answered.
 * @throws {TypeError} when the answer is not what the script gives
 */
export function grantsOf(asks: readonly Ask[], answer: unknown): Grant[] {
  const length = asks.reduce((sum, { meters }) => sum + 2 + 2 * meters.length, 1);
  if (
    !Array.isArray(answer) ||
    answer.length !== length ||
    !answer.every((each) => typeof each === 'number')
  ) {
    throw new TypeError('Redis answered the script in an unknown form');
  }
  const numbers: readonly number[] = answer;
  let next = 0;
  const take = (): number => numbers[next++] ?? 0;
  const at = take();
  return asks.map(({ meters }) => {
    const granted = take();
    const waitMs = take() / 1000;
    const remaining: number[] = [];
    const fullMs: number[] = [];
    for (let limit = 0; limit < meters.length; limit += 1) {
      remaining.push(Math.max(0, take()));
      fullMs.push(take() / 1000);
    }
    return { granted, at, waitMs, remaining, fullMs };
  });
}
