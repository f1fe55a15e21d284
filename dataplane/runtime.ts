import type { Exchange, RequestFilter } from '#dataplane/http/exchange.ts';
import type { ResponseHead } from '#dataplane/http/message.ts';
import type { Router } from '#dataplane/route/router.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type {
  ClientLimits,
  ClientProtocols,
  ForwardedHeaders,
  Http2Limits,
} from '#snapshot/client-settings.ts';
import type { RetryCondition } from '#snapshot/route.ts';
import type { SecureContext } from 'node:tls';

/** A snapshot made ready to serve: compiled once, read by every request, never changed. */
export interface Runtime {
  readonly version: string;
  readonly ports: ReadonlyMap<number, Port>;
}

/** What listens on one port. */
export interface Port {
  readonly number: number;
  readonly router: Router<ServedListener, Rule>;
  /** Null for plain HTTP. */
  readonly tls: TlsPort | null;
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

/** Which certificate is shown to whom. */
export interface TlsPort {
  /** The context for a server name (lower case; null when the client sent none): exact, wildcard, then default. */
  contextFor(serverName: string | null): SecureContext | null;
}

/** A listener as requests and records see it. */
export interface ServedListener {
  /** The listener's name: a label. */
  readonly name: string;
  readonly port: number;
  readonly hostname: string;
}

/** One rule of a route on one listener. */
export interface Rule {
  /** `HTTPRoute/<namespace>/<name>` and the rule's name: labels. */
  readonly route: string;
  readonly name: string;
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
export type Action = Forward | Redirect | Closed;

/** Sends the request to a backend. */
export interface Forward {
  readonly kind: 'Forward';
  /** The next backend by weight; null when there is none at all. */
  pick(): Backend | null;
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
}

/** When a request is sent again; see `RouteRetry` of the snapshot. Milliseconds. */
export interface Retry {
  readonly attempts: number;
  readonly codes: ReadonlySet<number>;
  readonly conditions: ReadonlySet<RetryCondition>;
  readonly backoffMs: number;
  readonly backoffMsMax: number;
}

/** `cluster` null: the reference could not be resolved, and this share of requests fails. */
export interface Backend {
  readonly cluster: UpstreamCluster | null;
  readonly requestFilters: readonly RequestFilter[];
  readonly responseFilters: readonly ResponseFilter[];
}

/** Answers with a redirect. */
export interface Redirect {
  readonly kind: 'Redirect';
  readonly status: number;
  /** The Location for this request. */
  location(exchange: Exchange): string;
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
