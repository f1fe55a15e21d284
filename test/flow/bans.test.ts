// Addresses that an operator bans: from the manifest to the connection that is not taken.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import type { Wanted } from '#test/given/http-client.ts';
import { pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';

function ban(name: string, spec: string, namespace = 'default'): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`;
}

const hops = `
apiVersion: turnpike.dev/v1alpha1
kind: ClientPolicy
metadata: { name: behind }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  clientAddress: { type: XForwardedFor, xForwardedFor: { type: Hops, hops: 1 } }
`;

const [mallory, ada] = ['127.0.0.66', '127.0.0.1'];

async function givenShop(files: Readonly<Record<string, string>> = {}) {
  const shop = await givenBackend('shop');
  const turnpike = await givenStandalone({
    'shop.yaml': `${serviceManifest('shop', shop.port)}---${pathRouteManifest('shop', '/', 'shop')}`,
    ...files,
  });
  await turnpike.until('/', 200);
  return Object.assign(turnpike, { shop });
}

/** Settles when no connection from the address is taken. */
async function untilNoConnection(turnpike: GivenStandalone, from: string): Promise<void> {
  await eventually(() => assert.rejects(turnpike.get('/', { from }), { code: 'ECONNRESET' }));
}

test('a banned address gets no connection, and 403 on those it has; everybody else goes on', async () => {
  await using turnpike = await givenShop();
  using agent = closing(new http.Agent({ keepAlive: true, maxSockets: 1 }));
  const kept = { agent, from: mallory } as Partial<Wanted>;
  assert.equal((await turnpike.get('/', kept)).status, 200);

  await turnpike.save({ 'ban.yaml': ban('mallory', `{ addresses: [${mallory}/32], reason: probing }`) });
  await untilNoConnection(turnpike, mallory);
  const { status, headers, body } = await turnpike.get('/', kept);
  assert.deepEqual(
    { status, type: headers['content-type'], body },
    {
      status: 403,
      type: 'application/problem+json',
      body: '{"status":403,"title":"The address is banned."}\n',
    },
  );
  assert.equal((await turnpike.get('/', { from: ada })).status, 200);

  await turnpike.remove('ban.yaml');
  await turnpike.until('/', 200, { from: mallory });
  await turnpike.shop[Symbol.asyncDispose]();
});

test('a ban is over at its time, and holds at no Gateway of another namespace', async () => {
  await using turnpike = await givenShop({
    'bans.yaml': [
      ban('over', `{ addresses: [${ada}/32], expires: "2026-01-01T00:00:00Z" }`),
      ban('elsewhere', '{ addresses: [0.0.0.0/0] }', 'tenant'),
    ].join('---'),
  });
  assert.equal((await turnpike.get('/', { from: ada })).status, 200);
  await turnpike.save({ 'here.yaml': ban('here', '{ addresses: [127.0.0.64/26] }') });
  await untilNoConnection(turnpike, mallory);
  assert.equal((await turnpike.get('/', { from: ada })).status, 200);
  await turnpike.shop[Symbol.asyncDispose]();
});

test('behind a load balancer clients are banned, by what it says of them, and never itself', async () => {
  await using turnpike = await givenShop({
    'client.yaml': hops,
    'bans.yaml': ban('both', `{ addresses: [192.0.2.7/32, ${ada}/32] }`),
  });
  const as = (client: string) => turnpike.get('/', { from: ada, headers: { 'x-forwarded-for': client } });
  await turnpike.until('/', 403, { headers: { 'x-forwarded-for': '192.0.2.7' } });
  assert.equal((await as('192.0.2.8')).status, 200);
  assert.equal(
    (await as('192.0.2.7, 192.0.2.8')).status,
    200,
    'what the client has written counts for nothing',
  );
  assert.equal((await turnpike.get('/', { from: ada })).status, 200, 'of its own, such as a health check');
  await turnpike.shop[Symbol.asyncDispose]();
});

function closing(agent: http.Agent): http.Agent & Disposable {
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}
