import {
  clientDefaults,
  listenerDefaults,
  listenerTlsDefaults,
  requestListenerDefaults,
} from './client-defaults.ts';
import type {
  ClientAddress,
  ClientLimits,
  ClientRules,
  ClientSettings,
  ForwardedMode,
  ProxyProtocol,
} from './client-settings.ts';
import { count, hostname, network, port } from './field-shapes.ts';
import type { Listener, ListenerFilter, ListenerTls } from './listener.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';
import { closedBy, whole } from './unread.ts';

const some = shape.integer(1);

const limits: shape.Fields<ClientLimits> = {
  connectionsMax: some,
  connectionsPerAddressMax: count,
  requestsPerConnectionMax: some,
  headBytesMax: some,
  requestLineBytesMax: some,
  fieldCountMax: some,
  bodyBytesMax: count,
  bodyRateMin: count,
  bufferedBytesMax: some,
  firstByteTimeoutMs: some,
  headTimeoutMs: some,
  idleTimeoutMs: some,
  bodyTimeoutMs: some,
  sendTimeoutMs: some,
  handshakeTimeoutMs: some,
  tunnelIdleTimeoutMs: some,
};

const clientAddress = variant<ClientAddress>('kind', {
  Connection: object({ kind: shape.oneOf('Connection') }),
  Hops: object({ kind: shape.oneOf('Hops'), hops: some }),
  Sources: object({ kind: shape.oneOf('Sources'), sources: shape.list(network, 1) }),
});

const proxyProtocol: Shape<ProxyProtocol> = object({
  sources: shape.list(network, 1),
  mode: shape.oneOf('Required', 'Optional'),
});

const forwardedMode: Shape<ForwardedMode> = shape.oneOf('Replace', 'Append', 'Remove', 'Keep');

const rules: shape.Fields<ClientRules> = {
  limits: object(limits),
  clientAddress,
  forwarded: object({ xForwarded: forwardedMode, forwarded: forwardedMode }),
  proxyProtocol: shape.nullable(proxyProtocol),
  protocols: object({ http1: shape.flag, http2: shape.flag }),
  http2: object({ streamsMax: some, resetsPerSecondMax: some }),
  grpcWeb: shape.flag,
};

/** Reads {@link ClientSettings}; what is not there is as in `clientDefaults`. */
export const clientSettingsShape: Shape<ClientSettings> = object({
  kind: shape.oneOf('ClientSettings'),
  id: shape.idOf('ClientSettings'),
  port,
  ...shape.defaulted(rules, clientDefaults),
});

const anyListener = {
  kind: shape.oneOf('Listener'),
  id: shape.idOf('Listener'),
  name: shape.text,
  port,
  hostname,
  ...shape.defaulted<Pick<Listener, 'createdMs'>>({ createdMs: shape.integer(0) }, listenerDefaults),
};

const tls: Shape<ListenerTls> = object({
  minVersion: shape.oneOf('1.2', '1.3'),
  cipherSuites: shape.list(shape.pattern(/^[A-Z0-9_-]{1,64}$/, 'a name of a cipher suite')),
  alpn: shape.list(shape.oneOf('h2', 'http/1.1')),
  clientCertificates: shape.nullable(
    whole(object({ mode: shape.oneOf('Required', 'Optional'), authorities: shape.text })),
  ),
});

/** One that has more to it asks more than is known here. */
const listenerFilter = closedBy(
  variant<ListenerFilter>(
    'kind',
    {
      Authenticate: object({
        kind: shape.oneOf('Authenticate'),
        authentication: shape.idOf('Authentication'),
      }),
      Limit: object({ kind: shape.oneOf('Limit'), rateLimit: shape.idOf('RateLimit') }),
      Closed: object({ kind: shape.oneOf('Closed'), reason: shape.text }),
    },
    (name) => unknownFilter(`filter ${name}`),
  ),
  '',
  (_, path) => unknownFilter(`member ${path}`),
);

function unknownFilter(told: string): ListenerFilter {
  return Object.freeze({ kind: 'Unknown', told: told.slice(0, 64) } as const);
}

const ofRequests = shape.defaulted({ filters: shape.list(listenerFilter) }, requestListenerDefaults);

const overTls = {
  ...anyListener,
  certificates: shape.list(shape.idOf('Certificate')),
  ...shape.defaulted({ tls }, { tls: listenerTlsDefaults }),
};

/** Reads a {@link Listener}; one over TLS that says nothing of it shakes hands by `listenerTlsDefaults`. */
export const listenerShape = variant<Listener>('protocol', {
  HTTP: object({ ...anyListener, ...ofRequests, protocol: shape.oneOf('HTTP') }),
  HTTPS: object({ ...overTls, ...ofRequests, protocol: shape.oneOf('HTTPS') }),
  TLS: object({ ...overTls, protocol: shape.oneOf('TLS'), mode: shape.oneOf('Passthrough', 'Terminate') }),
  TCP: object({ ...anyListener, protocol: shape.oneOf('TCP') }),
  UDP: object({ ...anyListener, protocol: shape.oneOf('UDP') }),
});
