// A stream of Redis, followed: read whole at first, and by what was added from then on. It is asked twice a second, by
// one connection, and nobody waits for it.
import type { Redis } from 'ioredis';
import type { RevocationStream } from '#snapshot/token-revocations.ts';
import type { StreamEntry, StreamEvents } from '../follow-stream.ts';
import { redisClient } from './connection.ts';

export interface StreamFollowerOptions {
  readonly stream: RevocationStream;
  readonly events: StreamEvents;
  /** Where to connect now; null: nowhere. Asked anew for each connection. */
  readonly endpoint: () => { readonly address: string; readonly port: number } | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits?: Partial<StreamFollowerLimits>;
}

export interface StreamFollowerLimits {
  readonly everyMs: number;
  /** All is read anew so often: what was taken out of the stream is gone then. */
  readonly wholeEveryMs: number;
  /** A stream with more entries is not read. */
  readonly entriesMax: number;
  /** A connection that takes longer to answer once is given up. */
  readonly answerMs: number;
  /** After all was read in vain, it is read anew no sooner. */
  readonly againMs: number;
}

const defaultLimits: StreamFollowerLimits = {
  everyMs: 500,
  wholeEveryMs: 600_000,
  entriesMax: 250_000,
  answerMs: 2_000,
  againMs: 10_000,
};

const pageEntries = 1_000;

/** A part of a stream. */
interface StreamPart {
  readonly entries: readonly StreamEntry[];
  /** The ids of its first and last entry; null: it has none. */
  readonly first: string | null;
  readonly last: string | null;
}

/** See the head of this file. Begins at once; its timer alone keeps no process alive. */
export class StreamFollower {
  readonly #options: StreamFollowerOptions;
  readonly #limits: StreamFollowerLimits;
  readonly #timer: NodeJS.Timeout;
  #client: Redis | null = null;
  #isBusy = false;
  /** The id of the last entry that was told; null: nothing was. */
  #last: string | null = null;
  #wholeAtMs = 0;
  #againAtMs = 0;
  #entries = 0;

  constructor(options: StreamFollowerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#timer = setInterval(() => this.#tick(), this.#limits.everyMs);
    this.#timer.unref();
    this.#connect();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#client?.disconnect();
    this.#client = null;
  }

  #connect(): void {
    const { stream, endpoint, events } = this.#options;
    const to = endpoint();
    if (to === null) {
      events.failed('its Service has no endpoint ready');
      return;
    }
    const { username, password, tls } = stream;
    const client = redisClient({
      host: to.address,
      port: to.port,
      commandTimeout: this.#limits.answerMs,
      enableReadyCheck: false,
      // another endpoint may be the right one by then
      retryStrategy: () => null,
      ...(username === '' ? {} : { username }),
      ...(password === null ? {} : { password: password.reveal() }),
      ...(tls === null
        ? {}
        : {
            tls: { servername: tls.hostname, ...(tls.authorities === null ? {} : { ca: tls.authorities }) },
          }),
    });
    this.#client = client;
    client.on('error', (error: Error) => this.#failed(client, error.message));
    client.on('end', () => this.#failed(client, 'the connection ended'));
    client.on('ready', () => this.#tick());
  }

  #failed(client: Redis, reason: string): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.disconnect();
    this.#options.events.failed(reason);
  }

  #tick(): void {
    const client = this.#client;
    if (client === null) this.#connect();
    else if (client.status === 'ready' && !this.#isBusy) void this.#look(client);
  }

  async #look(client: Redis): Promise<void> {
    const { events, now } = this.#options;
    const beganMs = now();
    if (this.#last === null && beganMs < this.#againAtMs) return;
    this.#isBusy = true;
    try {
      const newest = await this.#newest(client);
      const last = this.#last;
      const isGood =
        last === null || beganMs - this.#wholeAtMs >= this.#limits.wholeEveryMs
          ? await this.#tellAll(client, beganMs)
          : await this.#tellSince(client, { last, newest }, beganMs);
      if (!isGood) this.#last = null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // an answer that does not come leaves nothing to be expected of the connection
      if (reason === 'Command timed out') this.#failed(client, reason);
      else if (this.#client === client) events.failed(reason);
    } finally {
      this.#isBusy = false;
    }
  }

  async #tellAll(client: Redis, beganMs: number): Promise<boolean> {
    // unless it goes well
    this.#againAtMs = beganMs + this.#limits.againMs;
    const { entries, last } = await this.#read(client, '-', 0);
    this.#wholeAtMs = beganMs;
    this.#last = last;
    this.#entries = entries.length;
    const isGood = this.#client !== client || this.#options.events.replaced(entries, beganMs);
    if (isGood) this.#againAtMs = 0;
    return isGood;
  }

  /** A stream that was made anew is told whole; what was known of the one before stays for a while. */
  async #tellSince(
    client: Redis,
    { last, newest }: { readonly last: string; readonly newest: string },
    beganMs: number,
  ): Promise<boolean> {
    let entries: readonly StreamEntry[] = [];
    if (newest !== last) {
      const part = await this.#read(client, last, this.#entries - 1);
      const isSame = part.first === last;
      const { last: read, entries: told } = isSame ? part : await this.#read(client, '-', 0);
      entries = isSame ? told.slice(1) : told;
      this.#entries = isSame ? this.#entries + entries.length : entries.length;
      this.#last = read ?? last;
    }
    return this.#client !== client || this.#options.events.added(entries, beganMs);
  }

  /** The id of the last entry that there ever was. An empty stream is none: what has been lost looks like that. */
  async #newest(client: Redis): Promise<string> {
    const told: unknown = await client.xinfo('STREAM', this.#options.stream.key);
    const found = new Map<unknown, unknown>();
    if (Array.isArray(told)) for (let at = 0; at < told.length; at += 2) found.set(told[at], told[at + 1]);
    const [length, newest] = [found.get('length'), found.get('last-generated-id')];
    if (typeof newest !== 'string' || !isId(newest)) throw new Error('XINFO was answered in an unknown form');
    if (length === 0) throw new Error('the stream is empty: add an entry none when nothing is revoked');
    return newest;
  }

  async #read(client: Redis, from: string, before: number): Promise<StreamPart> {
    const entries: StreamEntry[] = [];
    let first: string | null = null;
    let last: string | null = null;
    let start = from;
    for (;;) {
      const page = await client.xrange(this.#options.stream.key, start, '+', 'COUNT', pageEntries);
      for (const [id, values] of page) {
        entries.push(pairsOf(values));
        first ??= id;
        last = id;
      }
      if (before + entries.length > this.#limits.entriesMax) {
        throw new Error(`the stream has more than ${this.#limits.entriesMax} entries: trim it`);
      }
      if (page.length < pageEntries) return { entries, first, last };
      start = `(${last}`;
    }
  }
}

function pairsOf(values: readonly string[]): StreamEntry {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < values.length; at += 2) pairs.push([values[at] ?? '', values[at + 1] ?? '']);
  return pairs;
}

function isId(text: string): boolean {
  return /^[0-9]{1,20}-[0-9]{1,20}$/u.test(text);
}
