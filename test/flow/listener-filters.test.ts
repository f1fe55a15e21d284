// Filters of listeners over both planes (GEP-5224): what requests meet before a route is looked for.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { givenKey } from '#test/given/api-key.ts';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { edgeManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';

const host = 'shop.example';

/** Gateway `edge` with a listener for all hosts, and one for `shop.example` that has these filters (YAML, as flows). */
function edge(port: number, ...requests: readonly string[]): string {
  return `${edgeManifest(port)}
    - name: shop
      protocol: HTTP
      port: ${port}
      hostname: ${host}
      filters: { requests: [${requests.join(', ')}] }
`;
}

/** A filter that asks a Service; `http`, and `more` beside it: YAML, as a flow. */
function asking(name: string, http = '{}', more = ''): string {
  return `{ type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: ${name}, port: 80 }, http: ${http}${more} } }`;
}

const services = (...named: readonly (readonly [name: string, backend: { readonly port: number }])[]) =>
  named.map(([name, { port }]) => serviceManifest(name, port)).join('---');

const toShop = routeManifest('shop', '[{ backendRefs: [{ name: shop, port: 80 }] }]');

test('what a service says of a request chooses its route, and nobody chooses it by words of their own', async () => {
  const asked: string[] = [];
  await using acme = await givenBackend('acme');
  await using others = await givenBackend('others');
  await using doorman = await givenBackend('doorman', {
    answer({ url = '', headers: { authorization } }, answer) {
      asked.push(url);
      answer.setHeader('host', 'admin.example');
      if (authorization === 'Bearer ada') answer.setHeader('x-tenant', 'acme');
      answer.writeHead(authorization === undefined ? 401 : 200).end();
    },
  });
  const rules = `
  - matches: [{ path: { value: /shop }, headers: [{ name: x-tenant, value: acme }] }]
    backendRefs: [{ name: acme, port: 80 }]
  - matches: [{ path: { value: /shop } }]
    backendRefs: [{ name: others, port: 80 }]`;
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': edge(port, asking('doorman', '{ allowedResponseHeaders: [X-Tenant, Host] }')),
    'services.yaml': services(['acme', acme], ['others', others], ['doorman', doorman]),
    'route.yaml': routeManifest('shop', rules),
  }));
  const bob = { authorization: 'Bearer bob' };
  await turnpike.until('/shop', 200, { host, headers: bob });

  const tenant = await turnpike.seen('/shop', { host, headers: { authorization: 'Bearer ada' } });
  assert.deepEqual(
    [tenant.service, tenant.headers['x-tenant'], tenant.headers['host']],
    ['acme', 'acme', host],
  );
  for (const forged of [
    { 'x-tenant': 'acme' },
    // of this hop, as it says: no backend gets the field, so no rule may go by it
    { 'x-tenant': 'acme', connection: 'x-tenant' },
  ]) {
    const own = await turnpike.seen('/shop', { host, headers: { ...bob, ...forged } });
    assert.deepEqual([own.service, own.headers['x-tenant']], ['others', undefined]);
  }

  // for all requests of the listener, whatever their route, and for no other listener's
  asked.length = 0;
  const statusOf = async (path: string, wanted = {}) => (await turnpike.get(path, wanted)).status;
  assert.equal(await statusOf('/nowhere', { host }), 401);
  assert.equal(await statusOf('/nowhere', { host, headers: bob }), 404);
  assert.equal(await statusOf('/shop', { host, method: 'OPTIONS' }), 401);
  assert.equal(await statusOf('/shop'), 200);
  assert.deepEqual(asked, ['/nowhere', '/nowhere', '/shop']);
});

test('filters are asked in their order, each once, and what one of them answers ends it', async () => {
  const asked: string[] = [];
  const aDoorman = (name: string) =>
    givenBackend(name, {
      answer({ headers }, answer) {
        asked.push(name);
        answer.writeHead(headers['x-deny'] === name ? 403 : 200, { 'x-by': name }).end(`by ${name}`);
      },
    });
  await using first = await aDoorman('first');
  await using second = await aDoorman('second');
  await using shop = await givenBackend('shop');
  const told = '{ allowedHeaders: [X-Deny], allowedResponseHeaders: [X-By] }';
  const inOrder = (port: number, ...names: readonly string[]) => ({
    'edge.yaml': edge(port, ...names.map((name) => asking(name, told))),
  });
  await using turnpike = await givenStandalone((port) => ({
    ...inOrder(port, 'first', 'second'),
    'services.yaml': services(['first', first], ['second', second], ['shop', shop]),
    'route.yaml': toShop,
  }));
  const denied = async (deny: string): Promise<readonly string[]> => {
    asked.length = 0;
    const { status, body } = await turnpike.get('/', { host, headers: { 'x-deny': deny } });
    assert.equal(status, 403);
    return [body, ...asked];
  };
  const passed = async (): Promise<readonly unknown[]> => {
    asked.length = 0;
    return [(await turnpike.seen('/', { host })).headers['x-by'], ...asked];
  };
  await turnpike.until('/', 200, { host });
  assert.deepEqual(await passed(), ['second', 'first', 'second']);
  assert.deepEqual(await denied('second'), ['by second', 'first', 'second']);
  assert.deepEqual(await denied('first'), ['by first', 'first']);

  await turnpike.save(inOrder(turnpike.port, 'second', 'first'));
  await eventually(async () => assert.deepEqual(await passed(), ['first', 'second', 'first']));
  assert.deepEqual(await denied('second'), ['by second', 'second']);
});

test('a listener whose filter asks nobody lets nothing pass, and no other listener answers in its place', async () => {
  await using shop = await givenBackend('shop');
  await using doorman = await givenBackend('doorman');
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': edge(port, asking('doorman')),
    'services.yaml': services(['shop', shop]),
    'route.yaml': toShop,
  }));
  await turnpike.until('/', 200);
  assert.equal((await turnpike.get('/', { host })).status, 500);
  assert(reasonsOf(turnpike).includes('ResolvedRefs InvalidListenerFilterRef'));

  await turnpike.save({ 'doorman.yaml': services(['doorman', doorman]) });
  await turnpike.until('/', 200, { host });
  await eventually(() => assert(!reasonsOf(turnpike).includes('ResolvedRefs InvalidListenerFilterRef')));
  await turnpike.remove('doorman.yaml');
  await turnpike.until('/', 500, { host });
  assert.equal((await turnpike.get('/')).status, 200);
});

function reasonsOf(turnpike: GivenStandalone): readonly string[] {
  return turnpike.conditions('Gateway', 'edge').map(({ type, reason }) => `${type} ${reason}`);
}

test('content that a listener tells a service goes on to the backend, as far as its rule allows', async () => {
  await using doorman = await givenBackend('doorman');
  await using shop = await givenBackend('shop', { answer: (request, answer) => void request.pipe(answer) });
  const limit = `
apiVersion: turnpike.dev/v1alpha1
kind: TrafficPolicy
metadata: { name: small }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  maxBodyBytes: "4"
`;
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': edge(port, asking('doorman', '{}', ', forwardBody: { maxSize: 8 }')),
    'services.yaml': services(['shop', shop], ['doorman', doorman]),
    'route.yaml': toShop,
    'limit.yaml': limit,
  }));
  await turnpike.until('/', 200, { host });
  const post = (body: string, headers = {}) => turnpike.get('/', { host, method: 'POST', headers, body });
  const small = await post('1234');
  assert.deepEqual([small.status, small.body], [200, '1234']);
  assert.equal((await post('12345')).status, 413);
  // its length is not told before
  assert.equal((await post('12345', { 'transfer-encoding': 'chunked' })).status, 413);
  assert.equal((await post('123456789', { 'transfer-encoding': 'chunked' })).status, 413);
});

test('who calls is found out before a route is looked for, which may go by it; plans hold for them', async () => {
  await using shop = await givenBackend('shop');
  await using staff = await givenBackend('staff');
  const sha256 = hash('sha256', givenKey(1), 'hex');
  const policies = `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: keys }
spec:
  targetRefs: []
  rules:
    authenticate:
      - name: keys
        type: APIKey
        apiKey: { consumerSelector: {}, identityToHeaders: [{ value: Consumer, header: x-consumer }] }
---
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: ada }
spec:
  plan: free
  credentials: [{ name: k, type: APIKey, apiKey: { prefix: ${givenKey(1).slice(0, 11)}, sha256: ${sha256} } }]
---
apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: free }
spec: { limits: [{ name: hour, requests: 2, window: 1h }] }
`;
  const rules = `
  - matches: [{ headers: [{ name: x-consumer, type: RegularExpression, value: ".*ada" }] }]
    backendRefs: [{ name: staff, port: 80 }]
  - backendRefs: [{ name: shop, port: 80 }]`;
  const keys = { group: 'turnpike.dev', kind: 'AuthPolicy', name: 'keys' };
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': edge(port, `{ type: ExtensionRef, extensionRef: ${JSON.stringify(keys)} }`),
    'services.yaml': services(['shop', shop], ['staff', staff]),
    'route.yaml': routeManifest('shop', rules),
    'policies.yaml': policies,
  }));
  await turnpike.until('/', 401, { host, headers: { 'x-consumer': 'default/ada' } });
  const ada = { host, headers: { 'x-api-key': givenKey(1) } };
  assert.equal((await turnpike.seen('/', ada)).service, 'staff');
  const spoken = { host, headers: { ...ada.headers, 'x-consumer': 'nobody' } };
  assert.equal((await turnpike.seen('/', spoken)).service, 'staff');
  assert.equal((await turnpike.get('/', ada)).status, 429);
  assert.equal((await turnpike.seen('/')).service, 'shop');

  await turnpike.remove('policies.yaml');
  await turnpike.until('/', 500, ada);
  assert.equal((await turnpike.seen('/')).service, 'shop');
});
