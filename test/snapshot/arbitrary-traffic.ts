// What policies of traffic and of clients put into resources: any valid values.
import fc from 'fast-check';
import type { ClientRules, ForwardedMode } from '#snapshot/client-settings.ts';
import type { ClusterSettings } from '#snapshot/cluster.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { ListenerTls } from '#snapshot/listener.ts';
import type { BotMatch, Protections } from '#snapshot/protection.ts';
import type { ForwardAction } from '#snapshot/route.ts';

const count = fc.nat();
const some = fc.integer({ min: 1 });
const percent = fc.integer({ min: 0, max: 100 });
const name = fc.stringMatching(/^[a-z0-9_-]{1,10}$/);
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });
const nullable = <T>(item: fc.Arbitrary<T>) => fc.option(item, { nil: null });
const constant = <const T extends string>(value: T) => fc.constant(value);
const codes = list(fc.integer({ min: 100, max: 599 }));
const cluster = name.map((part) => resourceId('Cluster', part));
const pem = constant('-----BEGIN CERTIFICATE-----');

const timing = { intervalMs: some, timeoutMs: some, healthyAfter: some, unhealthyAfter: some };

/** Of a cluster. */
export const arbitraryClusterSettings: {
  readonly [K in keyof ClusterSettings]: fc.Arbitrary<ClusterSettings[K]>;
} = {
  protocol: fc.constantFrom('HTTP1', 'HTTP2'),
  tls: nullable(
    fc.record({
      hostname: constant('a.example.com'),
      subjectAltNames: list(fc.record({ type: fc.constantFrom('Hostname', 'URI'), value: text })),
      authorities: nullable(pem),
      clientCertificate: nullable(name.map((part) => resourceId('Certificate', part))),
    }),
  ),
  proxyProtocol: fc.constantFrom(null, 'V1', 'V2'),
  balance: fc.oneof(
    fc.record({ kind: fc.constantFrom('RoundRobin', 'LeastRequest') }),
    fc.record({
      kind: constant('ConsistentHash'),
      by: fc.oneof(
        fc.record({ kind: constant('ClientAddress') }),
        fc.record({ kind: fc.constantFrom('Header', 'Cookie'), name }),
      ),
    }),
  ),
  slowStartMs: count,
  outlier: nullable(
    fc.record({
      consecutiveFailures: count,
      consecutiveErrors: count,
      intervalMs: some,
      ejectionMs: count,
      ejectedPercentMax: percent,
      successRatePercentMin: percent,
      requestsMin: count,
      panicPercent: percent,
    }),
  ),
  check: nullable(
    fc.oneof(
      fc.record({
        kind: constant('HTTP'),
        path: constant('/healthz'),
        host: fc.constantFrom('', 'a'),
        codes: fc.constant([200, 204]),
        ...timing,
      }),
      fc.record({ kind: constant('GRPC'), service: text, ...timing }),
      fc.record({ kind: constant('TCP'), ...timing }),
    ),
  ),
  breaker: fc.record({ connectionsMax: count, pendingMax: count, requestsMax: count, retriesMax: count }),
  connections: fc.record({
    connectTimeoutMs: some,
    idleMs: some,
    ageMsMax: count,
    requestsMax: count,
    streamsMax: some,
  }),
  budget: fc.record({ percent, intervalMs: some, retriesPerSecondMin: count }),
  outside: nullable(
    fc.record({
      host: fc.constantFrom('id.example.com', '192.0.2.1'),
      port: fc.integer({ min: 1, max: 65_535 }),
      trusted: list(fc.constantFrom('10.0.0.0/8', '2001:db8::/32', '10.0.0.7')),
    }),
  ),
};

/** Of a rule that forwards. */
export const arbitraryForwardExtras = {
  retry: nullable(
    fc.record({
      attempts: count,
      codes,
      grpcCodes: list(fc.integer({ min: 1, max: 16 })),
      conditions: list(fc.constantFrom('ConnectFailure', 'Refused', 'Reset', 'Timeout')),
      backoffMs: count,
      backoffMsMax: count,
      perTryMs: count,
    }),
  ),
  hedge: nullable(fc.record({ afterMs: some, attemptsMax: some })),
  mirrors: list(fc.record({ cluster, numerator: count, denominator: some })),
  persistence: nullable(
    fc.record({
      carrier: fc.oneof(
        fc.record({
          kind: constant('Cookie'),
          name,
          path: fc.constantFrom('/', '/a/b'),
          lifetime: fc.constantFrom('Session', 'Permanent'),
        }),
        fc.record({ kind: constant('Header'), name: constant('x-session') }),
      ),
      absoluteMs: count,
      idleMs: count,
    }),
  ),
  bodyBytesMax: count,
} satisfies { readonly [K in keyof ForwardAction]?: fc.Arbitrary<ForwardAction[K]> };

const networks = fc.array(fc.constantFrom('10.0.0.0/8', '2001:db8::/32'), { minLength: 1, maxLength: 2 });
const forwardedMode = fc.constantFrom<ForwardedMode[]>('Replace', 'Append', 'Remove', 'Keep');

/** Of the clients of a port. */
export const arbitraryClientRules: { readonly [K in keyof ClientRules]: fc.Arbitrary<ClientRules[K]> } = {
  limits: fc.record({
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
  }),
  clientAddress: fc.oneof(
    fc.record({ kind: constant('Connection') }),
    fc.record({ kind: constant('Hops'), hops: some }),
    fc.record({ kind: constant('Sources'), sources: networks }),
  ),
  forwarded: fc.record({ xForwarded: forwardedMode, forwarded: forwardedMode }),
  proxyProtocol: nullable(fc.record({ sources: networks, mode: fc.constantFrom('Required', 'Optional') })),
  protocols: fc.record({ http1: fc.boolean(), http2: fc.boolean() }),
  http2: fc.record({ streamsMax: some, resetsPerSecondMax: some }),
  grpcWeb: fc.boolean(),
};

/** Of a listener over TLS. */
export const arbitraryListenerTls: fc.Arbitrary<ListenerTls> = fc.record({
  minVersion: fc.constantFrom('1.2', '1.3'),
  cipherSuites: list(constant('ECDHE-RSA-AES128-GCM-SHA256')),
  alpn: list(fc.constantFrom('h2', 'http/1.1')),
  clientCertificates: nullable(
    fc.record({ mode: fc.constantFrom('Required', 'Optional'), authorities: pem }),
  ),
});

const rate = fc.record({ count: some, windowMs: some, burst: some });
const floods = {
  policy: fc.string(),
  prefixes: fc.record({
    ipv4Prefix: fc.integer({ min: 1, max: 32 }),
    ipv6Prefix: fc.integer({ min: 1, max: 128 }),
  }),
  mode: fc.constantFrom('Enforce', 'Shadow'),
};

export const arbitraryProtections: { readonly [K in keyof Protections]: fc.Arbitrary<Protections[K]> } = {
  connections: nullable(fc.record({ ...floods, opened: nullable(rate), openMax: count })),
  requests: nullable(fc.record({ ...floods, rate })),
  bans: nullable(
    fc.record({
      policy: fc.string(),
      rules: fc.array(
        fc.record({
          name: constant('guesses'),
          statuses: fc.constantFrom([401], [404, 429]),
          answers: some,
          windowMs: some,
          durationMs: some,
          mode: floods.mode,
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  ),
  bots: nullable(
    fc.record({
      policy: fc.string(),
      rules: fc.array(
        fc.record({
          name: constant('scanners'),
          header: constant('user-agent'),
          match: fc.constantFrom<BotMatch>(
            { kind: 'Missing' },
            { kind: 'Values', values: ['curl'] },
            { kind: 'Regex', regex: 'nikto' },
          ),
          action: fc.constantFrom('Refuse', 'Allow'),
          mode: floods.mode,
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
  ),
  reputation: list(
    fc.record({
      policy: fc.string(),
      name,
      lists: list(name.map((part) => resourceId('AddressList', part))),
      mode: floods.mode,
    }),
  ),
  exempt: networks,
};

export const arbitraryBan = {
  addresses: networks,
  action: fc.constantFrom('Refuse', 'Lift'),
  expiresS: count,
} as const;
