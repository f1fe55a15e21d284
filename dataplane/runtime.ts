import type { Answered, Exchange, RequestFilter, RuleName } from '#dataplane/http/exchange.ts';
import type { BanHit } from '#dataplane/http/ban-list.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { RequestHead, ResponseHead } from '#dataplane/http/message.ts';
import type { Router } from '#dataplane/route/router.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { Sessions } from '#dataplane/upstream/sessions/sessions.ts';
import type {
  ClientLimits,
  ClientProtocols,
  ForwardedHeaders,
  Http2Limits,
} from '#snapshot/client-settings.ts';
import type { Hedge, RetryCondition } from '#snapshot/route.ts';
import type { Secret } from '#snapshot/secret.ts';

/** A snapshot made ready to serve: compiled once, read by every request, never changed. */
export interface Runtime {
  readonly version: string;
  readonly ports: ReadonlyMap<number, Port>;
  /** Beside those of TCP, since UDP has numbers of its own. */
  readonly datagramPorts: ReadonlyMap<number, DatagramPort>;
}

/** What listens on one port of TCP. */
export type Port = HttpPort | RelayPort;

/** Requests, or what TLS carries. */
export interface HttpPort {
  readonly kind: 'Http';
  readonly number: number;
  readonly router: Router<RequestListener, Rule>;
  /** Null for plain HTTP. */
  readonly tls: TlsPort | null;
  readonly client: ClientRules;
  /** Null: whoever comes is let in. */
  readonly guard: PortGuard | null;
}

/** Byte streams, of which no protocol is looked at. */
export interface RelayPort {
  readonly kind: 'Relay';
  readonly number: number;
  readonly relay: Relay;
  readonly client: ClientRules;
  /** Null: whoever comes is let in. */
  readonly guard: PortGuard | null;
}

/**
 * Keeps clients out of a port before it is known what they ask for. What it counts lives on when another guard takes
 * its place. Addresses have one spelling each, as `Client.address`.
 */
export interface PortGuard {
  /** Lets a connection of this address in; null: it is to be reset. */
  admit(address: string): Pass | null;
  /** Whether {@link judge} ever says anything. */
  readonly judgesRequests: boolean;
  /**
   * Why a request of this address is refused; null: it is not. `peer`: whose connection it has come by; one of a proxy is
   * many clients', and never to be cut for one of them. Hot path: allocates nothing but for new addresses.
   */
  judge(address: string, peer: string): Failure | null;
  /** Why a request of this address is refused for what it says of itself; null: it is not. Hot path. */
  refusal(request: Pick<RequestHead, 'fields'>, address: string): BanHit | null;
}

/** What a connection was let in by. */
export interface Pass {
  /** The connection is gone; to be told once. */
  leave(): void;
}

/** What listens on one port of UDP. */
export interface DatagramPort {
  readonly number: number;
  readonly relay: Relay;
  readonly client: ClientRules;
}

/** What holds for the clients of a port: its settings in the snapshot, made ready. */
export interface ClientRules {
  readonly limits: ClientLimits;
  readonly address: AddressRule;
  readonly forwarded: ForwardedHeaders;
  /** Null: no connection begins with a header of the PROXY protocol. */
  readonly proxyProtocol: ProxySources | null;
  readonly protocols: ClientProtocols;
  readonly http2: Http2Limits;
  readonly grpcWeb: boolean;
}

/** Whose address is the client's; see `ClientAddress` of the snapshot. Addresses are textual, without zone. */
export type AddressRule =
  | { readonly kind: 'Connection' }
  | { readonly kind: 'Hops'; readonly hops: number }
  | { readonly kind: 'Sources'; readonly trusts: (address: string) => boolean };

/** Who begins connections with a header of the PROXY protocol. */
export interface ProxySources {
  readonly mode: 'Required' | 'Optional';
  readonly trusts: (address: string) => boolean;
}

/** What becomes of a client that speaks TLS. */
export interface TlsPort {
  /** By the name its ClientHello asks for (as listen/client-hello.ts tells it; null for none). */
  choose(serverName: string | null): TlsChoice;
}

/**
 * Shakes hands and serves HTTP; or shakes hands and relays what was said inside; or relays the handshake with all that
 * follows; or closes the connection without a word.
 */
export type TlsChoice =
  | { readonly kind: 'Http'; readonly terms: TlsTerms }
  | { readonly kind: 'Relay'; readonly terms: TlsTerms; readonly relay: Relay }
  | { readonly kind: 'Passthrough'; readonly relay: Relay }
  | { readonly kind: 'Refuse' };

/** How one listener shakes hands: the same object as long as nothing of it has changed. */
export interface TlsTerms {
  /** Sessions begun under one are resumed under no other: 32 octets at most, of the listener and of its authorities. */
  readonly sessionContext: string;
  /** What a client is shown that asks for this name: exact names before wildcards, then the first certificate. */
  certificateFor(serverName: string | null): ServerCertificate;
  /** Protocols, the preferred first. */
  readonly alpn: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names, with colons between them; null for our choice. */
  readonly ciphers: string | null;
  /** Optional: whoever has no certificate, or one of nobody we know, is let in as one without. */
  readonly clientCertificates: 'None' | 'Required' | 'Optional';
  /** PEM of those who may have signed them; null with `None`. */
  readonly authorities: string | null;
  /** 48 octets, the same in all data planes of a Gateway. */
  readonly ticketKeys: Secret<Buffer>;
}

/** A chain and its key, PEM, which fit each other: the same object as long as they are the same. */
export interface ServerCertificate {
  readonly chain: string;
  readonly key: Secret<string>;
}

/** Where byte streams and datagrams go that are served as they are. */
export interface Relay {
  readonly listener: ServedListener;
  /** `<kind>/<namespace>/<name>` and the rule's name: labels; null where no route is attached. */
  readonly route: string | null;
  readonly rule: string | null;
  /** The next backend by weight; null when there is none at all. */
  pick(): UpstreamCluster | null;
}

/** A listener as requests and records see it. */
export interface ServedListener {
  /** The listener's name: a label. */
  readonly name: string;
  readonly port: number;
  readonly hostname: string;
}

/** One that requests come to. */
export interface RequestListener extends ServedListener {
  /** What a request meets before a rule is looked for, in this order. */
  readonly requestFilters: readonly RequestFilter[];
}

/** One rule of a route on one listener. */
export interface Rule extends RuleName {
  /** In the order that filters/order.ts tells. */
  readonly requestFilters: readonly RequestFilter[];
  readonly responseFilters: readonly ResponseFilter[];
  readonly action: Action;
}

/** Changes the head of an answer from a backend. */
export interface ResponseFilter {
  readonly kind: string;
  apply(exchange: Exchange, head: ResponseHead): void;
}

/** What becomes of a request that its filters let through. */
export type Action = Forward | OwnAnswer | Closed;

/** Sends the request to a backend. */
export interface Forward {
  readonly kind: 'Forward';
  /** The next backend by weight; null when there is none at all. */
  pick(): Backend | null;
  /** Null: each request is balanced for itself. */
  readonly sessions: Sessions<Backend> | null;
  /** The whole exchange. Milliseconds; 0 for none. */
  readonly requestTimeoutMs: number;
  /** One attempt at a backend, from its beginning to the end of the answer. Milliseconds; 0 for none. */
  readonly backendTimeoutMs: number;
  /** One attempt, from the end of the request to the head of the answer. Milliseconds; 0 for none. */
  readonly headTimeoutMs: number;
  /** The content of a request. Octets; 0 for what the listener allows. */
  readonly bodyBytesMax: number;
  /** Null: requests are sent again as docs/decisions/0018-retries.md tells. */
  readonly retry: Retry | null;
  /** Null: no further attempt begins beside one that is not answered yet. */
  readonly hedge: Hedge | null;
}

/** A share of requests (0 to 1) that is copied to a cluster; answers to copies are dropped. */
export interface Mirror {
  readonly cluster: UpstreamCluster;
  readonly share: number;
}

/** When a request is sent again; see `RouteRetry` of the snapshot. Milliseconds. */
export interface Retry {
  readonly attempts: number;
  readonly codes: ReadonlySet<number>;
  readonly grpcCodes: ReadonlySet<number>;
  readonly conditions: ReadonlySet<RetryCondition>;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

/** `cluster` null: the reference could not be resolved, and this share of requests fails. */
export interface Backend {
  readonly cluster: UpstreamCluster | null;
  readonly requestFilters: readonly RequestFilter[];
  readonly responseFilters: readonly ResponseFilter[];
  /** Who gets a copy of what goes here. */
  readonly mirrors: readonly Mirror[];
}

/** Answers by itself. */
export interface OwnAnswer {
  readonly kind: 'Redirect' | 'ResourceMetadata';
  apply(exchange: Exchange): Answered;
}

/** Lets nothing through; the reason is for the log. */
export interface Closed {
  readonly kind: 'Closed';
  readonly reason: string;
}

/** The one mutable cell of the data plane: read once by each request, swapped whole. */
export interface RuntimeCell {
  current: Runtime;
}
