// A replica that follows tells the leader what it hears from the data planes that hang on it: over one stream, all of
// it at first and changes after that. The leader forgets what it was told when the stream ends.
import http2 from 'node:http2';
import { isIPv6 } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type PeerMessage, messageLine, protocolNumber, shortened } from '#snapshot/message.ts';
import { keepAlive } from './keep-alive.ts';
import type { LocalObservation, Publisher } from './publisher.ts';

/** Where the leader listens. `serverName` is what its certificate must be for; null: the host itself. */
export interface LeaderAddress {
  readonly host: string;
  readonly port: number;
  readonly serverName: string | null;
}

/** What an operator may want to hear. */
export type RelayEvent =
  | { readonly kind: 'Connected'; readonly leader: string }
  | { readonly kind: 'Disconnected'; readonly leader: string | null; readonly reason: string };

export interface RelayOptions {
  readonly publisher: Pick<Publisher, 'watchLocal'>;
  /** The pod's name. */
  readonly replica: string;
  /** The leader; null: this replica itself, or nobody knows. */
  readonly leader: () => Promise<LeaderAddress | null>;
  /** PEM of all authorities to be trusted. */
  readonly readCa: () => Promise<string>;
  /** The controller's own token, of the audience that data planes use; asked again and again. */
  readonly readToken: () => Promise<string>;
  readonly report: (event: RelayEvent) => void;
  /** In [0, 1). */
  readonly random: () => number;
  readonly timings?: Partial<RelayTimings>;
}

/** Milliseconds. */
export interface RelayTimings {
  readonly backOffMinMs: number;
  readonly backOffMaxMs: number;
  /** TCP, TLS and the leader's answer. */
  readonly connectMs: number;
  /** How often the leader is looked for while there is none. */
  readonly lookEveryMs: number;
  readonly tokenEveryMs: number;
  readonly pingEveryMs: number;
  readonly pingAnswerMs: number;
}

const relayTimings: RelayTimings = Object.freeze({
  backOffMinMs: 100,
  backOffMaxMs: 5_000,
  connectMs: 15_000,
  lookEveryMs: 2_000,
  tokenEveryMs: 30_000,
  pingEveryMs: 5_000,
  pingAnswerMs: 5_000,
});

/** `start` once, `stop` once; silent while this replica leads. */
export interface ObservationRelay {
  start(): void;
  /** The leader may be another one now: what is said to the old one ends. */
  leaderChanged(): void;
  stop(): Promise<void>;
}

/** A relay that begins with {@link ObservationRelay.start}. */
export function createObservationRelay(options: RelayOptions): ObservationRelay {
  return new Relay(options);
}

const unsentBytesMax = 16 * 1024 * 1024;

class Relay implements ObservationRelay {
  readonly #options: RelayOptions;
  readonly #timings: RelayTimings;
  readonly #stopping = new AbortController();
  /** Aborted when the leader changes or all is stopped. */
  #term = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#timings = { ...relayTimings, ...options.timings };
  }

  start(): void {
    this.#running = this.#run();
  }

  leaderChanged(): void {
    this.#term.abort(new Error('the leader changed'));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#term.abort(new Error('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#term = new AbortController();
      const term = this.#term.signal;
      const { backOffMinMs, backOffMaxMs, lookEveryMs } = this.#timings;
      const led = await this.#tell(term);
      failures = led && !term.aborted ? failures + 1 : 0;
      const ceiling = Math.min(backOffMaxMs, backOffMinMs * 2 ** Math.min(failures, 20));
      await pause(led ? ceiling * (0.5 + this.#options.random() / 2) : lookEveryMs, term);
    }
  }

  /** Tells one leader until that ends. Answers whether there was one. */
  async #tell(term: AbortSignal): Promise<boolean> {
    let name: string | null = null;
    try {
      const leader = await this.#options.leader();
      if (leader === null || term.aborted) return leader !== null;
      name = `${leader.host}:${leader.port}`;
      await this.#converse(leader, term, () =>
        this.#options.report({ kind: 'Connected', leader: name ?? '' }),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#stopping.signal.aborted)
        this.#options.report({ kind: 'Disconnected', leader: name, reason });
    }
    return true;
  }

  /** Rejects when the stream ends, with why. */
  async #converse(leader: LeaderAddress, term: AbortSignal, onConnected: () => void): Promise<never> {
    const [ca, token] = await Promise.all([this.#options.readCa(), this.#options.readToken()]);
    // a signal that is aborted tells no listener that comes later
    term.throwIfAborted();
    const session = open(leader, ca);
    const over = Promise.withResolvers<never>();
    const failed = (error: unknown) => over.reject(error);
    const ended = () => over.reject(new Error('the leader ended the stream'));
    const late = AbortSignal.timeout(this.#timings.connectMs);
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': '/v1/observations',
        authorization: `Bearer ${token.trim()}`,
        [http2.sensitiveHeaders]: ['authorization'],
      },
      { endStream: false },
    );
    for (const part of [session, stream]) part.on('error', failed).on('close', ended);
    const endTerm = () => over.reject(term.reason);
    term.addEventListener('abort', endTerm);
    const giveUp = () => over.reject(new Error(`no answer within ${this.#timings.connectMs} ms`));
    late.addEventListener('abort', giveUp);
    stream.on('response', ({ ':status': status }) => {
      late.removeEventListener('abort', giveUp);
      if (status === 200) onConnected();
      else over.reject(new Error(`the leader answered ${status}`));
    });
    // Nothing is expected; reading lets the end of the stream be seen.
    stream.resume();
    keepAlive(session, this.#timings);
    const done = this.#say(stream, token, over.reject);
    try {
      return await over.promise;
    } finally {
      done();
      term.removeEventListener('abort', endTerm);
      session.destroy();
    }
  }

  /** Says all there is to say over `stream`; the answer ends it. */
  #say(stream: http2.ClientHttp2Stream, token: string, fail: (error: Error) => void): () => void {
    const send = (message: PeerMessage) => {
      if (stream.destroyed) return;
      stream.write(messageLine(message));
      // Everything is told anew on the next stream.
      if (stream.writableLength > unsentBytesMax) fail(new Error('the leader does not read'));
    };
    send({ type: 'peer', protocol: protocolNumber, replica: this.#options.replica });
    const unwatch = this.#options.publisher.watchLocal((observation) => send(messageOf(observation)));
    let told = token;
    const renew = setInterval(() => {
      this.#options.readToken().then(
        (fresh) => {
          if (fresh !== told) send({ type: 'token', token: fresh.trim() });
          told = fresh;
        },
        () => {},
      );
    }, this.#timings.tokenEveryMs);
    return () => {
      unwatch();
      clearInterval(renew);
    };
  }
}

function messageOf(observation: LocalObservation): PeerMessage {
  switch (observation.kind) {
    case 'Seen': {
      const { connection, record } = observation;
      return { type: 'dataPlane', connection, ...record, refused: shortened(record.refused) };
    }
    case 'Gone':
      return { type: 'gone', connection: observation.connection };
    case 'MissingKey':
      return observation.message;
    default:
      return observation satisfies never;
  }
}

function open(leader: LeaderAddress, ca: string): http2.ClientHttp2Session {
  const name = isIPv6(leader.host) ? `[${leader.host}]` : leader.host;
  return http2.connect(`https://${name}:${leader.port}`, {
    ca,
    minVersion: 'TLSv1.3',
    settings: { enablePush: false },
    ...(leader.serverName === null ? {} : { servername: leader.serverName }),
  });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
