// A Consumer's Plan holds wherever the Consumer calls, and for nobody else; one that is not there closes.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { givenKey } from '#test/given/api-key.ts';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { edgeWithRedisManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenRedis, ownRedisMissing } from '#test/given/redis.ts';
import { givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';

const names = ['ada', 'bob', 'cleo'] as const;
type Name = (typeof names)[number];

const keyOf = (name: Name): string => givenKey(names.indexOf(name));
const as = (name: Name) => ({ headers: { 'x-api-key': keyOf(name) } });

function consumer(name: Name, plan: string | null): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: ${name} }
spec:
  ${plan === null ? '' : `plan: ${plan}`}
  credentials:
    - { name: k, type: APIKey, apiKey: { prefix: ${keyOf(name).slice(0, 11)}, sha256: ${hash('sha256', keyOf(name), 'hex')} } }
`;
}

function plan(name: string, spec: string): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: ${name} }
spec:
  ${spec}
`;
}

const authenticated = `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: keys }
spec:
  targetRefs:
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, name: a }
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, name: b }
  rules: { authenticate: [{ name: keys, type: APIKey, apiKey: { consumerSelector: {} } }] }
`;

/** Routes a and b know who calls, route open does not ask. */
function files(backendPort: number, more: Readonly<Record<string, string>>) {
  return {
    'services.yaml': serviceManifest('shop', backendPort),
    'routes.yaml': ['a', 'b', 'open'].map((name) => pathRouteManifest(name, `/${name}`, 'shop')).join('---'),
    'policy.yaml': authenticated,
    ...more,
  };
}

async function statuses(turnpike: GivenStandalone, name: Name, ...paths: readonly string[]) {
  const answers = [];
  for (const path of paths) answers.push((await turnpike.get(path, as(name))).status);
  return answers;
}

const four = ['/a', '/b', '/a', '/b'];

test('a plan holds for each consumer by itself, over all routes, and its answers are those of rate limits', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(
    files(shop.port, {
      'consumers.yaml': [consumer('ada', 'free'), consumer('bob', 'free'), consumer('cleo', null)].join(
        '---',
      ),
      'free.yaml': plan('free', 'limits: [{ name: hour, requests: 3, window: 1h }]'),
    }),
  );
  await turnpike.until('/a', 200, as('cleo'));
  assert.deepEqual(await statuses(turnpike, 'ada', ...four), [200, 200, 200, 429]);
  const refused = await turnpike.get('/a', as('ada'));
  assert.equal(refused.body, '{"status":429,"title":"Too many requests."}\n');
  assert.match(String(refused.headers['ratelimit']), /^"free\/hour";r=0;t=\d+$/);
  assert.equal(refused.headers['ratelimit-policy'], '"free/hour";q=3;w=3600');
  assert.match(String(refused.headers['retry-after']), /^\d+$/);
  assert.deepEqual(await statuses(turnpike, 'bob', ...four), [200, 200, 200, 429]);
  assert.deepEqual(await statuses(turnpike, 'cleo', ...four, ...four), Array(8).fill(200));
  assert.equal((await turnpike.get('/open', as('ada'))).status, 200);
});

test('what a RateLimitPolicy refuses is not taken from a quota', async () => {
  await using shop = await givenBackend('shop');
  const narrow = `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: narrow }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: a }]
  rules: [{ name: each, key: { type: Consumer }, limits: [{ name: hour, requests: 1, window: 1h }] }]
`;
  await using turnpike = await givenStandalone(
    files(shop.port, {
      'consumers.yaml': consumer('ada', 'free'),
      'free.yaml': plan('free', 'quotas: [{ name: year, requests: 3, period: Year }]'),
      'narrow.yaml': narrow,
    }),
  );
  await eventually(async () => assert.equal((await turnpike.get('/a')).status, 401));
  assert.deepEqual(
    await statuses(turnpike, 'ada', '/a', '/a', '/a', '/b', '/b', '/b'),
    [200, 429, 429, 200, 200, 429],
  );
  const { headers } = await turnpike.get('/b', as('ada'));
  assert.equal(headers['ratelimit-policy'], '"free/year";q=3');
});

test('who has a plan that is not there is refused and told which; others do not notice; it is mended by the plan', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(
    files(shop.port, {
      'consumers.yaml': [consumer('ada', 'premum'), consumer('bob', 'premium')].join('---'),
      'premium.yaml': plan('premium', 'limits: [{ name: second, requests: 1000, window: 1s }]'),
    }),
  );
  await turnpike.until('/a', 200, as('bob'));
  const refused = await turnpike.get('/a', as('ada'));
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['content-type'], 'application/problem+json');
  assert.deepEqual(JSON.parse(refused.body), {
    status: 503,
    title: 'The plan of the consumer is not available.',
    plan: 'premum',
  });
  const resolved = turnpike.conditions('Consumer', 'ada').find(({ type }) => type === 'ResolvedRefs');
  assert.deepEqual(resolved, {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'PlanNotFound',
    message:
      'spec.plan: Plan premum does not exist in namespace default; did you mean premium? Until then requests of this consumer are refused.',
  });
  await turnpike.save({ 'premum.yaml': plan('premum', 'concurrency: 5') });
  await turnpike.until('/a', 200, as('ada'));
  await turnpike.remove('premum.yaml');
  await turnpike.until('/a', 503, as('ada'));
  assert.equal((await turnpike.get('/a', as('bob'))).status, 200);
});

test('who has nearly used up a quota is told by the status and one event', async () => {
  await using shop = await givenBackend('shop');
  const quotas = 'quotas: [{ name: year, requests: 5, period: Year }]';
  await using turnpike = await givenStandalone(
    files(shop.port, { 'ada.yaml': consumer('ada', 'free'), 'free.yaml': plan('free', quotas) }),
    { quotasEveryMs: 5 },
  );
  await turnpike.until('/open', 200);
  const told = () => {
    const found = turnpike.statuses().find(({ object }) => object.kind === 'Consumer')?.status;
    return found?.kind === 'Consumer' ? found.quotas : null;
  };
  assert.deepEqual(await statuses(turnpike, 'ada', ...four), [200, 200, 200, 200]);
  const ends = `${String(new Date().getUTCFullYear() + 1)}-01-01T00:00:00Z`;
  await eventually(() =>
    assert.deepEqual(told(), [{ name: 'year', plan: 'free', used: 4, requests: 5, ends }]),
  );
  assert.deepEqual(
    turnpike.notices.filter(({ object }) => object.kind === 'Consumer').map(({ reason }) => reason),
    ['QuotaNearlyUsed'],
  );
});

test(
  'a plan and a consumer that are made anew go on where they were',
  { skip: ownRedisMissing() },
  async () => {
    await using shop = await givenBackend('shop');
    const redis = await givenRedis();
    const month = plan(
      'free',
      'quotas: [{ name: month, requests: 199, period: Month, timeZone: Europe/Berlin }]',
    );
    await using turnpike = await givenStandalone((port) => ({
      ...files(shop.port, { 'ada.yaml': consumer('ada', 'free'), 'free.yaml': month }),
      'edge.yaml': edgeWithRedisManifest(port, redis.url),
    }));
    try {
      await turnpike.until('/open', 200);
      await eventually(() =>
        assert.ok(turnpike.events.some((event) => event.kind === 'RateLimitStore' && event.available)),
      );
      let passed = 0;
      let told = '';
      const until = (status: number) =>
        eventually(async () => {
          const got = await turnpike.get('/a', as('ada'));
          if (got.status === 200) passed += 1;
          assert.equal(got.status, status);
          told = String(got.headers['ratelimit']);
        });
      await until(200);
      await turnpike.remove('free.yaml');
      await turnpike.remove('ada.yaml');
      await until(401);
      await turnpike.save({ 'ada.yaml': consumer('ada', 'free') });
      await until(503);
      await turnpike.save({ 'free.yaml': month });
      await until(200);
      assert.match(told, new RegExp(`^"free/month";r=${199 - passed};`));
    } finally {
      await turnpike.stop();
      await redis.stop();
    }
  },
);
