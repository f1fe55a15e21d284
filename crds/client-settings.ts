// The settings of a ClientPolicy by groups. No group has defaults in the schema: what is left out is as the policy of
// the Gateway says, and what holds where that says nothing each description tells.
import * as z from 'zod';
import { network, octets, positiveDuration, someOctets } from './fields.ts';
import { atomicList, oneOf, withRules, type Frozen, type Rule } from './grammar.ts';

const count = z.int32().min(0).max(10_000_000);
const some = z.int32().min(1).max(10_000_000);
const networks = atomicList(network).min(1).max(64);

const xForwardedFor = oneOf({
  type: 'What tells which of the addresses there is the client: Hops (how many proxies) or Sources (which proxies).',
  variants: {
    Hops: {
      hops: z
        .int32()
        .min(1)
        .max(16)
        .describe('So many proxies stand before the Gateway, each of which adds the address it sees.'),
    },
    Sources: {
      sources: networks.describe(
        'Networks of the proxies before the Gateway, such as 10.0.0.0/8. The client is the last address that is in none of them.',
      ),
    },
  },
  common: {},
});

const clientAddress = oneOf({
  type: 'Connection: the address of the connection (or what a trusted PROXY protocol says). XForwardedFor: one from the header, as far as proxies are trusted.',
  variants: {
    Connection: {},
    XForwardedFor: { xForwardedFor: xForwardedFor.describe('Which address of X-Forwarded-For counts.') },
  },
  common: {},
}).describe(
  'Whose address is the client: what rate limits, logs and backends are told. Left out: Connection.',
);

const proxyProtocol = z
  .object({
    sources: networks.describe(
      'Networks of the load balancers whose connections begin with the header, such as 10.0.0.0/8. From others it is not taken.',
    ),
    mode: z
      .enum(['Required', 'Optional'])
      .exactOptional()
      .describe(
        'Required: a connection from there without the header is closed. Optional: it is served. Left out: Required.',
      ),
  })
  .describe(
    'The PROXY protocol (versions 1 and 2), by which a load balancer tells the address of the client. Left out: not spoken.',
  );

const modes = z.enum(['Replace', 'Append', 'Remove', 'Keep']);
const modeWords =
  'Replace: only what the Gateway knows itself. Append: what the client sent, then that. Remove: nothing. Keep: only what the client sent.';

const forwardedHeaders = z
  .object({
    xForwarded: modes
      .exactOptional()
      .describe(`X-Forwarded-For, -Proto, -Host and -Port. ${modeWords} Left out: Replace.`),
    forwarded: modes.exactOptional().describe(`Forwarded (RFC 7239). ${modeWords} Left out: Remove.`),
  })
  .describe(
    'What backends are told of the client by headers. Append and Keep believe the client, so they need clientAddress of type XForwardedFor.',
  );

const someProtocol: Rule<{ readonly http1?: boolean; readonly http2?: boolean }> = {
  cel: '!has(self.http1) || self.http1 || !has(self.http2) || self.http2',
  message: 'nothing would be spoken: leave http1 or http2 on',
  holds: ({ http1 = true, http2 = true }) => http1 || http2,
};

const protocols = withRules(
  z.object({
    http1: z.boolean().exactOptional().describe('HTTP/1.1 and HTTP/1.0. Left out: true.'),
    http2: z
      .boolean()
      .exactOptional()
      .describe('HTTP/2, over TLS by ALPN, in the clear by prior knowledge (h2c). Left out: true.'),
    grpcWeb: z
      .boolean()
      .exactOptional()
      .describe('gRPC-Web: requests of browsers become gRPC for the backend. Left out: false.'),
  }),
  [someProtocol],
).describe('What is spoken with clients.');

const suitesOf12: Rule<{ readonly minVersion?: string; readonly cipherSuites?: readonly string[] }> = {
  cel: "!has(self.cipherSuites) || !has(self.minVersion) || self.minVersion == '1.2'",
  message: 'cipherSuites are those of TLS 1.2: set minVersion to 1.2, or remove them',
  holds: ({ minVersion = '1.2', cipherSuites }) => cipherSuites === undefined || minVersion === '1.2',
};

const tls = withRules(
  z.object({
    minVersion: z.enum(['1.2', '1.3']).exactOptional().describe('The lowest version of TLS. Left out: 1.2.'),
    cipherSuites: atomicList(
      z
        .enum([
          'ECDHE-ECDSA-AES128-GCM-SHA256',
          'ECDHE-RSA-AES128-GCM-SHA256',
          'ECDHE-ECDSA-AES256-GCM-SHA384',
          'ECDHE-RSA-AES256-GCM-SHA384',
          'ECDHE-ECDSA-CHACHA20-POLY1305',
          'ECDHE-RSA-CHACHA20-POLY1305',
        ])
        .describe('Name of a suite, as OpenSSL has it.'),
    )
      .min(1)
      .max(6)
      .exactOptional()
      .describe(
        'Cipher suites of TLS 1.2; those of TLS 1.3 cannot be chosen. Left out: all of these, and no weaker ones.',
      ),
    alpn: atomicList(z.enum(['h2', 'http/1.1']))
      .min(1)
      .max(2)
      .exactOptional()
      .describe(
        'What is offered by ALPN, the preferred first, by listeners of the protocol HTTPS. Left out: h2, http/1.1.',
      ),
  }),
  [suitesOf12],
).describe(
  'How listeners shake hands at which TLS ends: those of the protocol HTTPS, and of TLS in the mode Terminate.',
);

const limits = z
  .object({
    maxConnections: some
      .exactOptional()
      .describe(
        'Connections of a data plane at once, over all ports; more are closed. For a whole Gateway only. Left out: 20000.',
      ),
    maxConnectionsPerAddress: count
      .exactOptional()
      .describe(
        'Of those, from one address (IPv6: from one /64); 0 for no limit. For a whole Gateway only. Left out: 0.',
      ),
    maxBufferedBytes: someOctets
      .exactOptional()
      .describe(
        'What a data plane holds in memory for clients, over all ports; beyond it the newest and cheapest are refused with 503, then cut. For a whole Gateway only. Left out: 128Mi.',
      ),
    maxRequestsPerConnection: some
      .exactOptional()
      .describe('Then a connection ends as soon as it is answered. Left out: 100000.'),
    maxHeadBytes: someOctets
      .exactOptional()
      .describe('The head of a request, and its trailers; more: 431. Left out: 32Ki.'),
    maxRequestLineBytes: someOctets
      .exactOptional()
      .describe('The first line of a request, with its path; more: 414. Left out: 16Ki.'),
    maxHeaders: z
      .int32()
      .min(1)
      .max(10_000)
      .exactOptional()
      .describe('Headers of a request; more: 431. Left out: 100.'),
    maxBodyBytes: octets
      .exactOptional()
      .describe('The content of a request; more: 413. 0 for no limit. Left out: 0.'),
    minBodyRate: octets
      .exactOptional()
      .describe(
        'Octets a second that a client must send or take, while it is waited for, after five seconds; fewer: 408, or cut. 0 for no limit. Left out: 240.',
      ),
  })
  .describe('What clients may cost.');

const timeouts = z
  .object({
    firstByte: positiveDuration
      .exactOptional()
      .describe(
        'From the opening of a connection to its first octet, headers of the PROXY protocol and the hello of TLS included. Left out: 10s.',
      ),
    head: positiveDuration
      .exactOptional()
      .describe('From the first octet of the head of a request to its end; more: 408. Left out: 10s.'),
    idle: positiveDuration
      .exactOptional()
      .describe('Between requests; then the connection is closed. Left out: 75s.'),
    body: positiveDuration
      .exactOptional()
      .describe('Without an octet of content that is waited for; more: 408. Left out: 30s.'),
    send: positiveDuration
      .exactOptional()
      .describe('Without the client taking an octet of its answer; then it is cut. Left out: 30s.'),
    handshake: positiveDuration.exactOptional().describe('For the handshake of TLS. Left out: 10s.'),
    tunnelIdle: positiveDuration
      .exactOptional()
      .describe(
        'A WebSocket, or another tunnel, in which nothing moves; 5m at most once one side has ended. Left out: 1h.',
      ),
  })
  .describe(
    'How long is waited for clients; less as connections or memory become scarce, a fifth of it at 85 % of limits.maxConnections or maxBufferedBytes.',
  );

const http2 = z
  .object({
    maxConcurrentStreams: z
      .int32()
      .min(1)
      .max(1000)
      .exactOptional()
      .describe('Requests at once on one connection. Left out: 100.'),
    maxResetsPerSecond: some
      .exactOptional()
      .describe(
        'Requests that a connection may begin and give up in a second, twice as many at once; more: it is closed. Left out: 100.',
      ),
  })
  .describe('What one connection of HTTP/2 may cost.');

/** The groups that a ClientPolicy can set. */
export const clientGroups = {
  clientAddress,
  proxyProtocol,
  forwardedHeaders,
  protocols,
  tls,
  limits,
  timeouts,
  http2,
} as const;

/** Settings of a ClientPolicy, decoded. */
export type ClientGroups = {
  readonly [Name in keyof typeof clientGroups]?: Frozen<z.output<(typeof clientGroups)[Name]>>;
};

/** The limits that hold for all ports of a data plane together. */
export const processLimits = ['maxConnections', 'maxConnectionsPerAddress', 'maxBufferedBytes'] as const;
