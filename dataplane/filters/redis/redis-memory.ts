// What data planes remember together, in the Redis that they share: keys that one of them takes, and logs that all
// follow. While Redis does not answer nobody waits for it.
import { setImmediate } from 'node:timers/promises';
import { encodeResource } from '#snapshot/encode.ts';
import type { RateLimitStore } from '#snapshot/rate-limit.ts';
import type { SharedRedis } from '#snapshot/redis-address.ts';
import { noSharedMemory, type LogEvents, type SharedMemory, type Taken } from '../shared-memory.ts';
import type { RedisClient } from './connection.ts';
import { RedisLink } from './link.ts';
import { within } from './within.ts';

export interface RedisMemoryOptions {
  /** Whose logs they are, in the names of their keys. */
  readonly owner: string;
  /** Told when Redis becomes usable or unusable, with the reason; for the log. */
  readonly onChange: (available: boolean, reason: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits?: Partial<RedisMemoryLimits>;
}

export interface RedisMemoryLimits {
  /** The longest a request waits for Redis. */
  readonly deadlineMs: number;
  /** How often it is asked what logs say. */
  readonly everyMs: number;
  /** A connection that is silent for longer when nobody waits is given up for a new one. */
  readonly silenceMs: number;
  /** Entries of a log; the oldest go first. */
  readonly entriesMax: number;
}

const defaultLimits: RedisMemoryLimits = {
  deadlineMs: 50,
  everyMs: 250,
  silenceMs: 2000,
  entriesMax: 50_000,
};

/** Read at a time of a log: what there is to do with them keeps requests waiting. */
const pageEntries = 250;

/** The memory of a data plane, in whichever Redis it has; without one, nobody's. */
export class RedisMemory implements SharedMemory {
  readonly #options: RedisMemoryOptions;
  readonly #followed = new Map<string, LogEvents>();
  #place: string | null = null;
  #there: OneMemory | null = null;

  constructor(options: RedisMemoryOptions) {
    this.#options = options;
  }

  /** From now on it is where counters are; in memory: nowhere. */
  use(store: RateLimitStore): void {
    const place = encodeResource(store);
    if (place === this.#place) return;
    this.close();
    this.#place = place;
    if (store.type === 'Redis') this.#there = new OneMemory(store, this.#followed, this.#options);
  }

  /** Resolves when all that logs say was told once, it turned out that nobody can, or `ms` are over. */
  async caughtUp(ms: number): Promise<void> {
    await this.#there?.caughtUp(ms);
  }

  take(key: string, ms: number): Promise<Taken> {
    return (this.#there ?? noSharedMemory).take(key, ms);
  }

  put(key: string, value: string, ms: number): Promise<void> {
    return (this.#there ?? noSharedMemory).put(key, value, ms);
  }

  append(log: string, entry: string, ms: number): Promise<boolean> {
    return (this.#there ?? noSharedMemory).append(log, entry, ms);
  }

  follow(log: string, events: LogEvents): void {
    this.#followed.set(log, events);
  }

  close(): void {
    this.#there?.close();
    this.#there = null;
    this.#place = null;
  }
}

/** One Redis, for as long as it is this one. */
class OneMemory implements Omit<SharedMemory, 'follow'> {
  readonly #followed: ReadonlyMap<string, LogEvents>;
  readonly #options: RedisMemoryOptions;
  readonly #limits: RedisMemoryLimits;
  readonly #link: RedisLink;
  /** The last entries that were told on this connection. */
  readonly #last = new Map<string, string>();
  readonly #waiting = new Set<() => void>();
  /** What Redis's clock is ahead of this process's own. */
  #aheadMs: number | null = null;
  /** Whether nothing is told of this connection. */
  #isNew = true;

  constructor(redis: SharedRedis, followed: ReadonlyMap<string, LogEvents>, options: RedisMemoryOptions) {
    this.#followed = followed;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#link = new RedisLink({
      redis,
      now: options.now,
      deadlineMs: this.#limits.deadlineMs,
      silenceMs: this.#limits.silenceMs,
      lookEveryMs: this.#limits.everyMs,
      proof: (masters, client) => this.#proof(masters, client),
      look: (client) => this.#tellAll(client),
      onLooked: () => {
        for (const events of followed.values()) events.caughtUp();
      },
      onConnected: () => {
        this.#isNew = true;
      },
      onChange: (available, reason) => {
        options.onChange(available, reason);
        this.#letGo();
      },
    });
  }

  async take(key: string, ms: number): Promise<Taken> {
    return (await this.#link.ask((client) => this.#take(client, key, ms))) ?? { kind: 'Unknown' };
  }

  async put(key: string, value: string, ms: number): Promise<void> {
    await this.#link.ask((client) => all(client, [['set', keyOf(key), value, 'PX', ms]]));
  }

  async append(log: string, entry: string, ms: number): Promise<boolean> {
    return (await this.#link.ask((client) => this.#append(client, log, entry, ms))) !== null;
  }

  caughtUp(ms: number): Promise<void> {
    if (this.#link.isKnown) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  close(): void {
    this.#link.close();
    this.#letGo();
  }

  async #take(client: RedisClient, key: string, ms: number): Promise<Taken> {
    const [taken, held] = await all(client, [
      ['set', keyOf(key), '', 'PX', ms, 'NX'],
      ['get', keyOf(key)],
    ]);
    if (taken === 'OK') return { kind: 'Taken' };
    return { kind: 'Held', value: typeof held === 'string' ? held : '' };
  }

  async #append(client: RedisClient, log: string, entry: string, ms: number): Promise<readonly unknown[]> {
    const key = this.#keyOfLog(log);
    const answers = await all(client, [
      ['xadd', key, 'MAXLEN', '~', this.#limits.entriesMax, '*', 'e', entry],
      ['xtrim', key, 'MINID', '~', Math.max(0, Math.floor(this.#nowMs() - ms))],
      ['pexpire', key, ms],
    ]);
    this.#aheadMs = momentOf(String(answers[0])) - performance.now();
    return answers;
  }

  /** By the clock of Redis, which data planes have in common: since 1970. Known once it has added something. */
  #nowMs(): number {
    return this.#aheadMs === null ? this.#options.now() : performance.now() + this.#aheadMs;
  }

  /** All that is asked of it, and of a Cluster a word from each master. */
  async #proof(masters: readonly RedisClient[], client: RedisClient): Promise<void> {
    await Promise.all(masters.filter((node) => node !== client).map((node) => node.ping()));
    await Promise.all([this.#append(client, 'alive', '', 1000), this.#take(client, 'alive', 1000)]);
  }

  /** What has come in all logs. */
  async #tellAll(client: RedisClient): Promise<void> {
    if (this.#isNew) this.#last.clear();
    this.#isNew = false;
    for (const [log, events] of this.#followed) {
      if (!this.#last.has(log)) {
        this.#last.set(log, '0');
        events.begun();
      }
      while (await this.#tellPage(client, log, events)) {
        // there is more
      }
    }
  }

  /** Tells what comes next in a log; whether there may be more. */
  async #tellPage(client: RedisClient, log: string, events: LogEvents): Promise<boolean> {
    const from = this.#last.get(log) ?? '0';
    const asked = client.xread('COUNT', pageEntries, 'STREAMS', this.#keyOfLog(log), from);
    const [, page] = (await within(this.#limits.silenceMs, asked))?.[0] ?? ['', []];
    for (const [id, fields] of page) {
      this.#last.set(log, id);
      events.told(fields[1] ?? '', this.#nowMs() - momentOf(id));
    }
    if (page.length > 0) await setImmediate();
    return page.length === pageEntries;
  }

  #keyOfLog(log: string): string {
    return keyOf(`${this.#options.owner}:${log}`);
  }

  #letGo(): void {
    for (const done of this.#waiting) done();
  }
}

/** What Redis answers to each; rejects when it refuses one. */
async function all(
  client: RedisClient,
  commands: readonly (readonly (string | number)[])[],
): Promise<readonly unknown[]> {
  const answers = (await client.pipeline(commands.map((command) => [...command])).exec()) ?? [];
  for (const [error] of answers) if (error !== null) throw error;
  return answers.map(([, answer]) => answer);
}

/** When an entry was added: its id begins with that. */
function momentOf(id: string): number {
  return Number(id.slice(0, id.indexOf('-')));
}

function keyOf(name: string): string {
  return `turnpike:${name}`;
}
