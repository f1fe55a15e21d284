// Settings of a TrafficPolicy that concern the endpoints of a Service: how one is chosen, how each is watched, what it
// may cost. No group has defaults in the schema; what holds where something is left out its description tells.
import * as z from 'zod';
import { cookieName, duration, durationMs, fieldName, noLongerThan, positiveDuration } from './fields.ts';
import { atomicList, oneOf, withRules, type Rule } from './grammar.ts';

const count = z.int32().min(0).max(1_000_000);
const some = z.int32().min(1).max(1_000_000);
const percent = z.int32().min(0).max(100);

const consistentHash = oneOf({
  type: 'What of a request decides: ClientAddress, Header or Cookie.',
  variants: {
    ClientAddress: {},
    Header: {
      header: z
        .object({ name: fieldName.describe('Name of the header, such as x-tenant.') })
        .describe('Requests with the same value of this header go to the same endpoint.'),
    },
    Cookie: {
      cookie: z
        .object({ name: cookieName.max(128).describe('Name of the cookie, such as session.') })
        .describe('Requests with the same value of this cookie go to the same endpoint.'),
    },
  },
  common: {},
});

const balance = oneOf({
  type: 'RoundRobin: by turn. LeastRequest: by turn, but another where that one has more to do. ConsistentHash: always the same one for the same requests.',
  variants: {
    RoundRobin: {},
    LeastRequest: {},
    ConsistentHash: {
      consistentHash: consistentHash.describe('What tells which requests are the same.'),
    },
  },
  common: {},
}).describe('How the endpoint of a request is chosen. Left out: LeastRequest.');

const slowStart = z
  .object({
    window: withRules(duration, [noLongerThan('1h')]).describe(
      'The share of a new endpoint grows for so long; 0s for the whole share at once. At most 1h.',
    ),
  })
  .describe('How fast new endpoints get their share of requests. Left out: at once.');

const connection = z
  .object({
    connectTimeout: positiveDuration
      .exactOptional()
      .describe('How long a connection may take to open; another endpoint is tried then. Left out: 1s.'),
    idleTimeout: positiveDuration
      .exactOptional()
      .describe(
        'An unused connection is closed after so long; keep it below the limit of the backend. Left out: 60s.',
      ),
    maxAge: duration
      .exactOptional()
      .describe('An older connection takes no more requests; 0s for no limit. Left out: 1h.'),
    maxRequests: count
      .exactOptional()
      .describe('A connection takes no more requests than so many; 0 for no limit. Left out: 0.'),
    maxConcurrentStreams: some
      .exactOptional()
      .describe('Requests at once on a connection of HTTP/2. Left out: 100.'),
  })
  .describe('How connections to the endpoints are kept.');

const circuitBreaker = z
  .object({
    maxConnections: count
      .exactOptional()
      .describe(
        'Connections at once; 0 for no limit. Once half as many requests are under way, those whose content is still to come get none before 16Ki of it have come or, up to three quarters, two seconds are over. Left out: 8192.',
      ),
    maxPending: count
      .exactOptional()
      .describe('Requests that wait for a connection; 0 for no limit. Left out: 1024.'),
    maxRequests: count.exactOptional().describe('Requests at once; 0 for no limit. Left out: 0.'),
    maxRetries: count
      .exactOptional()
      .describe('Requests at once that are being sent again; 0 for no limit. Left out: 64.'),
  })
  .describe(
    'What one data plane has under way at most, over all endpoints of a port of a Service. Beyond it the answer is 503.',
  );

const outlierDetection = z
  .object({
    consecutiveFailures: count
      .exactOptional()
      .describe(
        'So many connections in a row that fail or break, or time-outs, eject; 0 for never. Left out: 5.',
      ),
    consecutiveErrors: count
      .exactOptional()
      .describe('So many answers of 500 to 599 in a row eject; 0 for never. Left out: 0.'),
    interval: positiveDuration
      .exactOptional()
      .describe('How often the share of success is looked at. Left out: 10s.'),
    ejection: positiveDuration
      .exactOptional()
      .describe(
        'How long an endpoint is passed over; each time in a row longer by as much again. Left out: 30s.',
      ),
    maxEjectedPercent: percent
      .exactOptional()
      .describe('Never more of the endpoints are passed over, but always one; 0 for none. Left out: 50.'),
    minSuccessRatePercent: percent
      .exactOptional()
      .describe('A smaller share of success in an interval ejects; 0 for never. Left out: 0.'),
    minRequests: some
      .exactOptional()
      .describe('With fewer requests in an interval the share of success says nothing. Left out: 100.'),
    panicPercent: percent
      .exactOptional()
      .describe('With fewer endpoints to choose from all of them are used. Left out: 50.'),
  })
  .describe(
    'When an endpoint is passed over for how it answers. Holds without any policy, as it is told here.',
  );

const inTime: Rule<{ readonly interval?: string; readonly timeout?: string }> = {
  cel: "duration(has(self.timeout) ? self.timeout : '1s') <= duration(has(self.interval) ? self.interval : '5s')",
  message:
    'timeout (1s if left out) must not be longer than interval (5s if left out): shorten it, or lengthen interval',
  holds: ({ interval = '5s', timeout = '1s' }) => durationMs(timeout) <= durationMs(interval),
};

const checked = oneOf({
  type: 'How is asked: HTTP (a GET), GRPC (grpc.health.v1.Health/Check) or TCP (a connection).',
  variants: {
    HTTP: {
      http: z
        .object({
          path: z
            .string()
            .max(1024)
            .regex(/^\/[!-~]*$/, "must begin with '/' and have no spaces")
            .describe('What is asked for, such as /healthz.'),
          host: z
            .string()
            .max(255)
            .regex(/^[A-Za-z0-9._:[\]-]+$/, 'must be a host, with a port or without')
            .exactOptional()
            .describe('The header Host. Left out: the address of the endpoint.'),
          codes: atomicList(z.int32().min(100).max(599))
            .min(1)
            .max(16)
            .exactOptional()
            .describe('Status codes of a good answer. Left out: 200.'),
        })
        .describe('The request, and which answer is good.'),
    },
    GRPC: {
      grpc: z
        .object({
          service: z
            .string()
            .max(256)
            .regex(/^[A-Za-z0-9._/-]*$/, 'must be the name of a gRPC service, such as shop.Cart')
            .exactOptional()
            .describe('Name of the service. Left out: the server as a whole.'),
        })
        .describe('The gRPC service whose health is asked for.'),
    },
    TCP: {},
  },
  common: {
    interval: positiveDuration.exactOptional().describe('How often each endpoint is asked. Left out: 5s.'),
    timeout: positiveDuration.exactOptional().describe('How long an answer may take. Left out: 1s.'),
    healthyAfter: some
      .exactOptional()
      .describe('So many good answers in a row make a bad endpoint good again. Left out: 2.'),
    unhealthyAfter: some
      .exactOptional()
      .describe('So many bad answers in a row make a good endpoint bad. Left out: 3.'),
  },
});

const healthCheck = withRules(checked, [inTime as Rule<z.output<typeof checked>>]).describe(
  'Each data plane asks endpoints how they are, whether requests come or not. Left out: none is asked.',
);

const retryConstraint = z
  .object({
    budget: z
      .object({
        percent: percent.exactOptional().describe('Of the requests of an interval. Left out: 20.'),
        interval: positiveDuration.exactOptional().describe('The interval. Left out: 10s.'),
      })
      .exactOptional()
      .describe('So many requests may be sent again.'),
    minRetryRate: z
      .object({
        count: count.max(10_000).exactOptional().describe('How many. Left out: 10.'),
        interval: positiveDuration.exactOptional().describe('In which time. Left out: 1s.'),
      })
      .exactOptional()
      .describe(
        'So many may be sent again in any case; as many at once as fall to the interval of the budget.',
      ),
  })
  .describe(
    'How many requests one data plane sends again at most, so that a Service in need is not asked all the more.',
  );

const protocol = z
  .enum(['HTTP1', 'HTTP2'])
  .describe(
    'What is spoken with the endpoints; HTTP2 in the clear by prior knowledge (h2c), as gRPC needs it. Left out: HTTP2 where appProtocol of the port of the Service is kubernetes.io/h2c, h2c, http2 or grpc, else HTTP1.',
  );

const proxyProtocol = z
  .enum(['V1', 'V2'])
  .describe(
    'Each connection begins with a header of the PROXY protocol, of this version, which tells the address of the client; so each client has connections of its own. The endpoints must expect it. Left out: none.',
  );

/** The groups that concern the endpoints of a Service. */
export const backendGroups = {
  protocol,
  proxyProtocol,
  balance,
  slowStart,
  connection,
  circuitBreaker,
  outlierDetection,
  healthCheck,
  retryConstraint,
} as const;
