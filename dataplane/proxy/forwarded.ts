import { randomUUID } from 'node:crypto';
import { plainName, readsAs, removeFields } from '#dataplane/http/aliases.ts';
import { fieldLine, Fields } from '#dataplane/http/fields.ts';
import { addForwarded } from './forwarded-choice.ts';
import { isHopByHop, nominatedNames } from '#dataplane/http/hop-by-hop.ts';
import { withoutLogins } from './login-cookies.ts';
import type { Client, RequestFilter } from '#dataplane/http/exchange.ts';
import type { ForwardedHead, RequestHead } from '#dataplane/http/message.ts';
import type { ForwardedHeaders } from '#snapshot/client-settings.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';

/**
 * What the requests of one connection tell backends of its client, as lines.
 *
 * Hot path: made once a connection; the Host of its requests is nearly always the same.
 */
export class ClientLines {
  readonly client: Client;
  readonly port: number;
  readonly forwardedFor: string;
  readonly forwardedProto: string;
  readonly forwardedPort: string;
  #authority = '';
  #forwardedHost = '';

  constructor(client: Client, port: number) {
    this.client = client;
    this.port = port;
    this.forwardedFor = fieldLine('X-Forwarded-For', client.address);
    this.forwardedProto = fieldLine('X-Forwarded-Proto', client.secure ? 'https' : 'http');
    this.forwardedPort = fieldLine('X-Forwarded-Port', String(port));
  }

  forwardedHost(authority: string): string {
    if (authority !== this.#authority) {
      this.#authority = authority;
      this.#forwardedHost = fieldLine('X-Forwarded-Host', authority);
    }
    return this.#forwardedHost;
  }
}

/**
 * The head that is sent to a backend, before filters: the client's end-to-end fields, and what we know of the client
 * in place of what it says of itself, unless `rules` say otherwise. `client` is whose request it is, `connection`
 * what its connection tells.
 */
export function forwardedHead(
  request: ReceivedRequest,
  client: Client,
  connection: ClientLines,
  rules: ForwardedHeaders,
): ForwardedHead {
  const fields = new Fields();
  const nominated = nominatedNames(request.connectionOptions);
  const from = request.fields.flat;
  const to = fields.flat;
  let idLine: string | null = null;
  for (let at = 0; at < from.length; at += 2) {
    const name = from[at] ?? '';
    if (name === requestIdName) idLine = saneIdLine(request.fields.valueAt(at / 2), from[at + 1] ?? '');
    if (isHopByHop(name) || isReplaced(name) || (nominated !== null && nominated.has(name))) continue;
    const line = name === 'cookie' ? withoutLogins(from[at + 1] ?? '') : (from[at + 1] ?? '');
    if (line !== null) to.push(name, line);
  }
  if (rules.xForwarded === 'Replace' && rules.forwarded === 'Remove') {
    const lines = client === connection.client ? connection : new ClientLines(client, connection.port);
    to.push('x-forwarded-for', lines.forwardedFor, 'x-forwarded-proto', lines.forwardedProto);
    if (request.authority !== '') to.push('x-forwarded-host', lines.forwardedHost(request.authority));
    to.push('x-forwarded-port', lines.forwardedPort);
  } else {
    addForwarded(fields, request, { client, peer: connection.client, port: connection.port, rules });
  }
  to.push(requestIdName, idLine ?? fieldLine('X-Request-Id', randomUUID()));
  return {
    method: request.method,
    path: request.path,
    query: request.query,
    authority: request.authority,
    fields,
  };
}

const requestIdName = 'x-request-id';

/** Fields by which a client could speak for a proxy, their aliases, and those that have their own place in a head. */
function isReplaced(name: string): boolean {
  // Hot path: first by length, then by first letter.
  switch (name.length) {
    case 4:
      return name === 'host';
    case 6:
      return name === 'expect';
    case 9:
      return name === 'forwarded' || readsAs(name, 'x-real-ip');
    case 12:
      return readsAs(name, 'x-request-id');
    case 13:
      return readsAs(name, 'x-rewrite-url');
    case 14:
      if (readsAs(name, 'true-client-ip')) return true;
      break;
    default:
  }
  if (name.charCodeAt(0) !== 0x78) return false;
  const plain = plainName(name);
  return plain.startsWith('x-forwarded-') || plain.startsWith('x-original-');
}

/** The line of a client's own id when it is short and visible ASCII, so that it can stand in logs anywhere; else null. */
function saneIdLine(id: string, line: string): string | null {
  return id.length > 0 && id.length <= 128 && /^[!-~]+$/u.test(id) ? line : null;
}

/**
 * The trailers of a request or an answer that may be sent on (RFC 9110 section 6.5.1): none that frames, routes,
 * authenticates or describes content, and none that `head`, that of a request, holds already.
 */
export function forwardedTrailers(trailers: Fields, head: Fields | null): Fields {
  const kept = new Fields();
  const { flat } = trailers;
  for (let at = 0; at < flat.length; at += 2) {
    const name = flat[at] ?? '';
    if (isHopByHop(name) || isReplaced(name) || headOnly.has(name) || head?.has(name) === true) continue;
    kept.appendLine(name, flat[at + 1] ?? '');
  }
  return kept;
}

/** Removes from a request's trailers what filters decide: a backend may read a trailer as the field of its name. */
export function removeOwnFields(
  trailers: Fields,
  parts: readonly ({ readonly requestFilters: readonly RequestFilter[] } | null)[],
): void {
  for (const { ownFields } of parts.flatMap((part) => part?.requestFilters ?? [])) {
    if (ownFields !== undefined) removeFields(trailers, ownFields);
  }
}

const headOnly: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expires',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'trailer',
  'vary',
  'via',
  'warning',
  'www-authenticate',
]);

/** The request's id, as it went to the backend. */
export function requestIdOf(head: ForwardedHead): string | null {
  return head.fields.get('x-request-id') ?? null;
}

/** The client's User-Agent. */
export function userAgentOf(request: RequestHead): string | null {
  return request.fields.get('user-agent') ?? null;
}
