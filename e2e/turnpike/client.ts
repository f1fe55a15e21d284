// A client of our own that counts instead of mending: no retry, no second address, every failure has a kind.
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { type PeerCertificate, type TLSSocket, connect as connectTls } from 'node:tls';

export interface Ask {
  readonly path: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case; of repeated ones the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** How a request can fail without an answer. */
export type ClientFailure = 'refused' | 'reset' | 'closed' | 'deadline' | 'malformed';

export class ClientError extends Error {
  readonly failure: ClientFailure;

  constructor(failure: ClientFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClientError';
    this.failure = failure;
  }
}

export interface ClientOptions {
  /** The address to come from. */
  readonly from?: string | undefined;
  readonly port?: number;
  /** TLS for this name. Whoever shows a certificate that `ca` (PEM) did not sign is refused; `cert` and `key` are shown. */
  readonly tls?: {
    readonly servername: string;
    readonly ca: string;
    readonly cert?: string;
    readonly key?: string;
  };
}

const deadlineMs = 5_000;

/** One request on a connection of its own. */
export async function ask(address: string, request: Ask, options: ClientOptions = {}): Promise<Answer> {
  const connection = await ClientConnection.open(address, options);
  try {
    return await connection.ask(request);
  } finally {
    connection.close();
  }
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: ClientError) => void;
}

/** A keep-alive connection that carries one request at a time. */
export class ClientConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #head: Head | null = null;
  #pending: Pending | null = null;
  #usable = true;
  #asked = 0;
  #closedUnannounced = false;

  static async open(address: string, options: ClientOptions = {}): Promise<ClientConnection> {
    const { from, port = 80, tls } = options;
    const place = {
      host: address,
      port,
      noDelay: true,
      ...(from === undefined ? {} : { localAddress: from }),
    };
    const socket = tls === undefined ? connect(place) : connectTls({ ...place, ...tls });
    try {
      const opened = tls === undefined ? 'connect' : 'secureConnect';
      await once(socket, opened, { signal: AbortSignal.timeout(deadlineMs) });
    } catch (cause) {
      socket.destroy();
      throw new ClientError('refused', `no connection to ${address}:${port}: ${told(cause)}`, { cause });
    }
    return new ClientConnection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setTimeout(deadlineMs, () => {
      if (this.#pending !== null) this.#fail('deadline', `no answer within ${deadlineMs} ms`);
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail('reset', error.message));
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  /** Whether another request may be sent. */
  get usable(): boolean {
    return this.#usable && this.#pending === null;
  }

  /** Whether the server has closed it between two requests and its last answer had not said `Connection: close`. */
  get closedUnannounced(): boolean {
    return this.#closedUnannounced;
  }

  /** What the server showed, of a connection with TLS. */
  get certificate(): PeerCertificate {
    return (this.#socket as TLSSocket).getPeerCertificate();
  }

  /** Sends the request. Rejects with a ClientError when no whole answer comes within 5 s. */
  ask({ path, host = 'example.com', method = 'GET', headers = {}, body }: Ask): Promise<Answer> {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const fields = Object.entries({ host, ...headers, ...length }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      if (!this.#usable) return this.#fail('closed', 'closed before the request');
      this.#asked += 1;
      this.#socket.write(`${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n${body ?? ''}`);
    });
  }

  close(): void {
    this.#usable = false;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#pending === null) return this.#fail('malformed', 'an answer to nothing');
    this.#head ??= headOf(this.#received);
    if (this.#head === null) return;
    const end = endOf(this.#head, this.#received);
    if (end === null) return;
    if (end < this.#received.length) return this.#fail('malformed', 'more than the answer');
    const { status, headers, length } = this.#head;
    const { resolve } = this.#pending;
    const body = this.#received.toString('utf8', length, end);
    this.#pending = null;
    this.#head = null;
    this.#received = Buffer.alloc(0);
    if (headers.get('connection') === 'close') this.close();
    resolve({ status, headers, body });
  }

  #end(): void {
    if (this.#usable && this.#pending === null) this.#closedUnannounced = true;
    this.#fail('closed', 'closed before the whole answer');
  }

  #fail(failure: ClientFailure, message: string): void {
    const pending = this.#pending;
    this.#pending = null;
    const { localAddress = '?', localPort = '?' } = this.#socket;
    this.close();
    const which = `request ${this.#asked} of the connection from ${localAddress}:${localPort}`;
    pending?.reject(new ClientError(failure, `${message} (${this.#received.length} bytes of it; ${which})`));
  }
}

function told(cause: unknown): string {
  return cause instanceof Error ? `${cause.name} ${cause.message}` : String(cause);
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes, with the empty line. */
  readonly length: number;
}

function headOf(received: Buffer): Head | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(first.split(' ')[1]), headers: new Map(headers), length: end + 4 };
}

/** Where the answer ends; null while it has not. A chunked body is not taken apart: it only must be whole. */
function endOf({ headers, length }: Head, received: Buffer): number | null {
  if (headers.get('transfer-encoding') === 'chunked') {
    const last = received.indexOf('0\r\n\r\n', length);
    return last < 0 ? null : last + 5;
  }
  const end = length + Number(headers.get('content-length') ?? 0);
  return received.length < end ? null : end;
}
