// A compiler with real authentication and real upstreams, whose rate limits let everything pass.
import { Compiler, type Compiled } from '#dataplane/compile/compiler.ts';
import { GuessCounters } from '#dataplane/filters/rate-limit/guess-counters.ts';
import { createAuthenticating, type Authenticating } from '#dataplane/filters/authenticate/authenticating.ts';
import { httpPortOf } from '../../given/runtime.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { Rule } from '#dataplane/runtime.ts';
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';
import type { Cluster, Endpoints } from '#snapshot/cluster.ts';
import { clusterDefaults, endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { HttpListener } from '#snapshot/listener.ts';
import { rateLimitDefaults, type RateLimit, type RateLimitKey } from '#snapshot/rate-limit.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { givenRequest } from '#test/given/request.ts';
import { listenerId } from '#test/given/route.ts';
import { nowMs } from '#test/given/token.ts';
import type { TestContext } from 'node:test';

export interface GivenCompiler {
  readonly compile: (...resources: readonly Resource[]) => Compiled;
  readonly limitFilters: Map<string, RequestFilter>;
}

export function givenCompiler(t: TestContext): GivenCompiler {
  const upstreams = createUpstreams();
  t.after(() => upstreams.close());
  const limitFilters = new Map<string, RequestFilter>();
  const compiler = new Compiler({
    upstreams,
    rateLimiting: {
      filterFor(limit) {
        const filter: RequestFilter = { kind: `RateLimit ${limit.name}`, apply: () => null };
        limitFilters.set(limit.name, filter);
        return filter;
      },
      usePlans: () => {},
      needsNoIdentity: ({ key }) => key.kind === 'ClientAddress',
    },
    authenticating: authenticating(() => nowMs),
    metering,
    protecting,
  });
  const compile = (...resources: readonly Resource[]) =>
    compiler.compile({ version: 'v1', resources: new Map(resources.map((one) => [one.id, one])) });
  return { compile, limitFilters };
}

/** One that has no clusters and no rate limits: for what compiling costs by itself. */
export function bareCompiler(): Compiler {
  return new Compiler({
    upstreams: { apply: () => {}, cluster: () => null },
    rateLimiting: {
      filterFor: () => ({ kind: 'none', apply: () => null }),
      usePlans: () => {},
      needsNoIdentity: () => true,
    },
    authenticating: authenticating(Date.now),
    metering,
    protecting,
  });
}

const metering = { filterFor: (): RequestFilter => ({ kind: 'Metering', apply: () => null }) };

/** Lets everybody in. */
const protecting = {
  guardFor: () => ({
    admit: () => ({ leave: () => {} }),
    judgesRequests: false,
    judge: () => null,
    refusal: () => null,
  }),
};

function authenticating(now: () => number): Authenticating {
  return createAuthenticating({
    call: () => Promise.resolve({ kind: 'Failed', detail: 'nobody is there' }),
    now,
    onMissingKey: () => {},
    limitsOfPlan: () => ({ kind: 'Plan', apply: () => null }),
    guards: new GuessCounters({ onBlock: () => {} }),
  });
}

export function httpListener(
  name = 'http',
  given: { port?: number; hostname?: string; filters?: HttpListener['filters'] } = {},
): HttpListener {
  return {
    kind: 'Listener',
    createdMs: 0,
    id: listenerId(name),
    name,
    port: given.port ?? 80,
    hostname: given.hostname ?? '',
    protocol: 'HTTP',
    filters: given.filters ?? [],
  };
}

export function givenCluster(name: string): Cluster {
  return {
    kind: 'Cluster',
    id: resourceId('Cluster', 'shop', name, '80'),
    name: `shop/${name}:80`,
    endpoints: resourceId('Endpoints', 'shop', name, '80'),
    ...clusterDefaults,
  };
}

export function givenEndpoints(name: string, port: number): Endpoints {
  const endpoints = [{ address: '127.0.0.1', port, state: 'Ready' as const, ...endpointDefaults }];
  return { kind: 'Endpoints', id: resourceId('Endpoints', 'shop', name, '80'), endpoints };
}

export function givenLimit(name: string, key: RateLimitKey): RateLimit {
  return {
    kind: 'RateLimit',
    id: resourceId('RateLimit', 'shop', name),
    name: `shop/limits/${name}`,
    key,
    ...rateLimitDefaults,
    limits: [{ name: 'minute', algorithm: 'TokenBucket', requests: 1, windowMs: 60_000, burst: 1 }],
    onStoreError: 'Local',
    mode: 'Enforce',
  };
}

/** The rule that serves `GET http://<host><target>` on `port`. */
export function ruleFor(
  { runtime }: Compiled,
  target = '/',
  given: { host?: string; port?: number } = {},
): Rule | null {
  const request = givenRequest({ target, host: given.host ?? 'example.com' });
  const router = httpPortOf(runtime, given.port ?? 80)?.router;
  return router?.listenerFor(request.host)?.match(request, () => 0)?.rule ?? null;
}
