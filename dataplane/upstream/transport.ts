import type { ConnectionEnd } from '#dataplane/http/address.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { OutsideHost } from './outside-host.ts';
import type { Purpose, UpstreamExchange } from './upstream-exchange.ts';

/** Whose request it is, for backends that are told so by connection: the client's end, and ours that it came to. */
export interface Caller {
  readonly source: ConnectionEnd;
  readonly destination: ConnectionEnd;
}

/** Who wants an exchange; asked for its caller only where that makes a difference. */
export interface Seeker {
  readonly caller: Caller;
}

/** The ways to one endpoint by one protocol: what requests get their exchanges from. */
export interface Transport {
  /** An exchange by a connection that is open already, or null. */
  take(purpose: Purpose, seeker: Seeker): UpstreamExchange | null;
  /** An exchange by a connection that is opened, or waited for. */
  connect(events: ConnectEvents, purpose: Purpose, seeker: Seeker): Connecting;
  /** Connections, idle ones included. */
  readonly open: number;
  readonly idle: number;
  /** To be called regularly: closes what is too old or has been idle too long. */
  sweep(): void;
  /** Exchanges under way end, idle connections are closed, none is kept any more. */
  retire(): void;
}

/** Is told how an attempt to connect ended: exactly one of the two, never at once, and nothing after `abort`. */
export interface ConnectEvents {
  connected(exchange: UpstreamExchange): void;
  connectFailed(failure: Failure, blame: Blame): void;
}

/** Whose fault it is that there is no connection: only the endpoint's says something of it, and lets others be tried. */
export type Blame = 'Endpoint' | 'Nobody';

/** An exchange that waits for its connection. */
export interface Connecting {
  /** Gives up; nothing more is told. */
  abort(): void;
}

/** The endpoint that connections lead to, as they see it. */
export interface Destination {
  readonly address: string;
  readonly port: number;
  /** What leads to it where its address is a name outside; null for an address of the cluster's own. */
  readonly outside: OutsideHost | null;
  /** A connection is about to be opened. */
  approached(): void;
  /** It did not take a connection, or not soon: others first, for a while. */
  doubt(): void;
  /** It has taken a connection. */
  trust(): void;
}
