import type { Client } from '#dataplane/http/exchange.ts';
import type { Socket } from 'node:net';

/** Who is at the other end of `socket`; `serverName` is what its TLS handshake asked for, if there was one. */
export function clientOf(socket: Socket, tls: { readonly serverName: string | null } | null): Client {
  return {
    address: plainAddress(socket.remoteAddress ?? ''),
    port: socket.remotePort ?? 0,
    serverName: tls?.serverName ?? null,
    secure: tls !== null,
  };
}

/** An address without zone; an IPv4-mapped IPv6 address as IPv4. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice(7) : plain;
}
