// API keys from manifests to requests: whoever shows one is its consumer to the backend, until it is taken away.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenKey } from '#test/given/api-key.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const policy = authPolicyManifest(
  'orders',
  `
    authenticate:
      - name: partners
        type: APIKey
        apiKey:
          consumerSelector: { matchLabels: { tier: partner } }
          secretSelector: { matchLabels: { keys: partners } }
          identityToHeaders: [{ value: Consumer, header: x-consumer }]`,
);

const sha256 = (key: string): string => hash('sha256', key, 'hex');

function consumer(...keys: readonly string[]): string {
  return consumerOf('default', ...keys);
}

function consumerOf(namespace: string, ...keys: readonly string[]): string {
  const credentials = keys.map(
    (key) => `
    - { name: k${key.slice(3, 11)}, type: APIKey, apiKey: { prefix: ${key.slice(0, 11)}, sha256: "${sha256(key)}" } }`,
  );
  return `
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: acme, namespace: ${namespace}, labels: { tier: partner } }
spec:
  credentials: ${credentials.length === 0 ? '[]' : credentials.join('')}
`;
}

function secret(text: string): string {
  return `
apiVersion: v1
kind: Secret
metadata: { name: many, labels: { keys: partners } }
stringData:
  partners: ${JSON.stringify(text)}
`;
}

const showing = (key: string) => ({ headers: { 'x-api-key': key, 'x-consumer': 'admin' } });

test('keys of Consumers and Secrets let in, new ones beside old ones, and revoked ones no more within a second', async () => {
  await using shop = await givenBackend('shop');
  const [first, second, many, plain] = [givenKey(1), givenKey(2), givenKey(3), 'a-plain-key-of-long-ago'];
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': pathRouteManifest('orders', '/orders', 'shop'),
    'policy.yaml': policy,
    'consumer.yaml': consumer(first),
    'secret.yaml': secret(`sha256:${sha256(many)};consumer=eve`),
    'plain.yaml': secret(plain).replace('name: many', 'name: plain').replace('partners:', 'old:'),
  });
  await turnpike.until('/orders', 200, showing(first));
  assert.equal((await turnpike.get('/orders')).status, 401);
  assert.equal((await turnpike.get('/orders', showing(second))).status, 401);
  const seen = await turnpike.seen('/orders', showing(first));
  assert.deepEqual([seen.headers['x-consumer'], seen.headers['x-api-key']], ['acme', undefined]);
  assert.equal((await turnpike.seen('/orders', showing(many))).headers['x-consumer'], 'eve');
  assert.equal((await turnpike.seen('/orders', showing(plain))).headers['x-consumer'], 'old');

  await turnpike.save({ 'consumer.yaml': consumer(first, second) });
  await turnpike.until('/orders', 200, showing(second));
  assert.equal((await turnpike.get('/orders', showing(first))).status, 200);

  const revoked = performance.now();
  await turnpike.save({ 'consumer.yaml': consumer(second), 'secret.yaml': secret('# nobody') });
  await eventually(async () => {
    const answers = await Promise.all([first, many].map((key) => turnpike.get('/orders', showing(key))));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401],
    );
  });
  assert.ok(performance.now() - revoked < 1_000, `${performance.now() - revoked} ms`);
  assert.equal((await turnpike.get('/orders', showing(second))).status, 200);
});

test('no key stands in statuses, notices, events or reports', async () => {
  await using shop = await givenBackend('shop');
  const plain = 'a-plain-key-of-long-ago';
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': pathRouteManifest('orders', '/orders', 'shop'),
    'policy.yaml': policy,
    'secret.yaml': secret(plain),
  });
  await turnpike.until('/orders', 200, showing(plain));
  assert.equal((await turnpike.get('/orders', showing(`${plain}-wrong`))).status, 401);
  const { notices, events, folderReports } = turnpike;
  const told = JSON.stringify({ statuses: turnpike.statuses(), notices, events, folderReports });
  assert.match(told, /PlainCredentials/);
  assert.ok(!told.includes(plain));
});

function grant(to: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: consumers, namespace: office }
spec:
  from: [{ group: turnpike.dev, kind: AuthPolicy, namespace: default }]
  to: [{ group: turnpike.dev, kind: Consumer${to} }]
`;
}

test('Consumers of another namespace count where that allows it and the policy names it, under names of their own', async () => {
  await using shop = await givenBackend('shop');
  const [own, theirs] = [givenKey(4), givenKey(5)];
  const both = policy.replace('consumerSelector: {', 'consumerSelector: { namespaces: [default, office],');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': pathRouteManifest('orders', '/orders', 'shop'),
    'policy.yaml': policy,
    // The key of another namespace's consumer, taken over by its hash, stays that of the policy's own.
    'consumers.yaml': [consumer(own), consumerOf('office', theirs, own)].join('---'),
    'grant.yaml': grant(''),
  });
  const statusOf = async (key: string) => (await turnpike.get('/orders', showing(key))).status;
  const consumerTold = async (key: string) => {
    const { headers } = await turnpike.seen('/orders', showing(key));
    return headers['x-consumer'];
  };
  await turnpike.until('/orders', 200, showing(own));
  assert.equal(await statusOf(theirs), 401, 'the policy does not name it');

  await turnpike.save({ 'policy.yaml': both });
  await turnpike.until('/orders', 200, showing(theirs));
  assert.equal(await consumerTold(theirs), 'office/acme');
  assert.equal(await consumerTold(own), 'acme');

  const others = [
    '# none',
    grant('').replace('kind: Consumer', 'kind: Secret'),
    grant('').replace('namespace: default', 'namespace: other'),
    grant('').replace('kind: AuthPolicy', 'kind: RateLimitPolicy'),
    grant(', name: another'),
  ];
  for (const other of others) {
    await turnpike.save({ 'grant.yaml': grant('') });
    await turnpike.until('/orders', 200, showing(theirs));
    const withdrawn = performance.now();
    await turnpike.save({ 'grant.yaml': other });
    await turnpike.until('/orders', 401, showing(theirs));
    assert.ok(performance.now() - withdrawn < 1_000, `${performance.now() - withdrawn} ms`);
  }
  assert.equal(await statusOf(own), 200);
  await eventually(() => {
    const told = turnpike.conditions('AuthPolicy', 'orders').map(({ message }) => message);
    assert.ok(told.some((message) => message.includes('no Consumer of the namespace office')));
  });
  await turnpike.save({ 'grant.yaml': grant(', name: acme') });
  await turnpike.until('/orders', 200, showing(theirs));
});
