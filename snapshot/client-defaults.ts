// What holds for clients where nobody says otherwise: told here alone. What equals it is left out of the bytes of a
// snapshot, so a snapshot of an older build is read as the same.
import type { ClientRules } from './client-settings.ts';
import type { HttpListener, ListenerTls } from './listener.ts';

/** Safe for a gateway that meets the internet. */
export const clientDefaults: ClientRules = Object.freeze({
  limits: Object.freeze({
    connectionsMax: 20_000,
    connectionsPerAddressMax: 0,
    requestsPerConnectionMax: 100_000,
    headBytesMax: 32 * 1024,
    requestLineBytesMax: 16 * 1024,
    fieldCountMax: 100,
    bodyBytesMax: 0,
    bodyRateMin: 240,
    bufferedBytesMax: 128 * 1024 * 1024,
    firstByteTimeoutMs: 10_000,
    headTimeoutMs: 10_000,
    idleTimeoutMs: 75_000,
    bodyTimeoutMs: 30_000,
    sendTimeoutMs: 30_000,
    handshakeTimeoutMs: 10_000,
    tunnelIdleTimeoutMs: 3_600_000,
  }),
  clientAddress: Object.freeze({ kind: 'Connection' }),
  forwarded: Object.freeze({ xForwarded: 'Replace', forwarded: 'Remove' }),
  proxyProtocol: null,
  protocols: Object.freeze({ http1: true, http2: true }),
  http2: Object.freeze({ streamsMax: 100, resetsPerSecondMax: 100 }),
  grpcWeb: false,
});

/** What a listener is that says nothing of it: the Gateway's own. */
export const listenerDefaults = Object.freeze({ createdMs: 0 });

/** What a listener asks that says nothing of it: nothing. */
export const requestListenerDefaults: Pick<HttpListener, 'filters'> = Object.freeze({
  filters: Object.freeze([]),
});

/** How a listener shakes hands without any policy. */
export const listenerTlsDefaults: ListenerTls = Object.freeze({
  minVersion: '1.2',
  cipherSuites: Object.freeze([]),
  alpn: Object.freeze(['h2', 'http/1.1'] as const),
  clientCertificates: null,
});
