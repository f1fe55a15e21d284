import { Http2Connection } from './http2/connection.ts';
import { ServerConnection } from './http1/connection.ts';
import type { ClientConnection } from './client-connection.ts';
import type { ConnectionHome, ConnectionSurroundings } from './surroundings.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { ClientProtocols } from '#snapshot/client-settings.ts';
import type { Socket } from 'node:net';

/** What is spoken on a connection, by its name in ALPN (RFC 7301). In the clear its first octets tell. */
export type Protocol = 'http/1.1' | 'h2';

/**
 * Serves a connection from its first octet on; they are still to be read of `socket` (by listening to `data`). Whoever
 * calls keeps the connection until the socket closes, and resumes the socket.
 */
export type CreateConnection = (
  around: ConnectionSurroundings,
  home: ConnectionHome,
  socket: Socket,
  client: Client,
) => ClientConnection;

/** Who speaks what; null: nobody yet, and it is offered to no client. */
export const createConnection: Readonly<Record<Protocol, CreateConnection | null>> = Object.freeze({
  'http/1.1': (...given: Parameters<CreateConnection>) => new ServerConnection(...given),
  h2: (...given: Parameters<CreateConnection>) => new Http2Connection(...given),
});

/** What a port speaks. */
export function spoken(protocols: ClientProtocols): ReadonlySet<Protocol> {
  const wanted: Readonly<Record<Protocol, boolean>> = { 'http/1.1': protocols.http1, h2: protocols.http2 };
  return new Set(allProtocols.filter((name) => wanted[name] && createConnection[name] !== null));
}

const allProtocols = ['h2', 'http/1.1'] as const satisfies readonly Protocol[];

/** How every connection of HTTP/2 begins (RFC 9113 section 3.4). */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** What the first octets of a connection in the clear speak; null: more of them must tell. */
export function protocolOf(bytes: Buffer): Protocol | null {
  const length = Math.min(bytes.length, preface.length);
  if (bytes.compare(preface, 0, length, 0, length) !== 0) return 'http/1.1';
  return length === preface.length ? 'h2' : null;
}
