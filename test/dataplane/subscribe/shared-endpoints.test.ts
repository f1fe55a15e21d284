import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withSharedEndpoints } from '#dataplane/subscribe/shared-endpoints.ts';
import type { Endpoint, EndpointGroup } from '#snapshot/cluster.ts';
import { byAddressAndPort } from '#snapshot/endpoint-order.ts';
import { resourceId } from '#snapshot/ids.ts';
import { givenRoute } from '#test/given/route.ts';

function group(endpoints: readonly Endpoint[]): EndpointGroup {
  const of = resourceId('Endpoints', 'wide');
  return { kind: 'EndpointGroup', id: resourceId('EndpointGroup', of, 'wide-1'), of, endpoints };
}

const zones = fc.constantFrom([], ['a'], ['a', 'b']);
const endpoint: fc.Arbitrary<Endpoint> = fc.record(
  {
    address: fc.constantFrom('10.0.0.1', '10.0.0.10', '10.0.0.2', '10.0.0.3'),
    port: fc.constantFrom(80, 8080),
    state: fc.constantFrom('Ready', 'Terminating'),
    forZones: zones,
    forNodes: zones,
  },
  { noNullPrototype: true },
);
const endpoints = fc
  .uniqueArray(endpoint, { selector: ({ address, port }) => `${address}:${port}` })
  .map((some) => some.sort(byAddressAndPort));

test('of endpoints that are told anew those that are as before are the same objects, and all are as told', () => {
  fc.assert(
    fc.property(endpoints, endpoints, (before, now) => {
      const given = group(now);
      const shared = withSharedEndpoints(given, group(before));
      assert.deepEqual(shared, given);
      assert(shared.kind === 'EndpointGroup');
      for (const [at, one] of shared.endpoints.entries()) {
        const equal = before.find((other) => JSON.stringify(other) === JSON.stringify(one));
        assert.equal(one, equal ?? now[at]);
      }
    }),
  );
});

test('what tells no endpoints, or did not before, is taken as it is', () => {
  const route = givenRoute('a');
  const first = group([]);
  assert.equal(withSharedEndpoints(route, first), route);
  assert.equal(withSharedEndpoints(first, undefined), first);
  assert.equal(withSharedEndpoints(first, route), first);
});
