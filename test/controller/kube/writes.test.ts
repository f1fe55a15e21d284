import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#controller/clock.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { KubeLeaseClient } from '#controller/kube/lease-client.ts';
import { microTime } from '#controller/kube/micro-time.ts';
import { applyObject, configMaps, createObject, replaceObject } from '#controller/kube/objects.ts';
import { KubeStatusClient } from '#controller/kube/status-client.ts';
import { reviewToken } from '#controller/kube/token-review.ts';
import { kinds } from '#crds/kind.ts';
import { refuse, startApiServer } from '#test/given/api-server.ts';
import type { Fault } from '#test/given/api-server.ts';
import type { TestContext } from 'node:test';

const routes = '/apis/gateway.networking.k8s.io/v1/httproutes';
const leases = '/apis/coordination.k8s.io/v1/leases';
const maps = '/api/v1/configmaps';

async function given(t: TestContext) {
  const server = await startApiServer(t, routes, leases, maps);
  const client = new KubeClient(server.connection, systemClock);
  t.after(() => client.close());
  return { server, client };
}

test('a status is written with its version, and only its own fields', async (t) => {
  const { server, client } = await given(t);
  const statuses = new KubeStatusClient(client, kinds);
  const status = { other: 'kept', parents: [{ controllerName: 'x' }] };
  server.put(routes, { metadata: { name: 'a', namespace: 'shop', generation: 3 }, spec: {}, status });
  const object = { kind: 'HTTPRoute', namespace: 'shop', name: 'a' };
  const live = await statuses.read(object);
  assert.equal(live?.generation, 3);
  const result = await statuses.write(object, live.resourceVersion, { parents: [] });
  assert(result.kind === 'Written');
  assert.deepEqual(result.live.status, { other: 'kept', parents: [] });
  const request = server.requests.at(-1);
  assert.equal(request?.path, '/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/a/status');
  assert.equal(request.contentType, 'application/merge-patch+json');
  assert.equal((await statuses.write(object, live.resourceVersion, { parents: [] })).kind, 'Conflict');
  server.delete(routes, 'shop', 'a');
  assert.equal((await statuses.write(object, '1', {})).kind, 'Gone');
  assert.equal(await statuses.read(object), null);
});

test('a lease is created, read and renewed, with times of six digits', async (t) => {
  const { server, client } = await given(t);
  const lease = new KubeLeaseClient(client, 'turnpike', 'controller');
  assert.equal(await lease.read(), null);
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 67);
  const wanted = {
    resourceVersion: '',
    holder: 'a',
    durationSeconds: 15,
    acquiredAt: now,
    renewedAt: now,
    transitions: 0,
    address: '10.0.0.1:8443',
  };
  const created = await lease.create(wanted);
  assert.deepEqual(created, { ...wanted, resourceVersion: created.resourceVersion });
  assert.deepEqual(await lease.read(), created);
  const spec = server.get(leases, 'turnpike', 'controller')?.['spec'];
  assert.equal((spec as { renewTime: string }).renewTime, '2026-01-02T03:04:05.067000Z');
  const renewed = await lease.update({ ...created, renewedAt: now + 2_000 });
  assert.notEqual(renewed.resourceVersion, created.resourceVersion);
  await assert.rejects(lease.update(created), (error) => error instanceof KubeError);
  assert.equal(microTime(0), '1970-01-01T00:00:00.000000Z');
});

test('whole objects are created, replaced by version, and applied under our name', async (t) => {
  const { server, client } = await given(t);
  const place = { ...configMaps, namespace: 'turnpike', name: 'ca' };
  const object = { metadata: { name: 'ca', namespace: 'turnpike' }, data: { a: '1' } };
  const created = await createObject(client, place, object);
  await replaceObject(client, place, { ...created, data: { a: '2' } });
  await assert.rejects(
    replaceObject(client, place, created),
    (error) => error instanceof KubeError && error.failure === 'Conflict',
  );
  await applyObject(client, place, { ...object, data: { a: '3' } });
  const request = server.requests.at(-1);
  assert.equal(request?.contentType, 'application/apply-patch+yaml');
  assert.equal(request.query.get('fieldManager'), 'turnpike-controller');
  assert.equal(request.query.get('force'), 'true');
  assert.deepEqual(server.get(maps, 'turnpike', 'ca')?.['data'], { a: '3' });
});

const claims = (more: object) =>
  ['e30', Buffer.from(JSON.stringify(more)).toString('base64url'), 'signature'].join('.');

function reviews(status: object): Fault {
  return (request, response) => {
    if (!request.path.endsWith('/tokenreviews')) return false;
    response.end(JSON.stringify({ status }));
    return true;
  };
}

const user = { username: 'system:serviceaccount:shop:edge-turnpike' };

test('a token of a ServiceAccount for our audience is told by namespace, name and expiry', async (t) => {
  const { server, client } = await given(t);
  server.faults.add(reviews({ authenticated: true, audiences: ['turnpike.dev'], user }));
  assert.deepEqual(await reviewToken(client, claims({ exp: 2_000_000_000 }), 'turnpike.dev'), {
    ok: true,
    namespace: 'shop',
    serviceAccount: 'edge-turnpike',
    expiresAtMs: 2_000_000_000_000,
  });
  assert.deepEqual(server.requests.at(-1)?.body, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: claims({ exp: 2_000_000_000 }), audiences: ['turnpike.dev'] },
  });
});

for (const [what, status, token] of [
  ['nobody knows', { authenticated: false }, claims({ exp: 1 })],
  ['is for another audience', { authenticated: true, audiences: ['other'], user }, claims({ exp: 1 })],
  ['was checked without an audience', { authenticated: true, user }, claims({ exp: 1 })],
  [
    'is of a person',
    { authenticated: true, audiences: ['turnpike.dev'], user: { username: 'jane' } },
    claims({ exp: 1 }),
  ],
  ['never expires', { authenticated: true, audiences: ['turnpike.dev'], user }, claims({})],
  ['is endless', { authenticated: true, audiences: ['turnpike.dev'], user }, 'a'.repeat(20_000)],
] as const) {
  test(`a token that ${what} is nobody's`, async (t) => {
    const { server, client } = await given(t);
    server.faults.add(reviews(status));
    assert.equal((await reviewToken(client, token, 'turnpike.dev')).ok, false);
  });
}

test('a server that cannot tell whose token it is is an error and no answer', async (t) => {
  const { server, client } = await given(t);
  server.faults.add((_request, response) => refuse(response, 500));
  await assert.rejects(
    reviewToken(client, 'token', 'turnpike.dev'),
    (error) => error instanceof KubeError && error.failure === 'Server',
  );
});
