// Ingresses lead requests as their API says, by the Gateway of their class: manifests in a folder, real sockets. Behind
// what the cases of the Ingress API's own suite ask: default backends, hosts, classes, spreading, paths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend, type GivenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { request } from '#test/given/http-client.ts';
import { classManifest, ingressManifest, type IngressPathText } from '#test/given/ingress.ts';
import { edgeManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { aFreePort, givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';

/** Which Service answers, or the status where it is not 200. */
async function answerAt(turnpike: GivenStandalone, host: string, path: string): Promise<string | number> {
  const { status, body } = await turnpike.get(path, { host });
  return status === 200 ? (JSON.parse(body) as { readonly service: string }).service : status;
}

/** A Service for each backend. */
function manifestsOf(backends: Readonly<Record<string, GivenBackend>>): string {
  return Object.entries(backends)
    .map(([name, { port }]) => serviceManifest(name, port))
    .join('---');
}

test('each path of a host leads where it is most exact, by elements and by case', async () => {
  await using foo = await givenBackend('foo');
  await using exact = await givenBackend('exact');
  await using deep = await givenBackend('deep');
  await using old = await givenBackend('old');
  const paths: readonly IngressPathText[] = [
    ['/foo', 'Prefix', 'foo'],
    ['/foo', 'Exact', 'exact'],
    ['/foo/deep/', 'Prefix', 'deep'],
    ['/only/', 'Exact', 'exact'],
    ['/old', 'ImplementationSpecific', 'old'],
  ];
  await using turnpike = await givenStandalone({
    'class.yaml': classManifest('turnpike'),
    'services.yaml': manifestsOf({ foo, exact, deep, old }),
    'ingress.yaml': ingressManifest('paths', { 'paths.test': paths }),
  });
  await turnpike.until('/foo', 200, { host: 'paths.test' });

  for (const [path, expected] of [
    ['/foo', 'exact'],
    ['/foo/', 'foo'],
    ['/foo/x', 'foo'],
    ['/foo/deep', 'deep'],
    ['/foo/deep/', 'deep'],
    ['/foo/deep/x', 'deep'],
    ['/foo/deeper', 'foo'],
    ['/FOO', 404],
    ['/food', 404],
    ['/only/', 'exact'],
    ['/only', 404],
    ['/old/x', 'old'],
    ['/', 404],
  ] as const) {
    assert.equal(await answerAt(turnpike, 'paths.test', path), expected, path);
  }
});

test('a wildcard stands for one label, and what no rule takes goes to the default backend or is 404', async () => {
  await using wild = await givenBackend('wild');
  await using exact = await givenBackend('exact');
  await using rest = await givenBackend('rest');
  await using turnpike = await givenStandalone({
    'class.yaml': classManifest('turnpike'),
    'services.yaml': manifestsOf({ wild, exact, rest }),
    'ingress.yaml': ingressManifest('hosts', {
      '*.foo.test': [['/', 'Prefix', 'wild']],
      'foo.bar.test': [['/cart', 'Prefix', 'exact']],
    }),
  });
  await turnpike.until('/', 200, { host: 'a.foo.test' });
  const table = async (expected: Readonly<Record<string, string | number>>) => {
    for (const [host, answer] of Object.entries(expected)) {
      assert.equal(await answerAt(turnpike, host, '/cart'), answer, host);
    }
  };
  await table({
    'a.foo.test': 'wild',
    'foo.bar.test': 'exact',
    'a.b.foo.test': 404,
    'foo.test': 404,
    'x.test': 404,
  });

  await turnpike.save({ 'rest.yaml': ingressManifest('rest', {}, { defaultBackend: 'rest' }) });
  await turnpike.until('/', 200, { host: 'x.test' });
  await table({
    'a.foo.test': 'wild',
    'foo.bar.test': 'exact',
    'a.b.foo.test': 'rest',
    'foo.test': 'rest',
    'x.test': 'rest',
  });
  assert.equal(await answerAt(turnpike, 'foo.bar.test', '/other'), 'rest');
});

test('an Ingress of another class is not served, nor has it a status; one whose class is given to us is', async () => {
  await using shop = await givenBackend('shop');
  const paths: readonly IngressPathText[] = [['/', 'Prefix', 'shop']];
  await using turnpike = await givenStandalone({
    'class.yaml': classManifest('turnpike'),
    'services.yaml': serviceManifest('shop', shop.port),
    'ours.yaml': ingressManifest('ours', { 'ours.test': paths }),
    'other.yaml': ingressManifest('other', { 'other.test': paths }, { className: 'some-other' }),
  });
  await turnpike.until('/', 200, { host: 'ours.test' });
  assert.equal(await answerAt(turnpike, 'other.test', '/'), 404);
  const named = () => turnpike.statuses().map(({ object }) => object.name);
  assert.ok(named().includes('ours') && !named().includes('other'));
  await turnpike.save({ 'other.yaml': ingressManifest('other', { 'other.test': paths }) });
  await turnpike.until('/', 200, { host: 'other.test' });
  const status = turnpike.statuses().find(({ object }) => object.name === 'other')?.status;
  assert.deepEqual(status?.kind === 'Ingress' && status.addresses, [
    { type: 'IPAddress', value: '127.0.0.1' },
  ]);
});

test('the certificate of a Secret is shown for the hosts that name it; a missing one fails nobody else', async () => {
  const authority = await aTlsAuthority();
  const secure = await aFreePort();
  await using shop = await givenBackend('shop');
  const paths: readonly IngressPathText[] = [['/', 'Prefix', 'shop']];
  await using turnpike = await givenStandalone(async (port) => ({
    'edge.yaml': `${edgeManifest(port)}
    - { name: https, protocol: HTTPS, port: ${secure}, tls: { options: { turnpike.dev/certificates: Ingress } } }
`,
    'class.yaml': classManifest('turnpike'),
    'services.yaml': serviceManifest('shop', shop.port),
    'secrets.yaml': await authority.secretManifest('shop', 'shop.test'),
    'ingress.yaml': ingressManifest('shop', { 'shop.test': paths }, { tls: { 'shop.test': 'shop' } }),
    'gone.yaml': ingressManifest('gone', { 'gone.test': paths }, { tls: { 'gone.test': 'gone' } }),
  }));
  const { ca } = authority;
  const secureGet = (host: string) => request({ port: secure, host, ca });
  await eventually(async () => assert.equal((await secureGet('shop.test')).status, 200));
  assert.match((await secureGet('shop.test')).body, /"x-forwarded-proto":"https"/);
  await assert.rejects(secureGet('gone.test'), /altnames|not match/u);
  assert.equal(await answerAt(turnpike, 'gone.test', '/'), 'shop');
  assert.equal(await answerAt(turnpike, 'shop.test', '/'), 'shop');
  assert.ok(
    turnpike.notices.some(
      ({ object, message }) => object.name === 'gone' && message.includes('Secret default/gone'),
    ),
  );
  await turnpike.save({ 'gone-secret.yaml': await authority.secretManifest('gone', 'gone.test') });
  await eventually(async () => assert.equal((await secureGet('gone.test')).status, 200));
});

test('a backend that is missing fails its own path alone, and policies of the Gateway guard all', async () => {
  await using shop = await givenBackend('shop');
  const backends = [await givenBackend('many'), await givenBackend('many'), await givenBackend('many')];
  await using turnpike = await givenStandalone({
    'class.yaml': classManifest('turnpike'),
    'services.yaml': [
      serviceManifest('shop', shop.port),
      serviceManifest('many', ...backends.map((one) => one.port)),
    ].join('---'),
    'ingress.yaml': ingressManifest('shop', {
      'shop.test': [
        ['/', 'Prefix', 'shop'],
        ['/gone', 'Prefix', 'gone'],
        ['/many', 'Prefix', 'many'],
      ],
    }),
  });
  await turnpike.until('/', 200, { host: 'shop.test' });
  assert.equal(await answerAt(turnpike, 'shop.test', '/gone/x'), 500);
  for (let sent = 0; sent < 12; sent += 1) await answerAt(turnpike, 'shop.test', '/many');
  assert.ok(
    backends.every((one) => one.requests() > 0),
    'all endpoints of a Service are used',
  );

  await turnpike.save({
    'policy.yaml': `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: staff }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  rules: { authenticate: [{ name: users, type: Basic, basic: { secretRef: { name: users, key: auth } } }] }
---
apiVersion: v1
kind: Secret
metadata: { name: users }
stringData: { auth: "ada:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=" }
`,
  });
  await turnpike.until('/many', 401, { host: 'shop.test' });
  for (const one of backends) await one[Symbol.asyncDispose]();
});

test('a Service that asks for it gets a route, until one is written for its place', async () => {
  await using cart = await givenBackend('cart');
  await using other = await givenBackend('other');
  const annotated = (place: string) =>
    serviceManifest('cart', cart.port).replace(
      'metadata: { name: cart }',
      `metadata: { name: cart, annotations: { turnpike.dev/expose: ${place} } }`,
    );
  await using turnpike = await givenStandalone({
    'cart.yaml': serviceManifest('cart', cart.port),
    'other.yaml': serviceManifest('other', other.port),
  });
  assert.equal((await turnpike.get('/cart')).status, 404);
  await turnpike.save({ 'cart.yaml': annotated('shop.test/cart') });
  await turnpike.until('/cart', 200, { host: 'shop.test' });
  assert.equal(await answerAt(turnpike, 'shop.test', '/cart/x'), 'cart');
  assert.equal(await answerAt(turnpike, 'shop.test', '/carts'), 404);
  assert.equal(await answerAt(turnpike, 'else.test', '/cart'), 404);

  const route = pathRouteManifest('cart', '/cart', 'other').replace(
    'hostnames: []',
    'hostnames: [shop.test]',
  );
  await turnpike.save({ 'route.yaml': route });
  await eventually(async () => assert.equal(await answerAt(turnpike, 'shop.test', '/cart'), 'other'));
  assert.ok(
    turnpike.notices.some(
      ({ object, reason, message }) =>
        object.kind === 'Service' && reason === 'RouteTaken' && message.includes('HTTPRoute default/cart'),
    ),
  );
  await turnpike.remove('route.yaml');
  await eventually(async () => assert.equal(await answerAt(turnpike, 'shop.test', '/cart'), 'cart'));
  await turnpike.save({ 'cart.yaml': annotated('Shop.test/cart') });
  await turnpike.until('/cart', 404, { host: 'shop.test' });
  assert.ok(
    turnpike.notices.some(
      ({ object, reason }) => object.kind === 'Service' && reason === 'InvalidAnnotation',
    ),
  );
});
