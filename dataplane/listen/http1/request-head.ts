import {
  chunkedLength,
  decodeContentLength,
  decodeTransferEncoding,
  listHas,
  noContent,
  trimWhitespace,
} from '#dataplane/http/framing.ts';
import { framingFields } from '#dataplane/http/framing-fields.ts';
import { isToken } from '#dataplane/http/octets.ts';
import { decodeTarget } from '#dataplane/http/target.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { FramingFields } from '#dataplane/http/framing-fields.ts';
import type { Protocol } from '#dataplane/http/message.ts';
import type { HeadScanner } from '#dataplane/http/head-scanner.ts';
import type { HostMemo } from '#dataplane/http/target.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';

/**
 * The request in a head whose lines `scanner` has just found, or why it is refused: RFC 9112 sections 3, 6 and 7,
 * with every MAY-be-lenient read as strict. `text` is the whole head, its request line `lineLength` long;
 * `hosts` is the connection's.
 */
export function decodeRequest(
  scanner: HeadScanner,
  text: string,
  lineLength: number,
  hosts: HostMemo,
): ReceivedRequest | Failure {
  const methodEnd = text.indexOf(' ');
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  if (methodEnd < 1 || targetEnd === -1 || targetEnd >= lineLength) return malformed('request line');
  const method = methodOf(text, methodEnd);
  if (method === null) return malformed('method');
  const protocol = protocolOf(text, targetEnd + 1, lineLength);
  if (typeof protocol !== 'string') return protocol;
  // A tunnel to anywhere, and an echo of what we add to a request: neither is a gateway's to offer.
  if (method === 'CONNECT' || method === 'TRACE') return { kind: 'MethodNotImplemented' };

  const fields = scanner.fieldsOf(text);
  const essentials = framingFields(scanner, fields);
  const target = decodeTarget(text.slice(methodEnd + 1, targetEnd), method);
  if (target === null) return malformed('target');
  const host = decodeHost(essentials, target.authority, protocol, hosts);
  if (host === null) return malformed('host');
  const length = decodeLength(essentials, protocol);
  if (typeof length !== 'number') return length;
  if (essentials.expect !== null && essentials.expect.toLowerCase() !== '100-continue') {
    return { kind: 'ExpectationFailed' };
  }
  const { connection } = essentials;
  return {
    method,
    path: target.path,
    query: target.query,
    authority: essentials.host,
    host,
    protocol,
    fields,
    length,
    persistent: protocol === 'HTTP/1.1' ? !listHas(connection, 'close') : isKeptAlive(connection),
    expectsContinue:
      essentials.expect !== null && protocol === 'HTTP/1.1' && length !== noContent && length !== 0,
    connectionOptions: connection,
    // gRPC is spoken over HTTP/2 only
    grpc: null,
    upgrade: essentials.upgrade === '' ? '' : offeredUpgrade(essentials, protocol, length),
  };
}

function malformed(detail: string): Failure {
  return { kind: 'MalformedRequest', detail };
}

/** Hot path: nearly every method is one of four, whose string is there already. */
function methodOf(text: string, end: number): string | null {
  for (const method of commonMethods) {
    if (method.length === end && text.startsWith(method)) return method;
  }
  const method = text.slice(0, end);
  return isToken(method) ? method : null;
}

const commonMethods = ['GET', 'POST', 'PUT', 'DELETE'] as const;

function protocolOf(text: string, from: number, to: number): Protocol | Failure {
  if (to - from === 8) {
    if (text.startsWith('HTTP/1.1', from)) return 'HTTP/1.1';
    if (text.startsWith('HTTP/1.0', from)) return 'HTTP/1.0';
  }
  const version = text.slice(from, to);
  return /^HTTP\/[0-9]\.[0-9]$/u.test(version) ? { kind: 'VersionNotSupported' } : malformed('version');
}

/** The host to match on; null for none, two, a bad one, or one that an absolute-form target contradicts. */
function decodeHost(
  essentials: FramingFields,
  authority: string | null,
  protocol: Protocol,
  hosts: HostMemo,
): string | null {
  if (essentials.hosts === 0) return protocol === 'HTTP/1.0' && authority === null ? '' : null;
  if (essentials.hosts > 1) return null;
  if (authority !== null && authority.toLowerCase() !== essentials.host.toLowerCase()) return null;
  return hosts.hostOf(essentials.host);
}

function decodeLength(essentials: FramingFields, protocol: Protocol): ContentLength | Failure {
  const { lengths, transferEncoding } = essentials;
  if (transferEncoding !== null) {
    if (lengths > 0) return malformed('Content-Length beside Transfer-Encoding');
    if (protocol === 'HTTP/1.0') return malformed('Transfer-Encoding in HTTP/1.0');
    const coding = decodeTransferEncoding(transferEncoding);
    if (coding === 'Unknown') return { kind: 'TransferCodingNotImplemented' };
    return coding === 'Chunked' ? chunkedLength : malformed('Transfer-Encoding');
  }
  if (lengths === 0) return noContent;
  return (lengths === 1 ? decodeContentLength(essentials.length) : null) ?? malformed('Content-Length');
}

/** HTTP/1.0 lives on only when asked to (RFC 9112 appendix C.2.2). */
function isKeptAlive(connection: string): boolean {
  return listHas(connection, 'keep-alive') && !listHas(connection, 'close');
}

/**
 * What the client would switch to. Never h2c: what followed would be HTTP that nobody here reads. Never with
 * content, whose end and the new protocol's beginning are easily confused.
 */
function offeredUpgrade(essentials: FramingFields, protocol: Protocol, length: ContentLength): string {
  if (protocol === 'HTTP/1.0' || length > 0 || length === chunkedLength) return '';
  if (!listHas(essentials.connection, 'upgrade')) return '';
  return essentials.upgrade
    .split(',')
    .map(trimWhitespace)
    .filter((protocol) => protocol !== '' && !/^h2c/iu.test(protocol))
    .join(', ');
}
