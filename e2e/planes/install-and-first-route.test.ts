// The first hour with Turnpike, as docs/guides/api-server.md tells it: install, a Gateway, a route, traffic, and
// what kubectl shows on the way.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { gatewayKey } from '#snapshot/ids.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { namespace, service } from '../turnpike/objects.ts';
import { tokenOf, turnpikeAudience } from '../turnpike/service-account.ts';
import { statusOfSnapshot } from '../turnpike/snapshot-client.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo, Echoed } from '../turnpike/echo.ts';
import type { ServiceAccount } from '../turnpike/service-account.ts';

const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: turnpike }
spec: { controllerName: turnpike.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  gatewayClassName: turnpike
  addresses:
    - { type: IPAddress, value: 10.89.1.1 }
    - { type: IPAddress, value: 10.89.1.2 }
    - { type: IPAddress, value: 10.89.1.3 }
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
`;

const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [shop.example.com]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /orders } }]
      filters:
        - type: RequestHeaderModifier
          requestHeaderModifier: { set: [{ name: x-edge, value: turnpike }] }
      backendRefs: [{ name: shop, port: 80 }]
`;

const typo = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: typo, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /typo } }]
      backendRefs: [{ name: shopp, port: 80 }]
`;

const orders = { host: 'shop.example.com', path: '/orders/7' };

describe('installing Turnpike and a first route', () => {
  let turnpike: Turnpike;
  let echo: Echo;

  before(async () => {
    echo = await startEcho('shop-1', addressIn('backend', 1));
    turnpike = await Turnpike.install();
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await echo.stop();
  });

  it('accepts the Gateway at once, and says that it waits for a data plane', async () => {
    await turnpike.apply(gateway);
    await turnpike.kubectl('wait', '--for=condition=Accepted', '--timeout=10s', 'gatewayclass/turnpike');
    await turnpike.kubectl('wait', '--for=condition=Accepted', '--timeout=10s', 'gateway/edge');
    const programmed = await turnpike.until('gateway/edge', 'Programmed', 'False');
    assert.equal(programmed.reason, 'Pending');
    assert.match(programmed.message, /waits for a data plane/);
  });

  it('is programmed once its data planes are there, and shows its addresses', async () => {
    await turnpike.startDataPlanes(3);
    await turnpike.kubectl('wait', '--for=condition=Programmed', '--timeout=10s', 'gateway/edge');
    assert.match(await turnpike.kubectl('get', 'gateway', 'edge'), /edge +turnpike +10\.89\.1\.1 +True/);
    const { status } = (await turnpike.get('gateway/edge')) as { status: { addresses: { value: string }[] } };
    assert.deepEqual(
      status.addresses.map(({ value }) => value),
      ['10.89.1.1', '10.89.1.2', '10.89.1.3'],
    );
  });

  it('gives the snapshot to the ServiceAccount of the Gateway only, which may do nothing else', async () => {
    await turnpike.apply(namespace('elsewhere'));
    const serviceAccount = (name: string, of: string) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: of },
    });
    await turnpike.apply(serviceAccount('other', 'default'), serviceAccount('edge-turnpike', 'elsewhere'));
    const { cluster, controllers } = turnpike;
    const get = ['get', 'configmap/turnpike-ca', '--namespace=turnpike-system'];
    const ca = await turnpike.kubectl(...get, '--output=jsonpath={.data.ca\\.crt}');
    const answers = async (account: ServiceAccount, audience: string | null) => {
      const token = await tokenOf(cluster, account, audience);
      const ask = { ca, token, gateway: gatewayKey('default', 'edge') };
      return Promise.all(controllers.map(({ url }) => statusOfSnapshot({ ...ask, controller: url })));
    };
    const own = { namespace: 'default', name: 'edge-turnpike' };
    assert.deepEqual(await answers(own, turnpikeAudience), [200, 200]);
    assert.deepEqual(await answers(own, null), [401, 401], 'a token for the API server');
    assert.deepEqual(await answers({ ...own, name: 'other' }, turnpikeAudience), [403, 403]);
    assert.deepEqual(await answers({ ...own, namespace: 'elsewhere' }, turnpikeAudience), [403, 403]);

    const as = '--as=system:serviceaccount:default:edge-turnpike';
    for (const kind of ['secrets', 'configmaps', 'gateways', 'endpointslices']) {
      await assert.rejects(turnpike.kubectl('get', kind, as), /forbidden/);
    }
  });

  it('answers 404 before there is a route', async () => {
    for (const dataPlane of turnpike.dataPlanes) assert.equal((await dataPlane.ask(orders)).status, 404);
  });

  it('serves a route through each of the three data planes', async () => {
    await turnpike.apply(...service('shop', [{ address: echo.address }]), route);
    for (const type of ['Accepted', 'ResolvedRefs']) {
      await turnpike.until('httproute/shop', type, 'True');
    }
    for (const dataPlane of turnpike.dataPlanes) {
      const answer = await dataPlane.ask(orders);
      assert.equal(answer.status, 200, answer.body);
      const { service, path, headers } = JSON.parse(answer.body) as Echoed;
      assert.deepEqual([service, path, headers['x-edge']], ['shop-1', '/orders/7', 'turnpike']);
    }
  });

  it('tells a route whose Service is not there what is missing, and answers 500', async () => {
    await turnpike.apply(typo);
    const condition = await turnpike.until('httproute/typo', 'ResolvedRefs', 'BackendNotFound');
    assert.match(condition.message, /backendRefs\[0\].*Service default\/shopp does not exist; create it/);
    assert.equal((await turnpike.dataPlanes[0]?.ask({ path: '/typo' }))?.status, 500);
  });

  it('leaves what other controllers wrote on a route byte for byte', async () => {
    const parents = [
      {
        parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'other' },
        controllerName: 'example.com/other',
        conditions: [
          {
            type: 'Accepted',
            status: 'True',
            reason: 'Accepted',
            message: 'of another controller',
            observedGeneration: 1,
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    ];
    const others = async () => {
      const { status } = (await turnpike.get('httproute/shop')) as {
        status: { parents: { controllerName: string }[] };
      };
      return status.parents.filter(({ controllerName }) => controllerName === 'example.com/other');
    };
    // As careless a neighbour as can be: it replaces the whole list, ours with it.
    const patch = JSON.stringify({ status: { parents } });
    await turnpike.kubectl(
      'patch',
      'httproute/shop',
      '--subresource=status',
      '--type=merge',
      `--patch=${patch}`,
    );
    const stored = JSON.stringify(await others());
    await turnpike.until('httproute/shop', 'ResolvedRefs', 'True');
    assert.equal(JSON.stringify(await others()), stored);
    await turnpike.kubectl('label', 'httproute/shop', 'team=checkout');
    await turnpike.apply(route.replace('/orders }', '/orders/ }'));
    await eventually('our conditions are of the new generation', async () => {
      const conditions = await turnpike.conditions('httproute/shop');
      const newest = conditions.every(({ observedGeneration }) => observedGeneration === 2);
      return conditions.length > 0 && newest ? true : undefined;
    });
    assert.equal(JSON.stringify(await others()), stored);
  });

  it('writes nothing of what does not change', async () => {
    const versions = async () => {
      const printed = await turnpike.kubectl(
        'get',
        'gatewayclass,gateway,httproute,configmap,secret,events.events.k8s.io',
        '--all-namespaces',
        '--output=jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion} {end}',
      );
      return printed.split(' ').filter((one) => !one.startsWith('HTTPRoute/typo='));
    };
    const before = await versions();
    assert.ok(
      before.some((one) => one.startsWith('HTTPRoute/shop=')),
      before.join(),
    );
    await turnpike.apply(gateway, route.replace('/orders }', '/orders/ }'));
    // One route is mended: everything is looked at again, and only that one is written.
    await turnpike.apply(typo.replace('shopp', 'shop'));
    await turnpike.until('httproute/typo', 'ResolvedRefs', 'True');
    assert.deepEqual(await versions(), before);
  });

  it('shows our kinds by their short names, and whether they work', async () => {
    await turnpike.apply(`
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: shop, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules: [{ name: all, limits: [{ name: minute, requests: 1000, window: 1m }] }]
`);
    await turnpike.until('ratelimitpolicy/shop', 'Programmed', 'True');
    assert.match(await turnpike.kubectl('get', 'rlp'), /NAME +ACCEPTED +TARGETS +AGE\nshop +True +1\/1 /);
    assert.match(await turnpike.kubectl('get', 'turnpike', '--output=name'), /ratelimitpolicy.*\/shop/);
    const affected = await turnpike.conditions('httproute/shop');
    assert.ok(
      affected.some(({ type }) => type === 'turnpike.dev/RateLimitPolicyAffected'),
      JSON.stringify(affected),
    );
  });

  it('answers 404 on all data planes once the route is deleted', async () => {
    await turnpike.kubectl('delete', 'httproute/shop');
    for (const dataPlane of turnpike.dataPlanes) {
      await eventually(
        `${dataPlane.name} has forgotten the route`,
        async () => (await dataPlane.ask(orders)).status === 404 || undefined,
        { deadlineMs: 2_000, intervalMs: 5 },
      );
    }
  });
});
