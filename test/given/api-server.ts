// A Kubernetes API server of one process memory, only good for telling it to misbehave. What it answers when it
// behaves is a small part of what a real one does; the real one is tested in e2e.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection } from '#controller/kube/connection.ts';

export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface NewObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: unknown;
}

/** Answers in the server's place; false lets the server go on. */
export type Fault = (request: SeenRequest, response: ServerResponse) => boolean;

/** What is looked at of what is written. */
interface Written {
  readonly metadata?: { readonly name?: string; readonly uid?: string; readonly resourceVersion?: string };
}

interface Watcher {
  readonly path: string;
  readonly response: ServerResponse;
}

export class ApiServer {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #objects = new Map<string, Map<string, StoredObject>>();
  readonly #watchers = new Set<Watcher>();
  readonly #log: { path: string; version: number; type: string; object: StoredObject }[] = [];
  readonly requests: SeenRequest[] = [];
  /** The first that takes a request has it. */
  readonly faults = new Set<Fault>();
  #version = 100;
  /** Watches from before it are gone. */
  #compacted = 0;
  /** As a server before 1.32: refuses `sendInitialEvents` with an ERROR event. */
  streamingLists: 'Served' | 'Refused' = 'Served';

  /** Listens on a free port of loopback, or on `port`. */
  async listen(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connection(): Connection {
    return {
      server: `http://127.0.0.1:${this.port}`,
      namespace: 'default',
      credentials: () => Promise.resolve({ headers: { authorization: 'Bearer test' }, tls: {} }),
    };
  }

  async close(): Promise<void> {
    this.dropConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Resets every connection. */
  dropConnections(): void {
    this.#server.closeAllConnections();
    this.#watchers.clear();
  }

  get version(): string {
    return String(this.#version);
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Installs a kind: `path` like `/apis/gateway.networking.k8s.io/v1/httproutes`. */
  install(path: string): void {
    this.#objects.set(path, new Map());
  }

  uninstall(path: string): void {
    this.#objects.delete(path);
  }

  /** Creates or updates an object, and tells the watchers. */
  put(path: string, object: NewObject): StoredObject {
    this.#version += 1;
    const before = this.#table(path).get(keyOf(object));
    const metadata = {
      uid: before?.metadata['uid'] ?? `uid-${this.version}`,
      ...object.metadata,
      resourceVersion: this.version,
    };
    const stored: StoredObject = { ...object, metadata };
    const type = before === undefined ? 'ADDED' : 'MODIFIED';
    this.#table(path).set(keyOf(object), stored);
    this.#emit(path, type, stored);
    return stored;
  }

  delete(path: string, namespace: string, name: string): void {
    const stored = this.#table(path).get(`${namespace}/${name}`);
    if (stored === undefined) return;
    this.#version += 1;
    this.#table(path).delete(`${namespace}/${name}`);
    this.#emit(path, 'DELETED', {
      ...stored,
      metadata: { ...stored.metadata, resourceVersion: this.version },
    });
  }

  get(path: string, namespace: string, name: string): StoredObject | undefined {
    return this.#table(path).get(`${namespace}/${name}`);
  }

  /** Forgets history: whoever asks for older versions is told 410. */
  compact(): void {
    this.#compacted = this.#version;
  }

  bookmark(): void {
    this.#version += 1;
    for (const { response } of this.#watchers) {
      send(response, 'BOOKMARK', { metadata: { resourceVersion: this.version } });
    }
  }

  /** Sends an ERROR event to all watchers and ends them. */
  sendError(code: number, reason: string): void {
    for (const { response } of this.#watchers) {
      send(response, 'ERROR', statusOf(code, reason));
      response.end();
    }
    this.#watchers.clear();
  }

  /** Ends all watches as at their timeoutSeconds. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  #table(path: string): Map<string, StoredObject> {
    const table = this.#objects.get(path);
    if (table === undefined) throw new Error(`${path} is not installed`);
    return table;
  }

  #emit(path: string, type: string, object: StoredObject): void {
    this.#log.push({ path, version: this.#version, type, object });
    for (const watcher of this.#watchers) {
      if (watcher.path === path) send(watcher.response, type, object);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server');
    const body = await bodyOf(request);
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      contentType: request.headers['content-type'] ?? '',
      body,
    };
    this.requests.push(seen);
    for (const fault of this.faults) {
      if (fault(seen, response)) return;
    }
    if (this.#objects.has(seen.path) && seen.method === 'GET') {
      if (seen.query.get('watch') === 'true') this.#watch(seen, response);
      else this.#list(seen, response);
      return;
    }
    this.#single(seen, response);
  }

  #list({ path, query }: SeenRequest, response: ServerResponse): void {
    const all = [...this.#table(path).values()];
    const from = Number(query.get('continue') ?? '0');
    const to = from + Number(query.get('limit') ?? '1000000');
    json(response, 200, {
      kind: 'List',
      metadata: { resourceVersion: this.version, ...(to < all.length ? { continue: String(to) } : {}) },
      items: all.slice(from, to),
    });
  }

  #watch({ path, query }: SeenRequest, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    const streaming = query.get('sendInitialEvents') === 'true';
    const from = Number(query.get('resourceVersion') ?? '0');
    if (streaming && this.streamingLists === 'Refused') {
      send(response, 'ERROR', statusOf(422, 'Invalid'));
      response.end();
      return;
    }
    if (!streaming && from < this.#compacted) {
      send(response, 'ERROR', statusOf(410, 'Expired'));
      response.end();
      return;
    }
    if (streaming) {
      for (const object of this.#table(path).values()) send(response, 'ADDED', object);
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      send(response, 'BOOKMARK', { metadata: { resourceVersion: this.version, annotations } });
    } else {
      for (const event of this.#log) {
        if (event.path === path && event.version > from) send(response, event.type, event.object);
      }
    }
    response.flushHeaders();
    const watcher = { path, response };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
  }

  /** One object: GET, PUT, PATCH (merge) of it or its status, POST of a new one, DELETE; versions are checked. */
  #single(request: SeenRequest, response: ServerResponse): void {
    const place = this.#placeOf(request.path);
    if (place === null) {
      json(response, 404, statusOf(404, 'NotFound'));
      return;
    }
    const { table, namespace, name } = place;
    const stored = this.get(table, namespace, name);
    const body = (request.body ?? {}) as Written;
    if (request.method === 'POST') {
      const created = body.metadata?.name ?? 'unnamed';
      if (this.get(table, namespace, created) !== undefined)
        json(response, 409, statusOf(409, 'AlreadyExists'));
      else
        json(
          response,
          201,
          this.put(table, { ...body, metadata: { namespace, ...body.metadata, name: created } }),
        );
    } else if (stored === undefined && request.contentType === 'application/apply-patch+yaml') {
      if (body.metadata?.uid !== undefined) {
        json(response, 409, statusOf(409, 'Conflict'));
        return;
      }
      json(response, 201, this.put(table, { ...body, metadata: { namespace, ...body.metadata, name } }));
    } else if (stored === undefined) {
      json(response, 404, statusOf(404, 'NotFound'));
    } else if (request.method === 'GET') {
      json(response, 200, stored);
    } else if (request.method === 'DELETE') {
      this.delete(table, namespace, name);
      json(response, 200, statusOf(200, 'Deleted'));
    } else if (isOfAnother(stored, 'uid', body)) {
      const details = { causes: [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }] };
      json(response, 422, { ...statusOf(422, 'Invalid'), details });
    } else if (isOfAnother(stored, 'resourceVersion', body)) {
      json(response, 409, statusOf(409, 'Conflict'));
    } else {
      const next = request.method === 'PATCH' ? merged(stored, body) : body;
      json(response, 200, this.put(table, next as StoredObject));
    }
  }

  /** `/prefix/namespaces/NS/plural[/NAME[/status]]` or `/prefix/plural/NAME[/status]` of an installed kind. */
  #placeOf(
    path: string,
  ): { readonly table: string; readonly namespace: string; readonly name: string } | null {
    const plain = path.replace(/\/status$/, '');
    const spaced = /^(.*)\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(plain);
    if (spaced !== null && this.#objects.has(`${spaced[1]}/${spaced[3]}`)) {
      return { table: `${spaced[1]}/${spaced[3]}`, namespace: spaced[2] ?? '', name: spaced[4] ?? '' };
    }
    const cut = plain.lastIndexOf('/');
    const table = plain.slice(0, cut);
    return this.#objects.has(table) ? { table, namespace: '', name: plain.slice(cut + 1) } : null;
  }
}

/** A server that listens; closed after the test. */
export async function startApiServer(
  t: { after(run: () => Promise<void>): void },
  ...paths: readonly string[]
): Promise<ApiServer> {
  const server = new ApiServer();
  for (const path of paths) server.install(path);
  await server.listen();
  t.after(() => server.close());
  return server;
}

/** Answers with a failure. */
export function refuse(response: ServerResponse, code: number, headers: Record<string, string> = {}): true {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(statusOf(code, 'Refused')));
  return true;
}

function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

/** Whether what is written names another one than what is stored. */
function isOfAnother(
  { metadata }: StoredObject,
  field: 'uid' | 'resourceVersion',
  written: Written,
): boolean {
  const named = written.metadata?.[field];
  return named !== undefined && named !== metadata[field];
}

function keyOf({ metadata }: NewObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function statusOf(code: number, reason: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `test: ${reason}` };
}

function send(response: ServerResponse, type: string, object: object): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

function json(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
