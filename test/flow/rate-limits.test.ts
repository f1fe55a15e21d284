// A RateLimitPolicy admits a burst and then a rate, for each client by itself; with Redis, with others together.
import assert from 'node:assert/strict';
import http, { type ServerResponse } from 'node:http';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client } from '#test/given/h2-client.ts';
import { limitedPolicy, limitedRouteFiles } from '#test/given/limited-route.ts';
import { edgeWithRedisManifest, pathRouteManifest } from '#test/given/manifests.ts';
import { givenRedis, ownRedisMissing } from '#test/given/redis.ts';
import { givenStandalone } from '#test/given/standalone.ts';

function policy(key: string, requests: number): string {
  return limitedPolicy(`key: ${key}`, `limits: [{ name: hour, requests: ${requests}, window: 1h }]`);
}

/** By address, with a limit of another kind. */
function policyWith(limit: string): string {
  return limitedPolicy(`limits: [${limit}]`);
}

/** Lets a request go on every other second, and gives each 100 ms. */
const impatient = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: impatient }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /impatient } }]
      timeouts: { request: 100ms }
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: impatient }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: impatient }]
  rules:
    - name: each
      limits: [{ name: evenly, requests: 1, algorithm: LeakyBucket, window: 2s }]
`;

test('after the limit 429, with the fields that tell how much is left and when to come again', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policy('{ type: ClientAddress }', 3),
  });
  await turnpike.until('/open', 200);

  const answers = [];
  for (let at = 0; at < 4; at += 1) answers.push(await turnpike.get('/limited'));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 429],
  );
  assert.deepEqual(
    answers.map(({ headers }) => /r=(\d+)/.exec(String(headers['ratelimit']))?.[1]),
    ['2', '1', '0', '0'],
  );
  assert.match(String(answers[0]?.headers['ratelimit-policy']), /q=3/);
  const again = Number(answers[3]?.headers['retry-after']);
  assert.ok(again > 1190 && again <= 1260, 'a third of an hour for one of three, or a minute later');
  assert.equal(shop.requests(), 4, 'three of them and the one that was waited for');
  assert.equal((await turnpike.get('/open')).status, 200);
});

test('a calendar’s limit is there again when its window is over, and is not before', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policyWith(
      '{ name: year, requests: 2, algorithm: FixedWindow, calendar: { period: Year } }',
    ),
  });
  await turnpike.until('/open', 200);

  const answers = [];
  for (let at = 0; at < 3; at += 1) answers.push(await turnpike.get('/limited'));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 429],
  );
  assert.equal(answers[0]?.headers['ratelimit-policy'], '"limited/each/year";q=2');
  const again = Number(answers[2]?.headers['retry-after']);
  const newYear = Date.UTC(new Date().getUTCFullYear() + 1, 0);
  const later = again - (newYear - Date.now()) / 1000;
  assert.ok(later > -10 && later <= 61, `${again} s`);
});

test('a window that slides lets the next one in as the requests before it leave it', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policyWith('{ name: day, requests: 4, algorithm: SlidingWindow, window: 24h }'),
  });
  await turnpike.until('/open', 200);

  const answers = [];
  for (let at = 0; at < 5; at += 1) answers.push(await turnpike.get('/limited'));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 429],
  );
  assert.equal(answers[0]?.headers['ratelimit-policy'], '"limited/each/day";q=4;w=86400');
  // Data planes that count for themselves begin a window when they start; a quarter of it must have left.
  const again = Number(answers[4]?.headers['retry-after']);
  assert.ok(again > 86_400 && again <= 1.25 * 86_400 + 60, `${again} s`);
});

test('requests that come sooner than their limit lets them wait for their time, as far as there is room', async () => {
  const came: number[] = [];
  await using shop = await givenBackend('shop', {
    answer: (request, answer) => {
      if (request.url === '/limited') came.push(performance.now());
      answer.end();
    },
  });
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policyWith('{ name: evenly, requests: 10, algorithm: LeakyBucket, window: 1s, queue: 3 }'),
    'impatient.yaml': impatient,
  });
  await turnpike.until('/open', 200);

  const answers = await Promise.all(Array.from({ length: 6 }, () => turnpike.get('/limited')));
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, 200, 200, 200, 429, 429],
  );
  const [first = 0, , , last = 0] = came;
  assert.ok(last - first >= 290, `the last of four came ${last - first} ms after the first`);

  // A request may wait for no longer than its route allows.
  const hasty = await Promise.all([turnpike.get('/impatient'), turnpike.get('/impatient')]);
  assert.deepEqual(
    hasty.map(({ status }) => status).sort((a, b) => a - b),
    [200, 504],
  );
});

test('of requests that take long only so many are under way, until one is over or its client has gone', async () => {
  const held: ServerResponse[] = [];
  await using shop = await givenBackend('shop', {
    answer: (request, answer) => {
      if (request.url === '/limited') held.push(answer);
      else answer.end();
    },
  });
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policyWith('{ name: at-a-time, requests: 2, algorithm: Concurrency }'),
  });
  await turnpike.until('/open', 200);

  const leaving = http.get({ port: turnpike.port, path: '/limited', headers: { host: 'example.com' } });
  leaving.on('error', () => undefined);
  const first = turnpike.get('/limited');
  await eventually(() => assert.equal(held.length, 2));
  const refused = await turnpike.get('/limited');
  assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1']);

  leaving.destroy();
  const second = (async () => {
    let answer = await turnpike.get('/limited');
    while (answer.status === 429) answer = await turnpike.get('/limited');
    return answer;
  })();
  await eventually(() => assert.equal(held.length, 3));
  for (const answer of held) answer.end();
  assert.deepEqual([(await first).status, (await second).status], [200, 200]);
});

test('clients that a header tells apart do not use up each other', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policy('{ type: Header, header: { name: x-tenant } }', 2),
  });
  await turnpike.until('/open', 200);

  const as = async (tenant: string) =>
    (await turnpike.get('/limited', { headers: { 'x-tenant': tenant } })).status;
  assert.deepEqual([await as('a'), await as('a'), await as('a')], [200, 200, 429]);
  assert.deepEqual([await as('b'), await as('b'), await as('b')], [200, 200, 429]);
});

test('cookies and methods tell apart whom they name', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': `${policy('{ type: Cookie, cookie: { name: device }, onUnknownKey: Skip }', 1)}
    - name: methods
      key: { type: Method }
      limits: [{ name: hour, requests: 2, window: 1h }]
`,
  });
  await turnpike.until('/open', 200);

  const by = async (method: string, cookie: string) =>
    (await turnpike.get('/limited', { method, headers: cookie === '' ? {} : { cookie } })).status;
  assert.deepEqual([await by('GET', 'device=a'), await by('GET', 'device=a')], [200, 429]);
  assert.deepEqual([await by('PUT', 'device=b'), await by('PUT', ''), await by('PUT', '')], [200, 200, 429]);
});

test('who lacks what is counted by may be refused, and nothing promises that coming again helps', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policy('{ type: Header, header: { name: x-tenant }, onUnknownKey: Refuse }', 2),
  });
  await turnpike.until('/open', 200);

  const { status, headers, body } = await turnpike.get('/limited');
  assert.equal(status, 403);
  assert.equal(body, '{"status":403,"title":"The request lacks what it would be counted by."}\n');
  const promises = ['retry-after', 'ratelimit', 'ratelimit-policy', 'x-ratelimit-reset'];
  assert.deepEqual(
    promises.filter((name) => name in headers),
    [],
  );
  assert.equal((await turnpike.get('/limited', { headers: { 'x-tenant': 'a' } })).status, 200);
  using client = await anH2Client(turnpike.port);
  const call = { ':path': '/limited', 'content-type': 'application/grpc', te: 'trailers' };
  const answered = await client.ask({ headers: call, body: '' });
  assert.deepEqual(
    [answered.headers['grpc-status'], answered.headers['grpc-status-details-bin']],
    ['7', undefined],
  );
});

test('a call of gRPC over the limit is told to come again, and when', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policy('{ type: ClientAddress }', 1),
  });
  await turnpike.until('/limited', 200);
  using client = await anH2Client(turnpike.port);
  const { status, headers } = await client.ask({
    headers: { ':path': '/limited', 'content-type': 'application/grpc', te: 'trailers' },
    body: '',
  });
  assert.deepEqual(
    [status, headers['grpc-status'], headers['ratelimit']?.slice(0, 25)],
    [200, '8', '"limited/each/hour";r=0;t'],
  );
  const details = Buffer.from(String(headers['grpc-status-details-bin']), 'base64').toString('latin1');
  assert.match(details, /Too many requests\..*google\.rpc\.RetryInfo/su);
});

test('who is exempt from a rule is not counted by it', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': `${policy('{ type: ClientAddress }', 1)}
      exempt: { addresses: [127.0.0.1/32] }
    - name: others
      exempt: { addresses: [127.0.0.2/32] }
      limits: [{ name: hour, requests: 2, window: 1h }]
`,
  });
  await turnpike.until('/open', 200);

  const asked = async () => (await turnpike.get('/limited')).status;
  assert.deepEqual([await asked(), await asked(), await asked()], [200, 200, 429], 'by the second rule');
});

test('changing a route does not give a client its limit anew', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policy('{ type: ClientAddress }', 2),
  });
  await turnpike.until('/open', 200);
  assert.equal((await turnpike.get('/limited')).status, 200);
  assert.equal((await turnpike.get('/limited')).status, 200);

  await turnpike.save({
    'routes.yaml': [
      pathRouteManifest('limited', '/limited', 'shop'),
      pathRouteManifest('open', '/new', 'shop'),
    ].join('---'),
  });
  await turnpike.until('/new', 200);
  assert.equal((await turnpike.get('/limited')).status, 429);
});

test(
  'with Redis two gateways count together, and its death fails no request',
  { skip: ownRedisMissing() },
  async (t) => {
    const redis = await givenRedis();
    t.after(() => redis.stop());
    await using shop = await givenBackend('shop');
    const given = (port: number) => ({
      ...limitedRouteFiles(shop.port),
      'edge.yaml': edgeWithRedisManifest(port, redis.url),
      'policy.yaml': policy('{ type: ClientAddress }', 10),
    });
    await using one = await givenStandalone(given);
    await using two = await givenStandalone(given);
    for (const turnpike of [one, two]) {
      await turnpike.until('/open', 200);
      await eventually(() => assert.ok(turnpike.events.some((event) => isStore(event, true))));
    }

    const statuses = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => (await (at % 2 === 0 ? one : two).get('/limited')).status),
    );
    assert.equal(statuses.filter((status) => status === 200).length, 10);
    assert.equal(statuses.filter((status) => status === 429).length, 20);

    await redis.kill();
    for (let at = 0; at < 10; at += 1) {
      assert.ok((await one.get('/limited')).status < 500);
      assert.equal((await one.get('/open')).status, 200);
    }
    await eventually(() => assert.ok(one.events.some((event) => isStore(event, false))));
  },
);

function isStore(
  event: { readonly kind: string; readonly available?: boolean },
  available: boolean,
): boolean {
  return event.kind === 'RateLimitStore' && event.available === available;
}
