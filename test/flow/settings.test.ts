// Policies that set values, from their manifests to what clients and backends notice.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { once } from 'node:events';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { pathRouteManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const shop = '{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }';
const edge = '{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }';
const service = '{ group: "", kind: Service, name: shop }';

function policy(
  kind: 'TrafficPolicy' | 'ClientPolicy',
  name: string,
  target: string,
  settings: string,
): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name} }
spec:
  targetRefs: [${target}]
  ${settings}
`;
}

test('an answer that a policy retries is not passed on while another attempt is left', async () => {
  let asked = 0;
  await using backend = await givenBackend('shop', {
    answer: (_request, answer) => {
      asked += 1;
      answer.writeHead(asked % 3 === 0 ? 200 : 503).end();
    },
  });
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', backend.port),
    'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
    'policy.yaml': policy(
      'TrafficPolicy',
      'again',
      service,
      'retry: { attempts: 2, codes: [503], backoff: 1ms }',
    ),
  });
  await turnpike.until('/', 200);
  const before = asked;
  assert.equal((await turnpike.get('/')).status, 200);
  assert.equal(asked - before, 3);
});

test('a rule of a route that says retry comes before its Gateway, unless that overrides', async () => {
  let asked = 0;
  await using backend = await givenBackend('shop', {
    answer: (_request, answer) => {
      asked += 1;
      answer.writeHead(503).end();
    },
  });
  const gatewayPolicy = (place: string) =>
    policy('TrafficPolicy', 'gateway', edge, `${place}retry: { attempts: 3, codes: [503], backoff: 1ms } }`);
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', backend.port),
    'routes.yaml': routeManifest(
      'shop',
      '[{ backendRefs: [{ name: shop, port: 80 }], retry: { attempts: 1, codes: [503], backoff: 1ms } }]',
    ),
    'policy.yaml': gatewayPolicy('defaults: { '),
  });
  const askedBy = async (): Promise<number> => {
    const before = asked;
    assert.equal((await turnpike.get('/')).status, 503);
    return asked - before;
  };
  await eventually(async () => assert.equal(await askedBy(), 2));
  await turnpike.save({ 'policy.yaml': gatewayPolicy('overrides: { ') });
  await eventually(async () => assert.equal(await askedBy(), 4));
});

test('content beyond what a policy allows is 413, and an answer that takes too long 504', async () => {
  await using backend = await givenBackend('shop', {
    answer: (request, answer) => {
      if (request.url !== '/slow') answer.end();
    },
  });
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', backend.port),
    'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
    'policy.yaml': policy('TrafficPolicy', 'bounds', shop, 'maxBodyBytes: "10"\n  timeouts: { head: 50ms }'),
  });
  await turnpike.until('/', 200);
  const post = (body: string) => turnpike.get('/', { method: 'POST', body });
  await eventually(async () => assert.equal((await post('01234567890')).status, 413));
  assert.equal((await post('0123456789')).status, 200);
  assert.equal((await turnpike.get('/slow')).status, 504);
});

test('the requests of a client go to one endpoint where a policy hashes them', async () => {
  await using one = await givenBackend('one');
  await using two = await givenBackend('two');
  await using three = await givenBackend('three');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', one.port, two.port, three.port),
    'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
    'policy.yaml': policy(
      'TrafficPolicy',
      'sticky',
      service,
      'balance: { type: ConsistentHash, consistentHash: { type: Header, header: { name: X-Tenant } } }',
    ),
  });
  await turnpike.until('/', 200);
  const servedBy = async (tenant: string): Promise<ReadonlySet<string>> => {
    const all = new Set<string>();
    for (let at = 0; at < 6; at += 1) {
      all.add((await turnpike.seen('/', { headers: { 'x-tenant': tenant } })).service);
    }
    return all;
  };
  const tenants = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => servedBy(name)));
  assert.ok(tenants.every((all) => all.size === 1));
  assert.ok(new Set(tenants.flatMap((all) => [...all])).size > 1, 'not all of them to the same');
});

test('an endpoint that an active check finds bad gets no requests', async () => {
  const answer =
    (name: string, healthy: boolean) =>
    (
      request: { url?: string | undefined },
      to: { writeHead(status: number): { end(text: string): void } },
    ) => {
      to.writeHead(request.url === '/healthz' && !healthy ? 500 : 200).end(name);
    };
  await using good = await givenBackend('good', { answer: answer('good', true) });
  await using bad = await givenBackend('bad', { answer: answer('bad', false) });
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', good.port, bad.port),
    'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
    'policy.yaml': policy(
      'TrafficPolicy',
      'checked',
      service,
      'healthCheck: { type: HTTP, http: { path: /healthz }, interval: 50ms, timeout: 50ms }',
    ),
  });
  await turnpike.until('/', 200);
  await eventually(async () => {
    const bodies = [];
    for (let at = 0; at < 6; at += 1) bodies.push((await turnpike.get('/')).body);
    assert.deepEqual(new Set(bodies), new Set(['good']));
  });
});

test('a Service that says h2c is spoken to in HTTP/2', async () => {
  const server = http2
    .createServer((request, answer) => void answer.end(request.httpVersion))
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => void sessions.add(session));
  try {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    await using turnpike = await givenStandalone({
      'services.yaml': serviceManifest('shop', address.port).replace(
        '{ name: http, port: 80 }',
        '{ name: http, port: 80, appProtocol: kubernetes.io/h2c }',
      ),
      'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
    });
    await turnpike.until('/', 200);
    assert.equal((await turnpike.get('/')).body, '2.0');
  } finally {
    for (const session of sessions) session.destroy();
    server.close();
  }
});

test('a client policy says what clients may send, and whose address counts', async () => {
  await using backend = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', backend.port),
    'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
  });
  await turnpike.until('/', 200);
  const long = { headers: { 'x-long': 'a'.repeat(4000), 'x-forwarded-for': '203.0.113.7, 198.51.100.1' } };
  assert.equal((await turnpike.seen('/', long)).headers['x-forwarded-for'], '127.0.0.1');
  await turnpike.save({
    'policy.yaml': policy(
      'ClientPolicy',
      'trust',
      edge,
      'clientAddress: { type: XForwardedFor, xForwardedFor: { type: Hops, hops: 1 } }\n  forwardedHeaders: { xForwarded: Append }',
    ),
  });
  await eventually(async () => {
    const { headers } = await turnpike.seen('/', long);
    assert.equal(headers['x-forwarded-for'], '203.0.113.7, 198.51.100.1, 127.0.0.1');
  });
  await turnpike.save({
    'policy.yaml': policy('ClientPolicy', 'trust', edge, 'limits: { maxHeadBytes: 2Ki }'),
  });
  await turnpike.until('/', 431, long);
  assert.equal((await turnpike.get('/')).status, 200);
  assert.match(
    turnpike.conditions('ClientPolicy', 'trust').find(({ type }) => type === 'Programmed')?.message ?? '',
    /^Port \d+: limits\.$/,
  );
});
