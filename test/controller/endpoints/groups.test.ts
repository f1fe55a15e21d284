import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeObject } from '#crds/kind.ts';
import type { EndpointSlice } from '#crds/kubernetes.ts';
import { createEndpointsComposer } from '#controller/endpoints/composer.ts';
import { compileEndpoints } from '#controller/endpoints/endpoints.ts';
import { GroupedEndpoints } from '#dataplane/compile/grouped-endpoints.ts';
import { EndpointListing, noEndpoints, type Listed } from '#dataplane/upstream/listing.ts';
import { endpointName } from '#dataplane/upstream/endpoint.ts';
import { gatewayKey, resourceId } from '#snapshot/ids.ts';
import { KindLists } from '#snapshot/kind-lists.ts';
import { changedKeys } from '#snapshot/shelved-map.ts';
import type { ResourceSet } from '#snapshot/snapshot.ts';
import { reader } from '../translate/objects.ts';

const source = {
  id: resourceId('Endpoints', 'shop', 'wide', '80'),
  namespace: 'shop',
  service: 'wide',
  portName: 'http',
};

type Addressed = Readonly<Record<string, boolean>>;

function slice(name: string, endpoints: Addressed): EndpointSlice {
  const decoded = decodeObject('EndpointSlice', {
    metadata: { name, namespace: 'shop' },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: Object.entries(endpoints).map(([address, ready]) => ({
      addresses: [address],
      conditions: { ready, serving: true, terminating: !ready },
    })),
  });
  assert.ok(decoded.ok);
  return decoded.object;
}

/** A composer of a Service whose slices the test changes. */
function given() {
  const slices = new Map<string, EndpointSlice>();
  const sorted = () => [...slices].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const composer = createEndpointsComposer(
    {
      objects: reader([]),
      slicesOf: (_, service) => (service === 'wide' ? sorted() : []),
      scope: 'Cluster',
      ticketSecret: () => null,
      sessionSecret: () => null,
      loginSecret: () => null,
    },
    gatewayKey('shop', 'edge'),
  );
  return { slices, sorted, composer };
}

const name = fc.constantFrom('wide-1', 'wide-2', 'wide-3', 'wide-4', 'wide-5', 'wide-6', 'wide-7');
const addresses = fc.dictionary(
  fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'),
  fc.boolean(),
);

test('however its slices come and go, data planes have all endpoints of a Service', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.tuple(name, fc.option(addresses)), { minLength: 1 })), (steps) => {
      const { slices, sorted, composer } = given();
      const kinds = new KindLists();
      const grouped = new GroupedEndpoints();
      const listing = new EndpointListing<Listed>({
        come: (told) => ({
          name: endpointName(told),
          offered: false,
          told: null,
          forZones: [],
          forNodes: [],
        }),
        left() {},
      });
      const sources = new Map([[source.id, source]]);
      for (const step of steps) {
        for (const [name, told] of step) {
          if (told === null) slices.delete(name);
          else slices.set(name, slice(name, told));
        }
        kinds.follow(composer.compose(sources, new Set(['shop/wide'])));
        const lists = grouped.lists(kinds.byId('Endpoints'), kinds.of('EndpointGroup'));
        const told = lists.get(source.id) ?? noEndpoints;
        for (let turns = 0; !listing.follow(told, 2); turns += 1) assert.ok(turns < slices.size);
        const { endpoints } = compileEndpoints(source, sorted());
        assert.deepEqual(new Set(listing.endpoints.keys()), new Set(endpoints.map(endpointName)));
        const ready = endpoints.filter(({ state }) => state === 'Ready');
        const offered = ready.length > 0 ? ready : endpoints;
        assert.deepEqual(
          new Set(Array.from(listing.offered, ({ name }) => name)),
          new Set(offered.map(endpointName)),
        );
      }
      kinds.follow(composer.compose(new Map(), new Set()));
      assert.deepEqual([...kinds.of('Endpoints'), ...kinds.of('EndpointGroup')], []);
    }),
  );
});

test('of a hundred slices the one that changes is told again, and no other', () => {
  const { slices, composer } = given();
  for (let at = 0; at < 100; at += 1)
    slices.set(`wide-${at}`, slice(`wide-${at}`, { [`10.0.${at}.1`]: true }));
  const sources = new Map([[source.id, source]]);
  let last: ResourceSet = new Map();
  const changed = (...touched: readonly string[]) => {
    const before = last;
    last = composer.compose(sources, new Set(touched));
    return changedKeys(before, last);
  };
  changed();
  slices.set('wide-7', slice('wide-7', { '10.0.7.2': true }));
  assert.deepEqual(changed('shop/wide'), [resourceId('EndpointGroup', source.id, 'wide-7')]);
  slices.delete('wide-7');
  assert.deepEqual(changed('shop/wide'), [resourceId('EndpointGroup', source.id, 'wide-7')]);
  assert.deepEqual(changed('shop/wide'), []);
});
