// What data planes remember together, in the Redis that they share: keys that one of them takes, and logs that all
// follow. One connection. While Redis does not answer nobody waits for it: one missed deadline, and it is asked by
// nobody but this file until it has done all that is asked of it again.
import type { Redis } from 'ioredis';
import { redisAddress, redisAddressForm, type RedisAddress } from '#snapshot/redis-address.ts';
import { noSharedMemory, type LogEvents, type SharedMemory, type Taken } from '../shared-memory.ts';
import { lastingClient } from './connection.ts';
import { Silence, whyNotAsked, within } from './within.ts';

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
  #url: string | null = null;
  #link: Link | null = null;

  constructor(options: RedisMemoryOptions) {
    this.#options = options;
  }

  /** From now on it is there; null: nowhere. */
  use(url: string | null): void {
    if (url === this.#url) return;
    this.close();
    this.#url = url;
    const address = url === null ? null : redisAddress(url);
    if (address !== null) this.#link = new Link(address, this.#followed, this.#options);
    else if (url !== null) this.#options.onChange(false, `the URL is not ${redisAddressForm}`);
  }

  /** Resolves when all that logs say was told once, it turned out that nobody can, or `ms` are over. */
  async caughtUp(ms: number): Promise<void> {
    await this.#link?.caughtUp(ms);
  }

  take(key: string, ms: number): Promise<Taken> {
    return (this.#link ?? noSharedMemory).take(key, ms);
  }

  put(key: string, value: string, ms: number): Promise<void> {
    return (this.#link ?? noSharedMemory).put(key, value, ms);
  }

  append(log: string, entry: string, ms: number): Promise<boolean> {
    return (this.#link ?? noSharedMemory).append(log, entry, ms);
  }

  follow(log: string, events: LogEvents): void {
    this.#followed.set(log, events);
  }

  close(): void {
    this.#link?.close();
    this.#link = null;
    this.#url = null;
  }
}

/** One Redis, for as long as it is this one. */
class Link implements Omit<SharedMemory, 'follow'> {
  readonly #followed: ReadonlyMap<string, LogEvents>;
  readonly #options: RedisMemoryOptions;
  readonly #limits: RedisMemoryLimits;
  readonly #client: Redis;
  readonly #timer: NodeJS.Timeout;
  /** The last entries that were told on this connection. */
  readonly #last = new Map<string, string>();
  readonly #waiting = new Set<() => void>();
  #available = false;
  /** What the owner was told last. */
  #told: boolean | null = null;
  #isBusy = false;
  /** Whether nothing is told of this connection. */
  #isNew = true;
  #isClosed = false;

  constructor(address: RedisAddress, followed: ReadonlyMap<string, LogEvents>, options: RedisMemoryOptions) {
    this.#followed = followed;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#client = lastingClient(address);
    this.#client.on('error', (error: Error) => this.#fail(error));
    this.#client.on('close', () => this.#fail(new Error('connection closed')));
    this.#client.on('ready', () => {
      this.#isNew = true;
      void this.#look();
    });
    this.#timer = setInterval(() => void this.#look(), this.#limits.everyMs);
    this.#timer.unref();
  }

  async take(key: string, ms: number): Promise<Taken> {
    return (await this.#asked(() => this.#take(key, ms))) ?? { kind: 'Unknown' };
  }

  async put(key: string, value: string, ms: number): Promise<void> {
    await this.#asked(() => this.#all([['set', keyOf(key), value, 'PX', ms]]));
  }

  async append(log: string, entry: string, ms: number): Promise<boolean> {
    return (await this.#asked(() => this.#append(log, entry, ms))) !== null;
  }

  caughtUp(ms: number): Promise<void> {
    if (this.#told !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
      void this.#look();
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#isClosed = true;
    this.#client.disconnect();
    for (const done of this.#waiting) done();
  }

  /** The answer, or null when there was none in time. */
  async #asked<T>(ask: () => Promise<T>): Promise<T | null> {
    if (!this.#available) return null;
    try {
      return await within(this.#limits.deadlineMs, ask());
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  async #take(key: string, ms: number): Promise<Taken> {
    const [taken, held] = await this.#all([
      ['set', keyOf(key), '', 'PX', ms, 'NX'],
      ['get', keyOf(key)],
    ]);
    if (taken === 'OK') return { kind: 'Taken' };
    return { kind: 'Held', value: typeof held === 'string' ? held : '' };
  }

  #append(log: string, entry: string, ms: number): Promise<readonly unknown[]> {
    const key = this.#keyOfLog(log);
    return this.#all([
      ['xadd', key, 'MAXLEN', '~', this.#limits.entriesMax, '*', 'e', entry],
      ['xtrim', key, 'MINID', '~', Math.floor(this.#options.now() - ms)],
      ['pexpire', key, ms],
    ]);
  }

  /** What Redis answers to each; rejects when it refuses one. */
  async #all(commands: (string | number)[][]): Promise<readonly unknown[]> {
    const answers = (await this.#client.pipeline(commands).exec()) ?? [];
    for (const [error] of answers) if (error !== null) throw error;
    return answers.map(([, answer]) => answer);
  }

  /** Every so often: shows that Redis does what is asked of it, if that is not known, and tells what logs say. */
  async #look(): Promise<void> {
    if (this.#isBusy || this.#client.status !== 'ready') return;
    this.#isBusy = true;
    if (this.#isNew) this.#last.clear();
    this.#isNew = false;
    try {
      const problem = this.#available ? null : await this.#problem();
      while (await this.#tellPage()) {
        // there is more
      }
      this.#set(problem === null, problem ?? 'connected');
      for (const events of this.#followed.values()) events.caughtUp();
      for (const done of this.#waiting) done();
    } catch (error) {
      this.#fail(error);
      if (error instanceof Silence) this.#client.disconnect(true);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Why requests are not to ask it. */
  #problem(): Promise<string | null> {
    const proof = Promise.all([this.#append('alive', '', 1000), this.#take('alive', 1000)]);
    return whyNotAsked(proof, { ...this.#limits, now: this.#options.now });
  }

  /** Tells what comes next in each log; whether there may be more. */
  async #tellPage(): Promise<boolean> {
    const logs = [...this.#followed];
    if (logs.length === 0) return false;
    for (const [log, events] of logs) {
      if (this.#last.has(log)) continue;
      this.#last.set(log, '0');
      events.begun();
    }
    const keys = logs.map(([log]) => this.#keyOfLog(log));
    const last = logs.map(([log]) => this.#last.get(log) ?? '0');
    const asked = this.#client.xread('COUNT', pageEntries, 'STREAMS', ...keys, ...last);
    const pages = new Map((await within(this.#limits.silenceMs, asked)) ?? []);
    let isMore = false;
    for (const [log, events] of logs) {
      const page = pages.get(this.#keyOfLog(log)) ?? [];
      for (const [id, fields] of page) {
        this.#last.set(log, id);
        events.told(fields[1] ?? '');
      }
      if (page.length > 0) await new Promise((resolve) => setImmediate(resolve));
      isMore ||= page.length === pageEntries;
    }
    return isMore;
  }

  #keyOfLog(log: string): string {
    return keyOf(`${this.#options.owner}:${log}`);
  }

  #fail(error: unknown): void {
    this.#set(false, error instanceof Error ? error.message : String(error));
    for (const done of this.#waiting) done();
  }

  #set(available: boolean, reason: string): void {
    this.#available = available && !this.#isClosed;
    if (this.#told === available || this.#isClosed) return;
    this.#told = available;
    this.#options.onChange(available, reason);
  }
}

function keyOf(name: string): string {
  return `turnpike:${name}`;
}
