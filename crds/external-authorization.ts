// A service that says whether a request may pass.
import * as z from 'zod';
import { duration, durationMs, fieldName, noLongerThan, positiveDuration } from './fields.ts';
import { atomicList, listByKeys, oneOf, withRules, type Frozen } from './grammar.ts';
import { backendHeader } from './identity-header.ts';
import { authoritiesOfAddress, outsideAuthorities, outsideServer } from './outside-address.ts';
import { backendRefSchema } from './references.ts';

const headers = atomicList(fieldName).max(64).default([]);

/** Where the service is that answers. */
const asked = {
  type: 'Where the service is: Backend (a Service of the cluster) or URI (an https address outside).',
  defaultType: 'Backend',
  variants: {
    Backend: { backendRef: backendRefSchema.describe('The Service that answers, and its port.') },
    URI: { uri: outsideServer },
  },
} as const;
const caRef = outsideAuthorities.exactOptional();

const http = withRules(
  oneOf({
    ...asked,
    common: {
      caRef,
      pathPrefix: z
        .string()
        .max(1024)
        .regex(/^(\/[^\s#?]*[^\s#?/])?$/, "must be empty, or begin with '/' and end without")
        .default('')
        .describe("What stands before the request's own path when the service is asked, such as /check."),
      headersToService: headers.describe(
        'Headers of the request that the service is told beside Authorization, with method, Host (to an address outside: X-Forwarded-Host), path and query; also those that an authentication has set. What a level before removes it is not told.',
      ),
      headersToBackend: atomicList(backendHeader)
        .max(64)
        .default([])
        .describe(
          'Headers of its answer that the backend gets, such as x-user. What the client sent under these names is removed first.',
        ),
      headersToClient: headers.describe(
        'Headers of its refusal that the client gets beside Content-Type, WWW-Authenticate, Location, Set-Cookie, Cache-Control and Retry-After.',
      ),
    },
  }),
  [authoritiesOfAddress],
).describe('By HTTP: 200 lets the request pass; 3xx and 4xx are told to the client.');

const grpc = withRules(
  oneOf({
    ...asked,
    common: {
      caRef,
      headersToService: atomicList(fieldName)
        .max(64)
        .exactOptional()
        .describe('Headers of the request that the service is told. Left out: all.'),
      headersToBackend: atomicList(backendHeader)
        .max(64)
        .exactOptional()
        .describe(
          'Headers that the service may set for the backend, such as x-user. What the client sent under these names is removed first. Left out: any; then the service must set or remove, for each request, what the backend trusts.',
        ),
      contextExtensions: listByKeys(
        z.object({
          name: z.string().min(1).max(256).describe('Its name.'),
          value: z.string().max(4096).describe('Its value.'),
        }),
        ['name'],
      )
        .max(32)
        .default([])
        .describe('What the service is told with each question, such as the name of this route.'),
    },
  }),
  [authoritiesOfAddress],
).describe(
  "By gRPC, as Envoy's external authorization: the service envoy.service.auth.v3.Authorization, asked by HTTP/2, in the cluster in the clear. Dynamic metadata that it answers with has no effect.",
);

const body = z
  .object({
    maxBytes: z
      .int()
      .min(1)
      .max(4_194_304)
      .describe(
        'How many octets of it the service is told at most; at most 4194304. So many are held for each request.',
      ),
    beyond: z
      .enum(['Refuse', 'Truncate'])
      .default('Refuse')
      .describe(
        'Requests with more: Refuse (413), or Truncate: the service is told what stands first, and decides by a part.',
      ),
  })
  .describe(
    'Tells the service the content of requests, which then wait until so much of it has come. x-envoy-auth-partial-body says whether it is a part. Left out: it is told nothing of it.',
  );

const cache = z
  .object({
    headers: atomicList(fieldName)
      .max(64)
      .exactOptional()
      .describe(
        'Headers whose values decisions depend on, beside method, host, path, query, Authorization and the content that the service is told. Left out: all of headersToService. Named here: the service must decide by no others.',
      ),
    duration: withRules(positiveDuration, [
      noLongerThan('1h', 'what is taken back would hold for so long'),
    ]).describe('How long a decision holds; at most 1h.'),
  })
  .describe(
    'Keeps decisions for requests that are equal. Left out: the service is asked about each request.',
  );

/** The schema of a service that says whether a request may pass. */
export const externalAuthorizationSchema = withRules(
  oneOf({
    type: 'How the service is asked: HTTP or GRPC.',
    variants: { HTTP: { http }, GRPC: { grpc } },
    defaultType: 'HTTP',
    common: {
      body: body.exactOptional(),
      timeout: withRules(duration, [
        {
          cel: "duration(self) > duration('0s') && duration(self) <= duration('30s')",
          message: 'must be longer than 0s and at most 30s: a request waits for it',
          holds: (text) => durationMs(text) > 0 && durationMs(text) <= 30_000,
        },
      ])
        .default('2s')
        .describe('How long a decision is waited for; at most 30s.'),
      failOpen: z
        .boolean()
        .default(false)
        .describe(
          'Whether requests pass while the service does not decide. Else they are answered with 503.',
        ),
      cache: cache.exactOptional(),
    },
  }),
  [
    {
      cel: '!has(self.cache) || has(self.cache.headers) || !has(self.grpc) || has(self.grpc.headersToService)',
      message:
        'the service is told all headers, which are hardly equal twice: add cache.headers, or grpc.headersToService',
      holds: (one) =>
        one.cache === undefined ||
        one.cache.headers !== undefined ||
        one.type === 'HTTP' ||
        one.grpc.headersToService !== undefined,
    },
  ],
).describe(
  'A service that is asked whether a request may pass, once authenticate has let it; authorize comes after. It sees the head of the request, and its content where body says so.',
);

/** A service that says whether a request may pass. */
export type ExternalAuthorization = Frozen<z.infer<typeof externalAuthorizationSchema>>;
