// The one way to the API server: a pool of connections, deadlines, errors in one vocabulary. Knows HTTP and
// credentials; does not know what an object means.
import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';
import { textOf } from './body.ts';
import { KubeError, errorOfStatus } from './kube-error.ts';
import type { Clock } from '#controller/clock.ts';
import type { Dispatcher } from 'undici';
import type { Connection, Credentials } from './connection.ts';

/** One call to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path at the server, escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` unless told. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | null;
  /** For the whole call; for a stream, until its head. 10 s unless told. */
  readonly deadlineMs?: number;
}

/** A body whose end is far away; must be read to its end or aborted by the request's signal. */
export type ByteStream = AsyncIterable<Uint8Array>;

const defaultDeadlineMs = 10_000;
const credentialsMs = 10_000;
/** Of calls; each stream has a connection of its own, as many as there are kinds and namespaces to be watched. */
const callConnectionsMax = 64;
const bodyBytesMax = 256 * 1024 * 1024;
const userAgent = 'turnpike-controller';

/** Connections by one set of credentials: streams that stay open must not keep calls from theirs. */
interface Agents {
  readonly calls: Agent;
  readonly streams: Agent;
}

interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly agents: Agents;
}

/** Calls and streams over connections that are kept; credentials are read again as they are rotated. */
export class KubeClient {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #base: URL;
  #session: Promise<Session> | null = null;
  #sessionUntil = 0;
  #agents: (Agents & { readonly fingerprint: string }) | null = null;
  #refresh: 'Cached' | 'Fresh' = 'Cached';

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#base = new URL(connection.server);
  }

  /**
   * The JSON answer to `call` (null when it is empty).
   * @throws {KubeError} for every way to fail.
   */
  async request(call: KubeRequest): Promise<unknown> {
    const deadline = AbortSignal.timeout(call.deadlineMs ?? defaultDeadlineMs);
    const signal = call.signal ? AbortSignal.any([call.signal, deadline]) : deadline;
    try {
      const response = await this.#send(call, signal, 'calls');
      return parse(await boundedText(response.body));
    } catch (error) {
      throw this.#errorOf(error, call.signal ?? null);
    }
  }

  /**
   * The body of the answer to `call` as it comes, after a head of success. Failures while it comes are the
   * reader's: {@link streamError} names them.
   * @throws {KubeError} for every way to fail before that.
   */
  async stream(call: KubeRequest & { readonly signal: AbortSignal }): Promise<ByteStream> {
    const headDeadline = new AbortController();
    const stopWaiting = this.#clock.after(call.deadlineMs ?? defaultDeadlineMs, () =>
      headDeadline.abort(new DOMException('no answer within the deadline', 'TimeoutError')),
    );
    try {
      const response = await this.#send(call, AbortSignal.any([call.signal, headDeadline.signal]), 'streams');
      return response.body;
    } catch (error) {
      throw this.#errorOf(error, call.signal);
    } finally {
      stopWaiting();
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all([this.#agents?.calls.destroy(), this.#agents?.streams.destroy()]);
  }

  async #send(call: KubeRequest, signal: AbortSignal, way: keyof Agents): Promise<Dispatcher.ResponseData> {
    const { headers, agents } = await this.#currentSession();
    const response = await request(this.#urlOf(call), {
      dispatcher: agents[way],
      method: call.method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal,
      ...(way === 'streams' ? { bodyTimeout: 0 } : {}),
    });
    if (response.statusCode >= 400) {
      const retryAfter = response.headers['retry-after'];
      const status = parseLeniently(await boundedText(response.body));
      throw errorOfStatus(response.statusCode, status, typeof retryAfter === 'string' ? retryAfter : null);
    }
    return response;
  }

  #urlOf(call: KubeRequest): URL {
    const url = new URL(this.#base);
    url.pathname = this.#base.pathname.replace(/\/$/, '') + call.path;
    url.search = new URLSearchParams(call.query).toString();
    return url;
  }

  /** Credentials are looked at anew now and then: tokens and authorities are rotated under a running pod. */
  #currentSession(): Promise<Session> {
    const now = this.#clock.elapsed();
    if (this.#session === null || now >= this.#sessionUntil) {
      this.#sessionUntil = now + credentialsMs;
      this.#session = this.#openSession();
      // A failure is told to whoever waits, and tried again by the next.
      this.#session.catch(() => (this.#session = null));
    }
    return this.#session;
  }

  async #openSession(): Promise<Session> {
    const credentials = await this.#connection.credentials(this.#refresh);
    this.#refresh = 'Cached';
    const fingerprint = fingerprintOf(credentials);
    if (this.#agents?.fingerprint !== fingerprint) {
      // Calls on the way, watches among them, go on until their end.
      void this.#agents?.calls.close();
      void this.#agents?.streams.close();
      this.#agents = {
        calls: createAgent(credentials, callConnectionsMax),
        streams: createAgent(credentials, null),
        fingerprint,
      };
    }
    return { headers: credentials.headers, agents: this.#agents };
  }

  #errorOf(error: unknown, signal: AbortSignal | null): KubeError {
    const found = streamError(error, signal);
    if (found.failure === 'Unauthorized') {
      this.#refresh = 'Fresh';
      this.#session = null;
    }
    return found;
  }
}

/** What `error`, met while calling or while reading a body, is called; `signal` is the caller's own. */
export function streamError(error: unknown, signal: AbortSignal | null): KubeError {
  if (signal?.aborted === true) {
    const { reason } = signal as { readonly reason: unknown };
    return reason instanceof KubeError ? reason : new KubeError('Aborted', 'called off', { cause: error });
  }
  if (error instanceof KubeError) {
    return error;
  }
  const name = error instanceof Error ? error.name : '';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const timeout = name === 'TimeoutError' || code.includes('TIMEOUT') || code === 'ETIMEDOUT';
  return timeout
    ? new KubeError('Timeout', 'the API server did not answer in time', { cause: error })
    : new KubeError('Network', `the API server cannot be reached (${code || name})`, { cause: error });
}

/** `connections`: at most; null: as many as are needed. */
function createAgent({ tls }: Credentials, connections: number | null): Agent {
  return new Agent({
    connections,
    pipelining: 1,
    // One connection a watch: a dead one is felt by its watch alone.
    allowH2: false,
    keepAliveTimeout: 30_000,
    connect: { ...tls, timeout: 5_000, keepAlive: true, keepAliveInitialDelay: 20_000 },
  });
}

function fingerprintOf({ tls }: Credentials): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) {
    hash.update(part ?? '').update('\0');
  }
  return hash.digest('hex');
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const text = await textOf(body, bodyBytesMax);
  if (text === null) throw new KubeError('TooLarge', `the answer is longer than ${bodyBytesMax} bytes`);
  return text;
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : (JSON.parse(text) as unknown);
  } catch (cause) {
    throw new KubeError('Malformed', 'the answer of the API server is not JSON', { cause });
  }
}

function parseLeniently(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
