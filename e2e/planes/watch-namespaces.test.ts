// A controller that may read and write in some namespaces only, by Roles there: it serves these as ever, and does not
// miss the others.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import { namespace } from '../turnpike/objects.ts';
import { gateway, Shop } from '../turnpike/shop.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Service } from '../turnpike/shop.ts';

const gatewayClass = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: turnpike }
spec: { controllerName: turnpike.dev/gateway-controller }
`;

describe('a controller of some namespaces', () => {
  let turnpike: Turnpike;
  let shop: Shop;

  before(async () => {
    turnpike = await Turnpike.install({
      controllerArgs: ['--dataplane-image=turnpike/dataplane:1'],
      watchNamespaces: ['shop', 'office'],
    });
    shop = new Shop(turnpike);
    await turnpike.apply(gatewayClass, namespace('elsewhere'));
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
  });

  it('serves the Gateways of these, and leaves others alone', async () => {
    const other = gateway('other') as { readonly metadata: object };
    await turnpike.apply({ ...other, metadata: { ...other.metadata, namespace: 'elsewhere' } });
    await turnpike.apply(gateway('edge'), { ...other, metadata: { ...other.metadata, namespace: 'office' } });
    await turnpike.until('gateway/edge', 'Accepted', 'True', 'shop');
    await turnpike.until('gateway/other', 'Accepted', 'True', 'office');
    await eventually('the Service is there', () => shop.get<Service>('service/edge-turnpike'));
    await shop.patch('service/edge-turnpike', { spec: { externalTrafficPolicy: 'Cluster' } });
    await eventually('it is put back', async () => {
      const { spec } = await shop.get<Service>('service/edge-turnpike');
      return spec.externalTrafficPolicy === 'Local' ? true : undefined;
    });
    assert.equal(await turnpike.kubectl('get', 'service', '--namespace=elsewhere', '--output=name'), '');
    const conditions = await turnpike.conditions('gateway/other', 'elsewhere');
    assert.ok(
      conditions.every(({ reason }) => reason === 'Pending'),
      JSON.stringify(conditions),
    );
  });

  it('asks for nothing that it may not', async () => {
    for (const one of turnpike.controllers) {
      assert.doesNotMatch(await one.logEnd(), /is forbidden/);
    }
  });
});
