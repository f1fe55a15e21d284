import type { ConnectionEnd } from '#dataplane/http/address.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';
import type { Relay } from '#dataplane/runtime.ts';
import type { ClientLines } from './forwarded.ts';
import type { TunnelTimes } from './tunnel.ts';

/** The client's side of one exchange, as the engine uses it; listen/ implements it for each protocol. */
export interface Downstream {
  readonly client: Client;
  /** What backends are told of the client. */
  readonly clientLines: ClientLines;
  /** The Gateway's port, as routers know it. */
  readonly port: number;
  /** Our end of the client's connection. */
  readonly destination: ConnectionEnd;
  /** How long a tunnel to the client may be silent. */
  readonly tunnelTimes: TunnelTimes;
  /** Sends an interim answer (1xx); dropped where the client's protocol has none. */
  inform(status: number, fields: Fields): void;
  /**
   * Begins the answer. How its content is framed to the client is the connection's business; `declaredLength` is
   * what Content-Length says where there is no content (HEAD, 304), or -1.
   */
  begin(status: number, fields: Fields, length: ContentLength, declaredLength: number): void;
  /** Content; false when the client is slow: more should wait for `clientReady`. */
  data(data: Buffer): boolean;
  /** The answer is whole. The exchange hears nothing more. */
  end(trailers: Fields | null): void;
  /** Sends on what was given so far; false as for `data`. */
  flush(): boolean;
  /** Whether content given before may still be on its way, and must not be overwritten. */
  keepsData(): boolean;
  /** The answer cannot be completed: cuts it off so that nobody takes it for whole. The exchange hears nothing more. */
  cut(failure: Failure): void;
  /**
   * Content of the request is wanted from now on (a `contentFlush` follows what there is), or not for the moment.
   * It begins as not wanted.
   */
  want(): void;
  hold(): void;
  /**
   * Leaves HTTP for `protocol`, as offered: says so (101 with `fields`, or what the client's protocol has for it) and
   * gives the octets that follow. The exchange hears nothing more.
   */
  switch(fields: Fields, protocol: string): Channel;
}

/** One exchange under way, as a client's connection drives it. */
export interface RunningExchange {
  /** Octets that are held for it, beside those of the client's connection. */
  readonly buffered: number;
  /** Starts: routes, filters, answers or forwards. May answer at once. */
  start(): void;
  /** Valid during the call: it may be overwritten then. */
  contentData(data: Buffer): void;
  contentEnd(trailers: Fields | null): void;
  /** All content that has arrived for now has been told. */
  contentFlush(): void;
  /** The client takes more of the answer again. */
  clientReady(): void;
  /** The request will not be completed: malformed, too slow, too large, gone. */
  requestFailed(failure: Failure): void;
}

/** Octets of a client's connection that go on as they are. */
export interface RelayedStream {
  readonly client: Client;
  /** Opened once a backend is there; cut when there is none. */
  readonly channel: Channel;
  readonly protocol: 'TCP' | 'TLS';
  /** Our end of the client's connection. */
  readonly destination: ConnectionEnd;
  readonly times: TunnelTimes;
}

/** A stream on its way. */
export interface RunningRelay {
  /** Octets that are held of it, both ways. */
  readonly buffered: number;
  /** Cuts it. */
  close(): void;
}

/** What one client sends to a port as datagrams. */
export interface RelayedDatagrams {
  readonly client: Client;
  /** A datagram for the client. */
  reply(data: Buffer): void;
  /** Nothing more comes, and nothing is taken any more. Told once, after its begin has returned. */
  closed(): void;
}

/** A client's datagrams on their way. */
export interface RunningDatagrams {
  /** The endpoint has left: what is sent to it now is lost. */
  readonly isLost: boolean;
  /** A datagram of the client. May be kept. */
  send(data: Buffer): void;
  /** Ends it; `closed` is told. */
  close(): void;
}

/** Where connections bring their requests. */
export interface Gateway {
  exchange(request: ReceivedRequest, downstream: Downstream): RunningExchange;
  /** A request that could not be understood: answers it by `failure` and records it. */
  refuse(failure: Failure, downstream: Downstream): void;
  /** A request that its protocol wants reset without an answer (RFC 9113 section 8.1.1): records it. */
  reset(failure: Failure, from: Pick<Downstream, 'client' | 'port'>): void;
  /** A byte stream: finds a backend, joins the two, and records what became of it. */
  relay(relay: Relay, stream: RelayedStream): RunningRelay;
  /** Datagrams of one client, all to the same endpoint; null when there is none: recorded. */
  relayDatagrams(relay: Relay, from: RelayedDatagrams): RunningDatagrams | null;
}
