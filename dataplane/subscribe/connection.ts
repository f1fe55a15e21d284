import http2 from 'node:http2';
import { isIPv6 } from 'node:net';
import {
  type ControllerMessage,
  type DataPlaneMessage,
  controllerLineBytesMax,
  controllerMessage,
  messageLine,
} from '#snapshot/message.ts';
import { LineReader } from '#snapshot/lines.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import type { ControllerAddress } from './addresses.ts';
import { SubscribeError, messageOf } from './subscribe-error.ts';
import type { SubscribeTimings } from './timings.ts';

interface ConnectionOptions {
  readonly address: ControllerAddress;
  /** PEM of all authorities to be trusted. */
  readonly ca: string;
  readonly token: string;
  readonly timings: SubscribeTimings;
}

const reasonLengthMax = 512;
const unsentBytesMax = 4 * 1024 * 1024;

/** One stream to one controller. It is over for good once anything fails. */
export class Connection {
  readonly #session: http2.ClientHttp2Session;
  readonly #stream: http2.ClientHttp2Stream;
  readonly #timings: SubscribeTimings;
  /** The first failure tells why; what follows from it does not. */
  #failure: SubscribeError | null = null;

  private constructor(session: http2.ClientHttp2Session, options: ConnectionOptions) {
    this.#session = session;
    this.#timings = options.timings;
    this.#stream = session.request(
      {
        ':method': 'POST',
        ':path': '/v1/snapshots',
        authorization: `Bearer ${options.token}`,
        [http2.sensitiveHeaders]: ['authorization'],
      },
      { endStream: false },
    );
    this.#stream.on('error', (cause: Error) => this.#fail(new SubscribeError('Ended', cause.message, cause)));
    session.on('error', (cause: Error) => this.#fail(new SubscribeError('Ended', cause.message, cause)));
    session.once('close', () => this.#fail(new SubscribeError('Ended', 'the connection was closed')));
    this.#watch();
  }

  /** Connects and asks for the stream, of which nothing is known yet. Rejects with {@link SubscribeError}. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const session = await connect(options);
    return new Connection(session, options);
  }

  /** Says something. Once the connection is over, nothing. */
  send(message: DataPlaneMessage): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    this.#stream.write(messageLine(message));
    if (this.#stream.writableLength > unsentBytesMax) {
      this.#fail(new SubscribeError('Silent', 'the controller does not read'));
    }
  }

  /** Resolves when the controller lets us in. Rejects with {@link SubscribeError}. */
  async answered(): Promise<void> {
    const status = await this.#status();
    if (status === 200) return;
    let reason = '';
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        reason += chunk.toString();
        if (reason.length > reasonLengthMax) break;
      }
    } catch {
      // The status says enough.
    }
    throw new SubscribeError('Refused', `${status}: ${reason.trim().slice(0, reasonLengthMax)}`);
  }

  /**
   * Hands each message to `take`, and reads no further until it has taken it. Never resolves: rejects with
   * {@link SubscribeError} when the connection ends, or with what `take` rejects with.
   */
  async receive(take: (message: ControllerMessage) => Promise<void> | void): Promise<never> {
    const lines = new LineReader(controllerLineBytesMax);
    try {
      for await (const chunk of this.#stream as AsyncIterable<Buffer>) {
        for (const line of lines.push(chunk)) {
          const message = controllerMessage(line);
          const taken = message === null ? undefined : take(message);
          if (taken !== undefined) await taken;
          if (this.#failure !== null) throw this.#failure;
        }
      }
    } catch (error) {
      if (this.#failure !== null) throw this.#failure;
      if (error instanceof SnapshotError) throw new SubscribeError('Broken', error.message, error);
      if (isStreamError(error)) throw new SubscribeError('Ended', messageOf(error), error);
      throw error;
    }
    throw this.#failure ?? new SubscribeError('Ended', 'the controller ended the stream');
  }

  /** Ends it; {@link receive} rejects with `why`. */
  end(why: SubscribeError): void {
    this.#fail(why);
  }

  #fail(failure: SubscribeError): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#stream.destroy();
    this.#session.destroy();
  }

  #status(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const late = setTimeout(() => {
      this.#fail(new SubscribeError('Silent', `no answer within ${this.#timings.answerMs} ms`));
    }, this.#timings.answerMs);
    if (this.#failure !== null) reject(this.#failure);
    this.#stream.once('response', (headers) => resolve(Number(headers[':status'])));
    this.#stream.once('close', () => {
      reject(this.#failure ?? new SubscribeError('Ended', 'the stream was closed without an answer'));
    });
    return promise.finally(() => clearTimeout(late));
  }

  /** Pings; without an answer the connection is over. */
  #watch(): void {
    const { pingEveryMs, pingAnswerMs } = this.#timings;
    let silent: NodeJS.Timeout | undefined;
    const ping = setInterval(() => {
      if (silent !== undefined || this.#session.destroyed) return;
      silent = setTimeout(() => {
        this.#fail(new SubscribeError('Silent', `no answer to a ping within ${pingAnswerMs} ms`));
      }, pingAnswerMs);
      this.#session.ping(() => {
        clearTimeout(silent);
        silent = undefined;
      });
    }, pingEveryMs);
    this.#session.once('close', () => {
      clearInterval(ping);
      clearTimeout(silent);
    });
  }
}

function connect(options: ConnectionOptions): Promise<http2.ClientHttp2Session> {
  const { host, port, serverName } = options.address;
  const name = isIPv6(host) ? `[${host}]` : host;
  const { promise, resolve, reject } = Promise.withResolvers<http2.ClientHttp2Session>();
  const session = http2.connect(`https://${name}:${port}`, {
    ca: options.ca,
    minVersion: 'TLSv1.3',
    settings: { enablePush: false },
    ...(serverName === null ? {} : { servername: serverName }),
  });
  const late = setTimeout(() => {
    session.destroy(new Error(`no connection within ${options.timings.connectMs} ms`));
  }, options.timings.connectMs);
  const failed = (cause: Error) => {
    const words = `cannot connect to ${name}:${port}: ${cause.message}`;
    reject(new SubscribeError('Unreachable', words, cause));
  };
  session.once('error', failed);
  session.once('connect', () => {
    session.off('error', failed);
    resolve(session);
  });
  return promise.finally(() => clearTimeout(late));
}

function isStreamError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
