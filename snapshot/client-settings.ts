import type { ResourceId } from './ids.ts';

/** How clients may call one port. Absent from the snapshot: `clientDefaults`. */
export interface ClientSettings extends ClientRules {
  readonly kind: 'ClientSettings';
  /** `ClientSettings/<port>`. */
  readonly id: ResourceId;
  readonly port: number;
}

/** What holds for the clients of a port, before anybody knows which listener they mean. */
export interface ClientRules {
  readonly limits: ClientLimits;
  readonly clientAddress: ClientAddress;
  readonly forwarded: ForwardedHeaders;
  /** Null: no connection begins with a header of the PROXY protocol. */
  readonly proxyProtocol: ProxyProtocol | null;
  readonly protocols: ClientProtocols;
  readonly http2: Http2Limits;
  /** Whether gRPC-Web is answered for. */
  readonly grpcWeb: boolean;
}

/** What one client, and all of them, may cost. Octets, milliseconds, counts; where 0 has a meaning it is told. */
export interface ClientLimits {
  /** Connections of a data plane at once, over all ports. */
  readonly connectionsMax: number;
  /** Of those, from one address (IPv6: from one /64); 0 for no limit. */
  readonly connectionsPerAddressMax: number;
  readonly requestsPerConnectionMax: number;
  /** The head of a request, and a trailer section, with line ends. */
  readonly headBytesMax: number;
  readonly requestLineBytesMax: number;
  readonly fieldCountMax: number;
  /** The content of a request; 0 for no limit. */
  readonly bodyBytesMax: number;
  /** Octets a second while content is wanted, or an answer is taken; 0 for no limit. */
  readonly bodyRateMin: number;
  /** What a data plane holds in memory for its clients, over all ports; beyond it load is shed. */
  readonly bufferedBytesMax: number;
  /** From the connection to its first octet. */
  readonly firstByteTimeoutMs: number;
  /** From the first octet of a request's head to its end. */
  readonly headTimeoutMs: number;
  /** Between requests. */
  readonly idleTimeoutMs: number;
  /** Without an octet of content that is waited for. */
  readonly bodyTimeoutMs: number;
  /** Without the client taking an octet of its answer. */
  readonly sendTimeoutMs: number;
  /** A TLS handshake. */
  readonly handshakeTimeoutMs: number;
  /** A tunnel in which nothing moves. */
  readonly tunnelIdleTimeoutMs: number;
}

/** What one connection of HTTP/2 may cost. */
export interface Http2Limits {
  readonly streamsMax: number;
  readonly resetsPerSecondMax: number;
}

/**
 * Whose address is the client's. Connection: that of the connection. Hops: so many proxies stand before us, and the
 * last of them but one tells it in X-Forwarded-For. Sources: the last address there that is none of these networks.
 */
export type ClientAddress =
  | { readonly kind: 'Connection' }
  | { readonly kind: 'Hops'; readonly hops: number }
  | { readonly kind: 'Sources'; readonly sources: readonly string[] };

/** What becomes of the X-Forwarded-* fields and of Forwarded (RFC 7239). */
export interface ForwardedHeaders {
  readonly xForwarded: ForwardedMode;
  readonly forwarded: ForwardedMode;
}

/** Replace: only ours. Append: the client's, then ours. Remove: none. Keep: only the client's. */
export type ForwardedMode = 'Replace' | 'Append' | 'Remove' | 'Keep';

/** Connections from `sources` (networks as `10.0.0.0/8`) begin with the header; Optional: or do not. */
export interface ProxyProtocol {
  readonly sources: readonly string[];
  readonly mode: 'Required' | 'Optional';
}

/** What is spoken with clients. */
export interface ClientProtocols {
  readonly http1: boolean;
  readonly http2: boolean;
}
