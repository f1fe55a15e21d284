// Switching protocols (RFC 9110 section 7.8): what is offered to a backend, and what may come of it.
import { listHas } from '#dataplane/http/framing.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';

/** The hop-by-hop lines of a forwarded request: what it offers to switch to, and whether trailers are welcome. */
export function requestHop(upgrade: string, takesTrailers: boolean): string {
  if (upgrade === '') return takesTrailers ? 'Connection: TE\r\nTE: trailers\r\n' : '';
  const trailers = takesTrailers ? 'TE: trailers\r\n' : '';
  return `Connection: Upgrade${takesTrailers ? ', TE' : ''}\r\nUpgrade: ${upgrade}\r\n${trailers}`;
}

/** The hop-by-hop lines of the 101 that goes to the client. */
export function switchHop(upgrade: string): string {
  return `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
}

/** By HTTP/2 a client takes any answer of 2xx for the switch that it asked for (RFC 8441 section 5). */
export function mustSwitch({ upgrade, protocol }: ReceivedRequest): boolean {
  return upgrade !== '' && protocol === 'HTTP/2';
}

/** Whether a backend may switch to `chosen` when the client `offered` a list of protocols. */
export function acceptsSwitch(offered: string, chosen: string): boolean {
  return offered !== '' && chosen !== '' && listHas(offered, chosen.toLowerCase());
}
