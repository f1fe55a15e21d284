import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { noHash } from '#dataplane/upstream/balance/balancer.ts';
import { endpointName } from '#dataplane/upstream/endpoint.ts';
import { EndpointListing, type Listed } from '#dataplane/upstream/listing.ts';
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';
import { clusterDefaults, endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { TestContext } from 'node:test';
import type { Cluster, Endpoint, EndpointGroup } from '#snapshot/cluster.ts';

const id = resourceId('Endpoints', 'wide');
const wide: Cluster = {
  kind: 'Cluster',
  id: resourceId('Cluster', 'wide'),
  name: 'wide',
  endpoints: id,
  ...clusterDefaults,
};

/** So many endpoints in 10.(slice).0.0/16, and how often any of them was looked at. */
class GivenGroup implements EndpointGroup {
  readonly kind = 'EndpointGroup';
  readonly id;
  readonly of = id;
  readonly endpoints: readonly Endpoint[];
  reads = 0;

  constructor(slice: number, hosts: readonly number[], state: Endpoint['state'] = 'Ready') {
    this.id = resourceId('EndpointGroup', id, `wide-${slice}`);
    const list = hosts.map((host) => ({
      address: `10.${slice}.0.${host}`,
      port: 80,
      state,
      ...endpointDefaults,
    }));
    this.endpoints = new Proxy(list, {
      get: (target, key) => {
        this.reads += 1;
        return Reflect.get(target, key) as unknown;
      },
    });
  }
}

function range(count: number, from = 0): readonly number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

/** A cluster with the endpoints of groups that the test changes. */
function given(t: TestContext, resource = wide) {
  const upstreams = createUpstreams();
  t.after(() => upstreams.close());
  const list = (groups: readonly EndpointGroup[]) => {
    upstreams.apply([resource], new Map([[id, { endpoints: [], groups }]]));
    return upstreams.cluster(wide.id) ?? assert.fail();
  };
  const picked = (times: number) => {
    const cluster = upstreams.cluster(wide.id);
    return new Set(range(times).map(() => cluster?.pick(noHash, [])?.address));
  };
  return { list, picked };
}

for (const slices of [3, 30]) {
  test(`of ${slices * 50} endpoints the fifty that are told anew are looked at, and no other`, async (t) => {
    const { list, picked } = given(t);
    const groups = range(slices).map((slice) => new GivenGroup(slice, range(50)));
    const cluster = list(groups);
    picked(1);
    await turn();
    const stays = cluster.usable('10.1.0.7:80');
    for (const group of groups) group.reads = 0;
    list(groups.with(1, new GivenGroup(1, range(50, 1))));
    assert.deepEqual(
      groups.filter(({ reads }) => reads > 0).map((group) => groups.indexOf(group)),
      [1],
    );
    assert.deepEqual([cluster.usable('10.1.0.0:80'), cluster.usable('10.1.0.7:80')], [null, stays]);
    assert.ok(cluster.usable('10.1.0.50:80'));
    assert.equal([...cluster.endpoints].length, slices * 50);
    assert.ok(!picked(slices * 100).has('10.1.0.0'), 'one that has left gets no request');
  });
}

test('one that ends gets no request from then on while others are ready, and one that is told twice goes on', async (t) => {
  const { list, picked } = given(t);
  const groups = range(40).map((slice) => new GivenGroup(slice, range(50)));
  list(groups);
  picked(1);
  await turn();
  const ending = groups.with(3, new GivenGroup(3, range(50), 'Terminating'));
  const cluster = list([...ending, new GivenGroup(3, [7])]);
  const addresses = picked(4_000);
  assert.ok(![...addresses].some((address) => address?.startsWith('10.3.') && address !== '10.3.0.7'));
  assert.ok(addresses.has('10.3.0.7') && cluster.usable('10.3.0.8:80') !== null);
  list([ending[3] ?? assert.fail()]);
  assert.equal(picked(200).size, 50);
});

test('one that comes to two thousand gets requests too, also where there was none for long', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { list, picked } = given(t);
  const groups = range(40).map((slice) => new GivenGroup(slice, range(50)));
  list(groups);
  picked(1);
  await turn();
  t.mock.timers.tick(10_000);
  list([...groups, new GivenGroup(40, [1])]);
  t.mock.timers.tick(1_000);
  assert.ok(picked(2_001).has('10.40.0.1'));
});

test('the first request to ten thousand waits for a thousand of them', async (t) => {
  const { list, picked } = given(t, { ...wide, slowStartMs: 60_000 });
  const groups = range(200).map((slice) => new GivenGroup(slice, range(50)));
  const cluster = list(groups);
  picked(1);
  assert.equal(groups.filter(({ reads }) => reads > 0).length, 20);
  for (let turns = 0; turns < 10; turns += 1) await turn();
  assert.equal([...cluster.endpoints].length, 10_000);
  assert.ok(
    Array.from(cluster.endpoints).every(({ weight }) => weight === 100),
    'none of them starts slowly',
  );
});

test('the first one of a session, or of those that a hash leads, knows all of ten thousand', (t) => {
  const groups = range(200).map((slice) => new GivenGroup(slice, range(50)));
  assert.ok(given(t).list(groups).usable('10.199.0.49:80'));
  const hashed = given(t, { ...wide, balance: { kind: 'ConsistentHash', by: { kind: 'ClientAddress' } } });
  const cluster = hashed.list(groups);
  hashed.picked(1);
  assert.equal([...cluster.endpoints].length, 10_000);
});

test('of fifty that are told anew only the one that moved is looked at', async (t) => {
  const { list, picked } = given(t);
  let reads = 0;
  const kept = range(50).map((host) => ({
    get address() {
      reads += 1;
      return `10.0.0.${host}`;
    },
    port: 80,
    state: 'Ready' as const,
    ...endpointDefaults,
  }));
  const told = (endpoints: readonly Endpoint[]): EndpointGroup => ({
    kind: 'EndpointGroup',
    id: resourceId('EndpointGroup', id, 'wide-0'),
    of: id,
    endpoints,
  });
  const cluster = list([told(kept)]);
  picked(1);
  await turn();
  reads = 0;
  const moved = { address: '10.0.0.50', port: 80, state: 'Ready' as const, ...endpointDefaults };
  list([told(kept.with(7, moved))]);
  assert.equal(reads, 1, 'that of the one that left');
  assert.deepEqual(
    [cluster.usable('10.0.0.7:80'), cluster.usable('10.0.0.50:80')?.name],
    [null, '10.0.0.50:80'],
  );
});

test('a hash leads to the same endpoint from data planes that heard of them in another order', (t) => {
  const resource: Cluster = { ...wide, balance: { kind: 'ConsistentHash', by: { kind: 'ClientAddress' } } };
  const groups = range(2).map((slice) => new GivenGroup(slice, range(5)));
  const [early, late] = [given(t, resource), given(t, resource)];
  late.list(groups.slice(1));
  late.picked(1);
  const chosen = [early.list(groups), late.list(groups)].map((cluster) => {
    cluster.pick(noHash, []);
    // With most of them in doubt what a hash draws is often none that is wanted.
    for (const endpoint of cluster.endpoints) if (!endpoint.name.endsWith('.0:80')) endpoint.doubt();
    return range(2_000).map((hash) => cluster.pick(hash, [])?.name);
  });
  assert.deepEqual(chosen[0], chosen[1]);
  assert.deepEqual(new Set(chosen[0]), new Set(['10.0.0.0:80', '10.1.0.0:80']));
});

test('what hundreds of slices tell of one endpoint costs a look or two each, coming and going', () => {
  let looks = 0;
  const told = (): Endpoint => ({
    ...endpointDefaults,
    address: '10.0.0.1',
    port: 80,
    get state(): Endpoint['state'] {
      looks += 1;
      return 'Terminating';
    },
  });
  const left: Listed[] = [];
  const listing = new EndpointListing<Listed>({
    come: (one) => ({ name: endpointName(one), offered: false, told: null, forZones: [], forNodes: [] }),
    left: (one) => void left.push(one),
  });
  const groups = range(400).map((at): EndpointGroup => {
    const group = resourceId('EndpointGroup', id, `${at}`);
    return { kind: 'EndpointGroup', id: group, of: id, endpoints: [told()] };
  });
  for (const count of range(401).toReversed())
    listing.follow({ endpoints: [], groups: groups.slice(count) }, 1000);
  assert.equal(listing.endpoints.size, 1);
  assert.equal(left.length, 0);
  for (const count of range(401)) listing.follow({ endpoints: [], groups: groups.slice(count) }, 1000);
  assert.equal(listing.endpoints.size, 0);
  assert.equal(left.length, 1);
  assert.ok(looks > 400 && looks < 10 * 400, `${looks} looks`);
});
