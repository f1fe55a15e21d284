// Listeners that a ListenerSet adds to a Gateway of another namespace: who is served by which, and who keeps a host.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { request } from '#test/given/http-client.ts';
import { classManifest, ingressManifest } from '#test/given/ingress.ts';
import { edgeManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';

/** The usual Gateway, which takes ListenerSets from everywhere. */
function openEdge(port: number): string {
  return `${edgeManifest(port)}  allowedListeners: { namespaces: { from: All } }\n`;
}

interface Set {
  readonly name: string;
  readonly namespace: string;
  readonly created: string;
  /** Each in flow style. */
  readonly listeners: readonly string[];
}

function setManifest({ name, namespace, created, listeners }: Set): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "${created}" }
spec:
  parentRef: { name: edge, namespace: default }
  listeners: [${listeners.join(', ')}]
`;
}

/** A route of `namespace` for all requests at \`parent\`, and the Service it sends them to. */
function tenantManifest(namespace: string, parent: string, port: number): string {
  const inNamespace = (text: string) =>
    text.replaceAll(/metadata: \{ /g, `metadata: { namespace: ${namespace}, `);
  const route = routeManifest(namespace, '[{ backendRefs: [{ name: tenant, port: 80 }] }]');
  return [
    inNamespace(route).replace(/parentRefs: .*/, `parentRefs: [${parent}]`),
    inNamespace(serviceManifest('tenant', port)),
  ].join('---');
}

test('each tenant has listeners of its own at the ports of one Gateway, with one name', async () => {
  const own = await aFreePort();
  await using shop = await givenBackend('shop');
  await using office = await givenBackend('office');
  await using turnpike = await givenStandalone((port) => {
    const at = (host: string) => `{ name: http, protocol: HTTP, port: ${port}, hostname: ${host} }`;
    const sets = [
      {
        name: 'set',
        namespace: 'shop',
        created: '2026-01-01T00:00:00Z',
        listeners: [at('shop.example.com')],
      },
      {
        name: 'set',
        namespace: 'office',
        created: '2026-01-02T00:00:00Z',
        listeners: [at('office.example.com'), `{ name: own, protocol: HTTP, port: ${own} }`],
      },
    ];
    return {
      'edge.yaml': openEdge(port),
      'sets.yaml': sets.map(setManifest).join('---'),
      'shop.yaml': tenantManifest('shop', '{ kind: ListenerSet, name: set }', shop.port),
      'office.yaml': tenantManifest('office', '{ kind: ListenerSet, name: set }', office.port),
    };
  });
  const whoAnswers = async (host: string, port = turnpike.port) => {
    const { status, body } = await request({ port, host });
    return status === 200 ? (JSON.parse(body) as { service: string }).service : status;
  };
  await eventually(async () => assert.equal(await whoAnswers('shop.example.com'), 'shop'));
  await eventually(async () => assert.equal(await whoAnswers('office.example.com'), 'office'));
  await eventually(async () => assert.equal(await whoAnswers('anybody.example.com', own), 'office'));
  assert.equal(
    await whoAnswers('anybody.example.com'),
    404,
    "routes of a set are not at its Gateway's listeners",
  );
});

test('a host stays with the older set, and goes to the next one when that is gone', async () => {
  await using first = await givenBackend('first');
  await using second = await givenBackend('second');
  await using turnpike = await givenStandalone((port) => {
    const listeners = [`{ name: http, protocol: HTTP, port: ${port}, hostname: shop.example.com }`];
    return {
      'edge.yaml': openEdge(port),
      'second-set.yaml': setManifest({
        name: 'second',
        namespace: 'second',
        created: '2026-01-02T00:00:00Z',
        listeners,
      }),
      'second.yaml': tenantManifest('second', '{ kind: ListenerSet, name: second }', second.port),
    };
  });
  const whoAnswers = async () => {
    const { body } = await request({ port: turnpike.port, host: 'shop.example.com' });
    return (JSON.parse(body) as { service?: string }).service;
  };
  await eventually(async () => assert.equal(await whoAnswers(), 'second'));
  const listeners = [`{ name: http, protocol: HTTP, port: ${turnpike.port}, hostname: shop.example.com }`];
  await turnpike.save({
    'first-set.yaml': setManifest({
      name: 'first',
      namespace: 'first',
      created: '2026-01-01T00:00:00Z',
      listeners,
    }),
    'first.yaml': tenantManifest('first', '{ kind: ListenerSet, name: first }', first.port),
  });
  await eventually(async () => assert.equal(await whoAnswers(), 'first'));
  const conflicts = () =>
    turnpike
      .conditions('ListenerSet', 'second')
      .filter(({ type, status }) => type === 'Conflicted' && status === 'True');
  assert.equal(conflicts().length, 1);

  await turnpike.remove('first-set.yaml');
  await eventually(async () => assert.equal(await whoAnswers(), 'second'));
  await eventually(() => assert.equal(conflicts().length, 0));
});

test('a Gateway that says nothing of ListenerSets serves none', async () => {
  const closed = await aFreePort();
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'set.yaml': setManifest({
      name: 'set',
      namespace: 'default',
      created: '2026-01-01T00:00:00Z',
      listeners: [`{ name: http, protocol: HTTP, port: ${closed} }`],
    }),
    'shop.yaml': tenantManifest('default', '{ kind: ListenerSet, name: set }, { name: edge }', shop.port),
  });
  await turnpike.until('/', 200);
  await assert.rejects(request({ port: closed, host: 'shop.example.com' }));
  assert.match(JSON.stringify(turnpike.conditions('ListenerSet', 'set')), /NotAllowed/);
});

test("a set shakes hands with the certificate of its own namespace, a client without a name with the Gateway's", async () => {
  const authority = await aTlsAuthority();
  const secure = await aFreePort();
  await using shop = await givenBackend('shop');
  const inShop = (text: string) => text.replace('metadata: {', 'metadata: { namespace: shop,');
  await using _ = await givenStandalone(async (port) => ({
    'edge.yaml': `${edgeManifest(port)}    - { name: z, protocol: HTTPS, port: ${secure}, hostname: infra.example.com, tls: { certificateRefs: [{ name: infra }] } }
  allowedListeners: { namespaces: { from: All } }
`,
    'secrets.yaml': [
      await authority.secretManifest('infra', 'infra.example.com'),
      inShop(await authority.secretManifest('shop', 'shop.example.com')),
    ].join('---'),
    'set.yaml': setManifest({
      name: 'a',
      namespace: 'shop',
      created: '2026-01-01T00:00:00Z',
      listeners: [
        `{ name: https, protocol: HTTPS, port: ${secure}, hostname: shop.example.com, tls: { certificateRefs: [{ name: shop }] } }`,
      ],
    }),
    'shop.yaml': tenantManifest('shop', '{ kind: ListenerSet, name: a }', shop.port),
  }));
  const get = (host: string) => request({ port: secure, host, ca: authority.ca });
  await eventually(async () => assert.equal((await get('shop.example.com')).status, 200));
  await assert.rejects(get('unknown.example.com'), /infra\.example\.com/);
});

test('an Ingress is served by the HTTPS listener that a set of its own namespace brings', async () => {
  const authority = await aTlsAuthority();
  const secure = await aFreePort();
  await using shop = await givenBackend('shop');
  const host = 'shop.example.com';
  const inOffice = (text: string) => text.replaceAll('metadata: { ', 'metadata: { namespace: office, ');
  await using turnpike = await givenStandalone(async (port) => ({
    'edge.yaml': openEdge(port),
    'class.yaml': classManifest('turnpike'),
    'secret.yaml': await authority.secretManifest('shop', host),
    'service.yaml': [serviceManifest('shop', shop.port), inOffice(serviceManifest('shop', shop.port))].join(
      '---',
    ),
    'ingress.yaml': ingressManifest('shop', { [host]: [['/shop', 'Prefix', 'shop']] }),
    'foreign.yaml': inOffice(ingressManifest('foreign', { [host]: [['/office', 'Prefix', 'shop']] })),
  }));
  const get = (path: string) => request({ port: secure, host, path, ca: authority.ca });
  await turnpike.until('/shop', 200, { host });
  await turnpike.save({
    'set.yaml': setManifest({
      name: 'shop',
      namespace: 'default',
      created: '2026-01-01T00:00:00Z',
      listeners: [
        `{ name: https, protocol: HTTPS, port: ${secure}, hostname: ${host}, tls: { certificateRefs: [{ name: shop }] } }`,
      ],
    }),
  });
  await eventually(async () => assert.equal((await get('/shop')).status, 200));
  assert.equal((await get('/office')).status, 404, 'the set is open to its own namespace alone');
  await turnpike.remove('set.yaml');
  await eventually(() => assert.rejects(get('/shop')));
  assert.equal((await turnpike.get('/shop', { host })).status, 200);
});
