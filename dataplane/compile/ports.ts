// Which listeners share a socket, and which cannot. The translation lets no port be two things; should it ever, what is
// kept is what goes in the clear least.
import type { ClientRules, DatagramPort } from '#dataplane/runtime.ts';
import type { HttpsListener, Listener, TlsListener } from '#snapshot/listener.ts';
import type { Refused } from '#snapshot/message.ts';
import { defaultClientRules } from './client-rules.ts';
import type { Relays } from './relays.ts';

/** Listeners by port: UDP has numbers of its own. */
export interface ListenersByTransport {
  /** Those that serve together: TLS of either kind, or HTTP in the clear, or one for octets. */
  readonly streams: ReadonlyMap<number, readonly Listener[]>;
  readonly datagrams: ReadonlyMap<number, Listener>;
}

/** Sorts out `listeners`; those for which there is no room any more at their port are refused. */
export function byTransport(listeners: readonly Listener[], refused: Refused[]): ListenersByTransport {
  const streams = Map.groupBy(
    listeners.filter(({ protocol }) => protocol !== 'UDP'),
    ({ port }) => port,
  );
  const datagrams = new Map<number, Listener>();
  for (const listener of listeners) {
    if (listener.protocol !== 'UDP') continue;
    if (datagrams.has(listener.port)) refuse(listener, `port ${listener.port} serves another`, refused);
    else datagrams.set(listener.port, listener);
  }
  return {
    streams: new Map([...streams].map(([port, all]) => [port, together(all, refused)])),
    datagrams,
  };
}

/** Whether a listener begins with TLS. */
export function isSecure(listener: Listener): listener is HttpsListener | TlsListener {
  return listener.protocol === 'HTTPS' || listener.protocol === 'TLS';
}

/** The ports of UDP. */
export function compileDatagramPorts(
  listeners: ReadonlyMap<number, Listener>,
  from: { readonly relays: Relays; readonly clients: ReadonlyMap<number, ClientRules> },
): ReadonlyMap<number, DatagramPort> {
  const entries = [...listeners].map(([number, listener]): [number, DatagramPort] => {
    const client = from.clients.get(number) ?? defaultClientRules;
    return [number, Object.freeze({ number, relay: from.relays.whole(listener), client })];
  });
  return new Map(entries);
}

/** One socket speaks TLS or does not; and what serves octets serves them all. */
function together(listeners: readonly Listener[], refused: Refused[]): readonly Listener[] {
  const secure = listeners.filter(isSecure);
  const octets = listeners.filter(({ protocol }) => protocol === 'TCP').slice(0, 1);
  const served = [secure, octets, listeners].find(({ length }) => length > 0) ?? [];
  const what = served === secure ? 'TLS' : 'another';
  const isServed = new Set(served);
  for (const listener of listeners) {
    if (!isServed.has(listener)) refuse(listener, `port ${listener.port} serves ${what}`, refused);
  }
  return served;
}

function refuse({ id }: Listener, reason: string, refused: Refused[]): void {
  refused.push({ id, reason });
}
