// The small HTTP server on which a plane tells operators how it is: health, metrics, what it runs on. Both planes
// use it, each with pages of its own. Not the data path; does not know what its pages say.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// Not imported: all that can be imported of this module is made then, undici's WebSocket among it, for 11 MiB.
const { createServer } = process.getBuiltinModule('node:http');

/** What a page says now. */
export interface Answer {
  readonly status: 200 | 503;
  readonly mediaType: string;
  readonly body: string;
}

/** Pages by their exact path; one that takes longer than five seconds or fails is answered for it. */
export type Pages = Readonly<Record<string, () => Answer | Promise<Answer>>>;

export interface AdminServerOptions {
  /** A function is asked for each request: which pages there are may change. */
  readonly pages: Pages | (() => Pages);
  /** Told when a page fails. */
  readonly onError: (path: string, error: unknown) => void;
  /** The longest a page may take; 5000 unless told. */
  readonly pageMs?: number;
}

/** Serves from {@link AdminServer.listen} to {@link AdminServer.close}. */
export interface AdminServer {
  /** Where it listens then; port 0 takes a free one. Rejects as `node:net` does. */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /** Ends all connections. */
  close(): Promise<void>;
}

const connectionsMax = 64;
const limits = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
const pageMsDefault = 5000;

/**
 * A server for `pages`: GET and HEAD only (else 405), the path compared as it was received, 404 for all others.
 * Requests for a page that is being made share it, so that nobody makes a plane work twice.
 */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const pages = new PageMaker(options);
  const server = createServer(limits, (request, response) => {
    void serve(request, response, pages);
  });
  server.maxConnections = connectionsMax;
  return {
    listen: (host, port) => listening(server, host, port),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, pages: PageMaker): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    // What may follow of a body is not read.
    response.setHeader('connection', 'close');
    send(response, 405, { mediaType: plainText, body: 'only GET and HEAD\n' });
    return;
  }
  const [path = ''] = (request.url ?? '').split('?');
  const made = pages.make(path);
  if (made === null) {
    send(response, 404, { mediaType: plainText, body: `there is: ${pages.paths.join(' ')}\n` });
    return;
  }
  const answer = await made;
  send(response, answer.status, answer);
}

/** Node leaves the body out for HEAD. */
function send(response: ServerResponse, status: number, { mediaType, body }: Omit<Answer, 'status'>): void {
  response.writeHead(status, {
    'content-type': mediaType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

const plainText = 'text/plain; charset=utf-8';

class PageMaker {
  readonly #options: AdminServerOptions;
  readonly #making = new Map<string, Promise<MadeAnswer>>();

  constructor(options: AdminServerOptions) {
    this.#options = options;
  }

  get #pages(): Pages {
    const { pages } = this.#options;
    return typeof pages === 'function' ? pages() : pages;
  }

  get paths(): readonly string[] {
    return Object.keys(this.#pages);
  }

  /** Null when there is no such page. Never rejects. */
  make(path: string): Promise<MadeAnswer> | null {
    const pages = this.#pages;
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page === undefined) return null;
    const under = this.#making.get(path) ?? this.#begin(path, page);
    return this.#inTime(under);
  }

  #begin(path: string, page: () => Answer | Promise<Answer>): Promise<MadeAnswer> {
    const making = (async () => page())()
      .catch((error: unknown): MadeAnswer => {
        this.#options.onError(path, error);
        return { status: 500, mediaType: plainText, body: 'this page failed; the log says why\n' };
      })
      .finally(() => this.#making.delete(path));
    this.#making.set(path, making);
    return making;
  }

  #inTime(making: Promise<MadeAnswer>): Promise<MadeAnswer> {
    const ms = this.#options.pageMs ?? pageMsDefault;
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        resolve({ status: 503, mediaType: plainText, body: `not made within ${ms} ms\n` });
      }, ms);
      void making.then((answer) => {
        clearTimeout(late);
        resolve(answer);
      });
    });
  }
}

interface MadeAnswer extends Omit<Answer, 'status'> {
  readonly status: 200 | 500 | 503;
}

function listening(server: Server, host: string, port: number): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const { address, port: bound } = server.address() as AddressInfo;
      resolve({ host: address, port: bound });
    });
  });
}
