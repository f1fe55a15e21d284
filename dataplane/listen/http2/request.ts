import { grpcCallOf } from '#dataplane/http/grpc.ts';
import { noContent, chunkedLength } from '#dataplane/http/framing.ts';
import { decodeTarget } from '#dataplane/http/target.ts';
import type { RequestBlock } from '#dataplane/h2/header-block.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';
import type { HostMemo } from '#dataplane/http/target.ts';

/** What a request's head says beside itself, and what its connection knows. */
export interface RequestFacts {
  /** Its HEADERS ended the stream. */
  readonly ended: boolean;
  readonly secure: boolean;
  readonly targetBytesMax: number;
  readonly hosts: HostMemo;
}

/**
 * Whether content is as long as was announced so far (RFC 9113 section 8.1.1): else the request is malformed.
 * `declared`: the Content-Length, or -1.
 */
export function fitsLength(declared: number, octets: number, ended: boolean): boolean {
  return declared === -1 || (ended ? octets === declared : octets <= declared);
}

/**
 * The request in a head of HTTP/2, in the one shape that all of the gateway knows, or why it is refused. What RFC
 * 9113 calls malformed has been sorted out; here is what we are strict about. An extended CONNECT for WebSocket
 * (RFC 8441) becomes the GET with an upgrade that it stands for, so that routes and policies see one kind of it.
 */
export function decodeRequest(head: RequestBlock, facts: RequestFacts): ReceivedRequest | Failure {
  const { pseudo, fields } = head;
  const isTunnel = pseudo.protocol !== null;
  if (isTunnel ? pseudo.protocol !== 'websocket' : pseudo.method === 'CONNECT' || pseudo.method === 'TRACE')
    return { kind: 'MethodNotImplemented' };
  if (head.hasUnderscore) return malformed('underscore in a field name');
  if (!fitsScheme(pseudo.scheme, facts.secure)) return malformed('scheme of another connection');
  if (pseudo.path.length > facts.targetBytesMax) return { kind: 'TargetTooLong' };
  const method = isTunnel ? 'GET' : pseudo.method;
  // by HTTP/2 there is none, and for a backend by HTTP/1.1 one is made
  if (isTunnel) fields.remove('sec-websocket-key');
  const target = decodeTarget(pseudo.path, method);
  if (target === null) return malformed('target');
  const authority = authorityOf(pseudo.authority, fields);
  const host = authority === null ? null : facts.hosts.hostOf(authority);
  if (authority === null || host === null) return malformed('host');
  const expect = fields.joined('expect');
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') return { kind: 'ExpectationFailed' };
  const grpc = grpcCallOf(fields);
  if (grpc === 'Malformed') return malformed('grpc-timeout');
  const length = isTunnel ? noContent : lengthOf(head.contentLength, facts.ended);
  return {
    method,
    path: target.path,
    query: target.query,
    authority,
    host,
    protocol: 'HTTP/2',
    fields,
    length,
    persistent: true,
    expectsContinue: expect !== undefined && length !== noContent && length !== 0,
    connectionOptions: '',
    grpc,
    upgrade: isTunnel ? 'websocket' : '',
  };
}

/** In the clear a load balancer may have ended the client's TLS. */
function fitsScheme(scheme: string, secure: boolean): boolean {
  return scheme === 'https' || (scheme === 'http' && !secure);
}

function malformed(detail: string): Failure {
  return { kind: 'MalformedRequest', detail };
}

/** `:authority`, else Host; null for neither, two, or two that differ (RFC 9113 section 8.3.1). */
function authorityOf(authority: string | null, fields: Fields): string | null {
  const host = fields.only('host');
  if (host === undefined) return null;
  if (authority === null || host === null) return authority ?? host;
  return authority.toLowerCase() === host.toLowerCase() ? authority : null;
}

function lengthOf(declared: number, ended: boolean): ContentLength {
  if (declared !== -1) return declared;
  return ended ? noContent : chunkedLength;
}
