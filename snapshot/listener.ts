import type { ResourceId } from './ids.ts';

/**
 * One listener of a Gateway. Listeners with the same port share a socket; `hostname` tells them apart.
 * `''` stands for any host, `*.example.com` for one or more labels before `.example.com`.
 */
export type Listener = HttpListener | HttpsListener;

interface ListenerBase {
  readonly kind: 'Listener';
  readonly id: ResourceId;
  /** The listener's name in the Gateway: a label in metrics and logs. */
  readonly name: string;
  readonly port: number;
  /** Lower case, without port. */
  readonly hostname: string;
}

/** In the clear. */
export interface HttpListener extends ListenerBase {
  readonly protocol: 'HTTP';
}

/** TLS ends here; the first certificate serves clients whose SNI none of them names. */
export interface HttpsListener extends ListenerBase {
  readonly protocol: 'HTTPS';
  readonly certificates: readonly ResourceId[];
}
