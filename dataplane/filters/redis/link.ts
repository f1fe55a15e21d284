// One Redis, and whether it can be asked now. After one failure or one missed deadline nobody asks any more, until it has
// done in the background, at every node, what is asked of it. Knows nothing of what that is.
import { Cluster } from 'ioredis';
import { redisAddressForms, type SharedRedis } from '#snapshot/redis-address.ts';
import { lastingClient, mastersOf, type RedisClient } from './connection.ts';
import { afterwards, Silence, within } from './within.ts';

export interface LinkOptions {
  readonly redis: SharedRedis;
  /** Milliseconds, of any clock. */
  readonly now: () => number;
  /** The longest a request waits for Redis. */
  readonly deadlineMs: number;
  /** A connection that is silent for longer when nobody waits is given up for a new one. */
  readonly silenceMs?: number | undefined;
  readonly lookEveryMs: number;
  /** Asks for what shows that what will be asked is done, by each node that may be asked it. */
  readonly proof: (masters: readonly RedisClient[], client: RedisClient) => Promise<unknown>;
  /** What else there is to do at each look, and when all is done. */
  readonly look?: (client: RedisClient) => Promise<void>;
  readonly onLooked?: () => void;
  /** A connection has begun. */
  readonly onConnected?: () => void;
  /** Told once each when Redis becomes usable or unusable, with the reason. */
  readonly onChange: (available: boolean, reason: string) => void;
}

const silenceMsDefault = 2000;
/** Between two questions who the nodes of a Cluster are. */
const nodesEveryMs = 500;

/** See the head of this file. Connects at once and for ever again; its timer alone keeps no process alive. */
export class RedisLink {
  readonly #options: LinkOptions;
  readonly #silenceMs: number;
  readonly #client: RedisClient | null;
  readonly #timer: NodeJS.Timeout;
  #available = false;
  /** What the owner was told last. */
  #told: boolean | null = null;
  #isLooking = false;
  #isClosed = false;
  #askedNodesMs = -Infinity;
  /** Those who have asked, each to be told that there will be no answer. */
  readonly #waiting = new Set<() => void>();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#silenceMs = options.silenceMs ?? silenceMsDefault;
    this.#client = lastingClient(options.redis);
    this.#timer = setInterval(() => void this.#look(), options.lookEveryMs);
    this.#timer.unref();
    this.#client?.on('error', (error: Error) => this.#fail(error));
    this.#client?.on('close', () => this.#fail(new Error('connection closed')));
    this.#client?.on('ready', () => {
      options.onConnected?.();
      void this.#look();
    });
    if (this.#client === null) {
      this.#set(false, `the URL is not ${redisAddressForms[options.redis.topology.kind]}`);
    }
  }

  /** False while asking would be in vain. */
  get available(): boolean {
    return this.#available;
  }

  /** Whether its owner was told anything yet. */
  get isKnown(): boolean {
    return this.#told !== null;
  }

  /** Whether keys of one question must lie in one slot. */
  get hasSlots(): boolean {
    return this.#client instanceof Cluster;
  }

  /**
   * The answer, or null when there was none in time: `late` then hears of it if it comes all the same. Whoever waits when
   * another one has waited in vain waits no longer.
   */
  ask<T>(question: (client: RedisClient) => Promise<T>, late?: (answer: T) => void): Promise<T | null> {
    const client = this.#client;
    if (!this.#available || client === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const giveUp = (): void => resolve(null);
      const { deadlineMs } = this.#options;
      this.#waiting.add(giveUp);
      const deadline = afterwards(deadlineMs, () => {
        if (this.#waiting.has(giveUp)) this.#fail(new Silence(deadlineMs));
      });
      const isInTime = (): boolean => {
        clearTimeout(deadline);
        return this.#waiting.delete(giveUp);
      };
      question(client).then(
        (answer) => (isInTime() ? resolve(answer) : late?.(answer)),
        (error: unknown) => {
          if (!isInTime()) return;
          giveUp();
          this.#fail(error);
        },
      );
    });
  }

  /** Asks what nobody waits for; what comes of it is not told. */
  tell(question: (client: RedisClient) => Promise<unknown>): void {
    if (this.#client !== null) question(this.#client).catch(() => undefined);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#available = false;
    this.#isClosed = true;
    this.#client?.disconnect();
  }

  /** One at a time. */
  async #look(): Promise<void> {
    const client = this.#client;
    const isIdle = this.#available && this.#options.look === undefined;
    if (isIdle || this.#isLooking || client === null || client.status !== 'ready') return;
    this.#isLooking = true;
    try {
      const problem = this.#available ? null : await this.#problem(client);
      await this.#options.look?.(client);
      this.#set(problem === null, problem ?? 'connected');
      this.#options.onLooked?.();
    } catch (error) {
      this.#fail(error);
      if (error instanceof Silence) client.disconnect(true);
    } finally {
      this.#isLooking = false;
    }
  }

  /** Why requests are not to ask it. */
  async #problem(client: RedisClient): Promise<string | null> {
    const { now, deadlineMs, proof } = this.#options;
    const beganMs = now();
    if (client instanceof Cluster && beganMs - this.#askedNodesMs >= nodesEveryMs) {
      this.#askedNodesMs = beganMs;
      client.refreshSlotsCache();
    }
    const masters = mastersOf(client);
    if (masters === null) return 'a master of the Cluster is away';
    await within(this.#silenceMs, proof(masters, client));
    return now() - beganMs > deadlineMs ? `it answers later than within ${deadlineMs} ms` : null;
  }

  #fail(error: unknown): void {
    for (const giveUp of this.#waiting) giveUp();
    this.#waiting.clear();
    this.#set(false, error instanceof Error ? error.message : String(error));
  }

  #set(available: boolean, reason: string): void {
    if (this.#isClosed) return;
    this.#available = available;
    if (this.#told === available) return;
    this.#told = available;
    this.#options.onChange(available, reason);
  }
}
