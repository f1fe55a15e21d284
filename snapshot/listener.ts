import type { ResourceId } from './ids.ts';
import type { ClosedAction, UnknownAction } from './route.ts';

/**
 * One listener of a Gateway. Listeners with the same port share a socket; `hostname` tells them apart.
 * `''` stands for any host, `*.example.com` for one or more labels before `.example.com`.
 */
export type Listener = HttpListener | HttpsListener | TlsListener | TcpListener | UdpListener;

interface ListenerBase {
  readonly kind: 'Listener';
  readonly id: ResourceId;
  /**
   * The listener's name in the Gateway, of one of a ListenerSet `<namespace>/<set>/<name>`: a label in metrics and logs.
   */
  readonly name: string;
  /** When its ListenerSet was created, milliseconds since 1970; 0: it is the Gateway's own. The earlier comes first. */
  readonly createdMs: number;
  readonly port: number;
  /** Lower case, without port. */
  readonly hostname: string;
}

/** One that requests come to. */
interface RequestListener extends ListenerBase {
  /** What each request meets before a rule is looked for, in this order (GEP-5224). */
  readonly filters: readonly ListenerFilter[];
}

/** Asks an Authentication or a RateLimit, or lets nothing pass. */
export type ListenerFilter =
  | { readonly kind: 'Authenticate'; readonly authentication: ResourceId }
  | { readonly kind: 'Limit'; readonly rateLimit: ResourceId }
  | ClosedAction
  | UnknownAction;

/** What the requests of `listener` meet; none where streams come. */
export function filtersOf(listener: Listener): readonly ListenerFilter[] {
  return 'filters' in listener ? listener.filters : [];
}

/** In the clear. */
export interface HttpListener extends RequestListener {
  readonly protocol: 'HTTP';
}

/**
 * TLS ends here; the first certificate serves clients whose SNI none of them names. Where there are none the first by
 * ServerNames does.
 */
export interface HttpsListener extends RequestListener {
  readonly protocol: 'HTTPS';
  readonly certificates: readonly ResourceId[];
  readonly tls: ListenerTls;
}

/** TLS whose content is no business of ours. Passthrough: it ends at the backend; Terminate: here. */
export interface TlsListener extends ListenerBase {
  readonly protocol: 'TLS';
  readonly mode: 'Passthrough' | 'Terminate';
  /** None for Passthrough. */
  readonly certificates: readonly ResourceId[];
  readonly tls: ListenerTls;
}

/** Octets both ways; its port is its own. */
export interface TcpListener extends ListenerBase {
  readonly protocol: 'TCP';
}

/** Datagrams; its port is its own among those of UDP. */
export interface UdpListener extends ListenerBase {
  readonly protocol: 'UDP';
}

/** How a listener shakes hands. */
export interface ListenerTls {
  readonly minVersion: '1.2' | '1.3';
  /** OpenSSL's names, for TLS 1.2; empty for the data plane's own choice. */
  readonly cipherSuites: readonly string[];
  /** What is offered, the preferred first. */
  readonly alpn: readonly AlpnProtocol[];
  /** Null: clients are not asked for a certificate. */
  readonly clientCertificates: ClientCertificates | null;
}

/** A name of ALPN that we speak. */
export type AlpnProtocol = 'h2' | 'http/1.1';

/** Optional: a client without a certificate, or with one that nobody of `authorities` signed, is let in too. */
export interface ClientCertificates {
  readonly mode: 'Required' | 'Optional';
  /** PEM of those who may have signed it. */
  readonly authorities: string;
}
