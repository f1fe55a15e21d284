// From where a Gateway is to be reached (GEP-5093), against a real API server: it gives clusterIPs, and refuses them.
// Load balancers' addresses are written by hand.
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { routabilities } from '#test/crds/routability-cases.ts';
import { eventually } from '../cluster/eventually.ts';
import { gateway, Shop } from '../turnpike/shop.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { KubernetesObject } from '../turnpike/shop.ts';

const gatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'turnpike' },
  spec: { controllerName: 'turnpike.dev/gateway-controller' },
};

interface Address {
  readonly type?: string;
  readonly value?: string;
  readonly routability?: string;
}

interface Service extends KubernetesObject {
  readonly spec: { readonly type: string; readonly clusterIP: string };
}

/** Another address of the same network of 256. */
function beside(ip: string, distance: number): string {
  return ip.replace(/[0-9]+$/, (last) => String((Number(last) + distance) % 200 || 1));
}

function gatewayAt(name: string, addresses: readonly Address[]): object {
  const made = gateway(name) as { readonly spec: object };
  return { ...made, spec: { ...made.spec, addresses } };
}

describe('addresses of Gateways', () => {
  let turnpike: Turnpike;
  let shop: Shop;

  before(async () => {
    turnpike = await Turnpike.install({
      controllerArgs: ['--dataplane-image=registry.example.com/turnpike/dataplane:1.2.3'],
    });
    shop = new Shop(turnpike);
    await turnpike.kubectl('create', 'namespace', 'shop');
    await turnpike.apply(gatewayClass);
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(() => turnpike?.stop());

  const service = (of: string) =>
    eventually(`${of} has a Service`, () => shop.get<Service>(`service/${of}-turnpike`));
  const addressesOf = async (of: string) => {
    const { status } = (await turnpike.get(`gateway/${of}`, 'shop')) as {
      readonly status: { readonly addresses?: readonly Address[] };
    };
    return status.addresses ?? [];
  };
  const untilAddresses = (of: string, expected: readonly Address[]) =>
    eventually(`${of} has its addresses`, async () => {
      assert.deepEqual(await addressesOf(of), expected);
      return true;
    });
  const assigned = (of: string, expected: string) =>
    turnpike.until(`gateway/${of}`, 'AddressesAssigned', expected, 'shop');
  const give = (of: string, ...ips: readonly string[]) =>
    shop.patch(
      `service/${of}-turnpike`,
      { status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } } },
      '--subresource=status',
    );

  it('are asked for with what the API server takes, and no other', async () => {
    for (const [routability, isValid] of routabilities) {
      const input = JSON.stringify(gatewayAt('tried', [{ routability }]));
      const created = turnpike.cluster.kubectl(['create', '--dry-run=server', '--filename=-'], { input });
      if (isValid) await created;
      else await assert.rejects(created, /spec\.addresses\[0\]\.routability/, routability);
    }
  });

  it('are features of the GatewayClass', async () => {
    await eventually('they are told', async () => {
      const { status } = (await turnpike.get('gatewayclass/turnpike')) as {
        readonly status: { readonly supportedFeatures: readonly { readonly name: string }[] };
      };
      const told = new Set(status.supportedFeatures.map(({ name }) => name));
      assert.ok(told.has('GatewayAddressRoutability') && told.has('GatewayAddressRoutabilityCluster'));
      return true;
    });
  });

  it('inside the cluster are those of a Service that nobody reaches from outside', async () => {
    await turnpike.apply(gatewayAt('inside', [{ routability: 'Cluster' }]));
    const { spec } = await service('inside');
    assert.equal(spec.type, 'ClusterIP');
    assert.notEqual(isIP(spec.clusterIP), 0);
    await assigned('inside', 'AddressesAssigned');
    await untilAddresses('inside', [{ type: 'IPAddress', value: spec.clusterIP, routability: 'Cluster' }]);
    await turnpike.until('gateway/inside', 'Programmed', 'Pending', 'shop');
  });

  it('inside and outside are both given, the one that is there already at once', async () => {
    await turnpike.apply(gatewayAt('both', [{ type: 'IPAddress' }, { routability: 'Cluster' }]));
    const { spec } = await service('both');
    assert.equal(spec.type, 'LoadBalancer');
    const inside = { type: 'IPAddress', value: spec.clusterIP, routability: 'Cluster' };
    const { message } = await assigned('both', 'PartiallyAssigned');
    assert.equal(message, 'spec.addresses[0]: Service shop/both-turnpike has no further address yet.');
    await untilAddresses('both', [inside]);
    await turnpike.until('gateway/both', 'Programmed', 'Pending', 'shop');
    await give('both', '192.0.2.7', '192.0.2.8');
    await assigned('both', 'AddressesAssigned');
    await untilAddresses('both', [{ type: 'IPAddress', value: '192.0.2.7', routability: '' }, inside]);
  });

  it('of the Service network can be named while they are free, and nothing else is given for them', async () => {
    const { spec } = await service('inside');
    const free = beside(spec.clusterIP, 100);
    await turnpike.apply(
      gatewayAt('named', [{ value: free, routability: 'Cluster' }]),
      gatewayAt('taken', [{ value: spec.clusterIP, routability: 'Cluster' }]),
      gatewayAt('foreign', [{ type: 'IPAddress' }, { value: '203.0.113.9', routability: 'Cluster' }]),
    );
    await untilAddresses('named', [{ type: 'IPAddress', value: free, routability: 'Cluster' }]);
    await assigned('named', 'AddressesAssigned');
    const { message } = await assigned('taken', 'NotAssigned');
    assert.match(
      message,
      new RegExp(`^spec.addresses\\[0\\]: ${spec.clusterIP} is not the clusterIP of Service shop/taken`),
    );
    await turnpike.until('gateway/taken', 'Programmed', 'AddressNotAssigned', 'shop');
    assert.deepEqual(await addressesOf('taken'), []);
    await service('foreign');
    await give('foreign', '192.0.2.9');
    await assigned('foreign', 'PartiallyAssigned');
    await untilAddresses('foreign', [{ type: 'IPAddress', value: '192.0.2.9', routability: '' }]);
    await turnpike.until('gateway/foreign', 'Programmed', 'Pending', 'shop');
  });

  it('that a Service has stay until it is made anew', async () => {
    const before = await service('named');
    const other = beside(before.spec.clusterIP, 50);
    await turnpike.apply(gatewayAt('named', [{ value: other, routability: 'Cluster' }]));
    await assigned('named', 'NotAssigned');
    assert.equal((await service('named')).spec.clusterIP, before.spec.clusterIP);
    await turnpike.kubectl('delete', 'service/named-turnpike', '--namespace=shop');
    await untilAddresses('named', [{ type: 'IPAddress', value: other, routability: 'Cluster' }]);
    await assigned('named', 'AddressesAssigned');
  });

  it('outside are no longer there when only those inside are asked for, and come back', async () => {
    await turnpike.apply(gatewayAt('both', [{ routability: 'Cluster' }]));
    const { spec } = await eventually('the Service is inside', async () => {
      const found = await service('both');
      return found.spec.type === 'ClusterIP' ? found : undefined;
    });
    const inside = { type: 'IPAddress', value: spec.clusterIP, routability: 'Cluster' };
    await untilAddresses('both', [inside]);
    await turnpike.apply(gatewayAt('both', []));
    await eventually('the Service has a load balancer', async () =>
      (await service('both')).spec.type === 'LoadBalancer' ? true : undefined,
    );
    assert.equal((await service('both')).spec.clusterIP, spec.clusterIP);
    await give('both', '192.0.2.7');
    await untilAddresses('both', [{ type: 'IPAddress', value: '192.0.2.7', routability: '' }]);
    await assigned('both', 'AddressesAssigned');
  });

  it('of a scope that there is not are not given at all; that of the tests of conformance is', async () => {
    await turnpike.apply(
      gatewayAt('unknown', [{ routability: 'example.com/Office' }]),
      gatewayAt('sentinel', [{ routability: 'testing.x-k8s.io/sentinel' }]),
    );
    assert.equal((await service('unknown')).spec.type, 'ClusterIP');
    const { message } = await assigned('unknown', 'NotAssigned');
    assert.match(message, /no addresses of routability example\.com\/Office/);
    await turnpike.until('gateway/unknown', 'Programmed', 'AddressNotAssigned', 'shop');
    await service('sentinel');
    await give('sentinel', '192.0.2.11');
    await untilAddresses('sentinel', [
      { type: 'IPAddress', value: '192.0.2.11', routability: 'testing.x-k8s.io/sentinel' },
    ]);
  });
});
