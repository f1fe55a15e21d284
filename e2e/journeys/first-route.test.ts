// The first hour with Turnpike on a cluster: a Gateway, what stands in its namespace then, a route, and their end.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import type { Echoed } from '../turnpike/echo.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo } from './workloads.ts';

const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: turnpike
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
`;

const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
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

const orders = { host: 'shop.example.com', path: '/orders/7' };

/** A new Gateway's pods, Service and address, on a machine of two cores. */
const programmedWithinMs = 10_000;

describe('a first Gateway and a first route', () => {
  let journey: Journey;
  let edge: Edge;

  before(async () => {
    journey = await Journey.begin('first-route');
    await journey.apply(...echo(journey.site.images.echo, 'shop'));
    await journey.rolledOut('shop');
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  it('is Programmed, and its address is answered, within ten seconds', async (test) => {
    const appliedAt = performance.now();
    await journey.apply(gateway);
    const acceptedMs = performance.now() - appliedAt;
    edge = await journey.edge();
    const answeredMs = performance.now() - appliedAt - acceptedMs;
    test.diagnostic(`its address is answered ${Math.round(answeredMs)} ms after the API server's answer`);
    assert.ok(answeredMs < programmedWithinMs, `answered after ${Math.round(answeredMs)} ms`);
    assert.match(await journey.kubectl('get', 'gateway', 'edge'), new RegExp(`${edge.address} +True`));
    assert.equal((await edge.ask(orders)).status, 404, 'there is no route yet');
  });

  it('has two data planes that may do nothing in the cluster, under the names of GEP-1762', async () => {
    const name = journey.infrastructure();
    await journey.rolledOut(name);
    assert.equal((await journey.dataPlanes()).length, 2);
    await journey.kubectl('get', `deployment/${name}`, `service/${name}`, `serviceaccount/${name}`);
    const as = `--as=system:serviceaccount:${journey.namespace}:${name}`;
    for (const kind of ['secrets', 'configmaps', 'gateways', 'endpointslices', 'pods']) {
      await assert.rejects(journey.kubectl('get', kind, as), /forbidden/);
    }
  });

  it('serves a route as soon as it says that it does', async () => {
    await journey.apply(route);
    await journey.until('httproute/shop', 'Accepted');
    await journey.until('httproute/shop', 'ResolvedRefs');
    const answer = await edge.ask(orders);
    assert.equal(answer.status, 200, answer.body);
    const { path, headers } = JSON.parse(answer.body) as Echoed;
    assert.deepEqual([path, headers['x-edge']], ['/orders/7', 'turnpike']);
    assert.match(answer.headers.get('x-served-by') ?? '', /^shop-/);
  });

  it('puts back what somebody changes by hand of what it made, and leaves the rest alone', async () => {
    const name = journey.infrastructure();
    const policy = () =>
      journey.kubectl('get', `service/${name}`, '--output=jsonpath={.spec.externalTrafficPolicy}');
    assert.equal(await policy(), 'Local');
    const patch = JSON.stringify({ spec: { externalTrafficPolicy: 'Cluster' } });
    await journey.kubectl('patch', `service/${name}`, `--patch=${patch}`);
    await journey.kubectl('annotate', `service/${name}`, 'example.com/by=hand');
    await eventually('it is put back', async () => (await policy()) === 'Local' || undefined);
    const { metadata } = (await journey.get(`service/${name}`)) as {
      metadata: { annotations?: Record<string, string> };
    };
    assert.equal(metadata.annotations?.['example.com/by'], 'hand');
    assert.equal((await edge.ask(orders)).status, 200);
  });

  it('answers 404 once the route is deleted', async () => {
    await journey.kubectl('delete', 'httproute/shop');
    await journey.answers(edge, orders, 404, { deadlineMs: 2_000 });
  });

  it('takes everything away with the Gateway', async () => {
    await journey.kubectl('delete', 'gateway/edge', '--wait', '--timeout=30s');
    const kinds =
      'deployments,services,serviceaccounts,poddisruptionbudgets,configmaps,horizontalpodautoscalers';
    const selector = '--selector=gateway.networking.k8s.io/gateway-name=edge';
    await eventually('nothing is left', async () => {
      const left = await journey.kubectl('get', kinds, selector, '--output=name');
      return left.trim() === '' ? true : undefined;
    });
  });
});
