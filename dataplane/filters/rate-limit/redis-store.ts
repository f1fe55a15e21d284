import type { Redis } from 'ioredis';
import { lastingClient } from '../redis/connection.ts';
import { Silence, whyNotAsked, within } from '../redis/within.ts';
import { counterScript, counterScriptSha } from './counter-script.ts';
import type { Ask, CounterStore, Grant } from './counter-store.ts';
import type { RedisAddress } from '#snapshot/redis-address.ts';

export interface RedisStoreOptions {
  readonly address: RedisAddress;
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  /** The longest a request waits for Redis. */
  readonly deadlineMs: number;
  /** Told when Redis becomes usable or unusable, with the reason. */
  readonly onChange?: ((available: boolean, reason: string) => void) | undefined;
}

/** Between two looks at a Redis that did not answer. */
const probeEveryMs = 100;
/** A connection that has not answered a probe for so long is given up for a new one. */
const silenceMs = 2000;

/**
 * Counters in Redis, with a breaker: after one failure or one missed deadline nobody asks any more, until one
 * probe in the background (no request waits for it) has been answered. Connects at once and for ever again.
 */
export class RedisStore implements CounterStore {
  readonly #options: RedisStoreOptions;
  readonly #client: Redis;
  readonly #timer: NodeJS.Timeout;
  #available = false;
  #isProbing = false;
  /** What the owner was told last. */
  #told: boolean | null = null;

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#client = lastingClient(options.address);
    this.#client.on('error', (error) => this.#set(false, error.message));
    this.#client.on('close', () => this.#set(false, 'connection closed'));
    this.#client.on('ready', () => void this.#probe());
    this.#timer = setInterval(() => void this.#probe(), probeEveryMs);
    this.#timer.unref();
  }

  get available(): boolean {
    return this.#available;
  }

  async ask(asks: readonly Ask[], fleet: number): Promise<readonly Grant[] | null> {
    const answer = this.#call(asks, fleet);
    try {
      return await within(this.#options.deadlineMs, answer);
    } catch (error) {
      this.#set(false, messageOf(error));
      const giveBack = (grants: readonly Grant[]): void => this.#giveBack(asks, grants, fleet);
      if (error instanceof Silence) answer.then(giveBack, () => undefined);
      return null;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#set(false, 'closed');
    this.#client.disconnect();
  }

  async #call(asks: readonly Ask[], fleet: number): Promise<readonly Grant[]> {
    const keys = asks.flatMap((ask) => ask.keys);
    const values = argumentsOf(asks, fleet, this.#options.now());
    try {
      return grantsOf(asks, await this.#client.evalsha(counterScriptSha, keys.length, ...keys, ...values));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return grantsOf(asks, await this.#client.eval(counterScript, keys.length, ...keys, ...values));
    }
  }

  #giveBack(asks: readonly Ask[], grants: readonly Grant[], fleet: number): void {
    const back = asks.flatMap((ask, at) => {
      // What was owed is owed still: whoever asked was told that there was no answer.
      const owed = ask.owed.length === 0 ? 0 : Math.floor(Math.min(...ask.owed));
      const tokens = (grants[at]?.granted ?? 0) + owed;
      return tokens > 0 ? [{ ...ask, need: 0, want: -tokens, owed: [] }] : [];
    });
    // Best effort: what is lost was charged and not used.
    if (back.length > 0) this.#call(back, fleet).catch(() => undefined);
  }

  #set(available: boolean, reason: string): void {
    const told = available === this.#told;
    this.#available = available;
    this.#told = available;
    if (!told) this.#options.onChange?.(available, reason);
  }

  /** One at a time; the script without counters shows that Redis runs it, and loads it. */
  async #probe(): Promise<void> {
    if (this.#available || this.#isProbing || this.#client.status !== 'ready') return;
    this.#isProbing = true;
    try {
      const problem = await whyNotAsked(this.#call([], 1), { ...this.#options, silenceMs });
      this.#set(problem === null, problem ?? 'connected');
    } catch (error) {
      this.#set(false, messageOf(error));
      if (error instanceof Silence) this.#client.disconnect(true);
    } finally {
      this.#isProbing = false;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function argumentsOf(asks: readonly Ask[], fleet: number, now: number): number[] {
  const values: number[] = [Math.max(1, fleet)];
  for (const { meters, units, need, want, owed } of asks) {
    values.push(meters.length, units, need, want);
    for (const [at, meter] of meters.entries()) meter.tell(values, owed[at] ?? 0, now);
  }
  return values;
}

/** @throws {TypeError} when the answer is not what the script gives */
function grantsOf(asks: readonly Ask[], answer: unknown): Grant[] {
  const length = asks.reduce((sum, { meters }) => sum + 2 + 2 * meters.length, 0);
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
  return asks.map(({ meters }) => {
    const granted = take();
    const waitMs = take() / 1000;
    const remaining: number[] = [];
    const fullMs: number[] = [];
    for (let at = 0; at < meters.length; at += 1) {
      remaining.push(Math.max(0, take()));
      fullMs.push(take() / 1000);
    }
    return { granted, waitMs, remaining, fullMs };
  });
}
