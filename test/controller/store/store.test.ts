import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Store } from '#controller/store/store.ts';
import { sourceObject } from '#controller/source.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import type { SourceObject } from '#controller/source.ts';
import type { StoreChange } from '#controller/store/store.ts';
import type { KindMap } from '#crds/kind.ts';

function object(name: string, version: number, more: Record<string, unknown> = {}): SourceObject {
  const { metadata, ...rest } = more;
  const raw = sourceObject({
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      resourceVersion: String(version),
      generation: 1,
      ...(metadata as object | undefined),
    },
    ...rest,
  });
  assert(raw);
  return raw;
}

function storeOfRoutes() {
  const changes: StoreChange[] = [];
  const store = new Store({
    kinds: ['HTTPRoute', 'EndpointSlice', 'Service'],
    decode: (_kind, raw) => {
      const copy = structuredClone(raw) as SourceObject;
      return copy['bad'] === true
        ? { ok: false, problems: [{ path: 'spec.rules', message: 'is bad' }] }
        : { ok: true, object: Object.freeze(copy) as unknown as KindMap['HTTPRoute'] };
    },
  });
  store.subscribe((change) => changes.push(change));
  return { store, changes };
}

test('the store is synced once every kind has been listed or is known not to be installed', () => {
  const { store } = storeOfRoutes();
  assert.equal(store.synced, false);
  store.replaceAll('HTTPRoute', [], '5');
  store.unserved('EndpointSlice');
  assert.deepEqual(store.missing, ['Service']);
  store.replaceAll('Service', [], '5');
  assert.equal(store.synced, true);
  assert.equal(store.objects.served('HTTPRoute'), true);
  assert.equal(store.objects.served('EndpointSlice'), false);
});

test('an object and the list of its kind keep their identity until the object changes', () => {
  const { store } = storeOfRoutes();
  store.replaceAll('HTTPRoute', [object('b', 2), object('a', 1)], '2');
  const list = store.objects.list('HTTPRoute');
  const a = store.objects.get('HTTPRoute', 'shop', 'a');
  assert.deepEqual(
    list.map(({ metadata }) => metadata.name),
    ['a', 'b'],
  );
  store.replaceAll('HTTPRoute', [object('a', 1), object('b', 2)], '9');
  assert.equal(store.objects.list('HTTPRoute'), list);
  store.upsert('HTTPRoute', object('b', 10, { metadata: { generation: 2 } }));
  assert.notEqual(store.objects.list('HTTPRoute'), list);
  assert.equal(store.objects.get('HTTPRoute', 'shop', 'a'), a);
});

test('what does not decode is told apart, with what is wrong, until it is mended or gone', () => {
  const { store } = storeOfRoutes();
  store.replaceAll('HTTPRoute', [object('a', 1), object('b', 2, { bad: true })], '2');
  const refused = store.objects.refused('HTTPRoute');
  assert.deepEqual(
    refused.map(({ namespace, name, problems }) => ({ namespace, name, problems })),
    [{ namespace: 'shop', name: 'b', problems: [{ path: 'spec.rules', message: 'is bad' }] }],
  );
  store.upsert('HTTPRoute', object('a', 3, { metadata: { generation: 2 } }));
  assert.equal(store.objects.refused('HTTPRoute'), refused);
  store.upsert('HTTPRoute', object('b', 4, { metadata: { generation: 2 } }));
  assert.deepEqual(store.objects.refused('HTTPRoute'), []);
  store.upsert('HTTPRoute', object('b', 5, { bad: true, metadata: { generation: 3 } }));
  store.replaceAll('HTTPRoute', [], '6');
  assert.deepEqual(store.objects.refused('HTTPRoute'), []);
});

test('a relist finds the deletes that a broken watch lost', () => {
  const { store, changes } = storeOfRoutes();
  store.replaceAll('HTTPRoute', [object('a', 1), object('b', 2)], '2');
  changes.length = 0;
  store.replaceAll('HTTPRoute', [object('b', 2)], '7');
  assert.deepEqual(changes, [
    { kind: 'Object', of: 'HTTPRoute', namespace: 'shop', name: 'a' },
    { kind: 'Progress' },
  ]);
});

test('late and repeated events change nothing', () => {
  const { store, changes } = storeOfRoutes();
  store.upsert('HTTPRoute', object('a', 5, { metadata: { generation: 3 } }));
  changes.length = 0;
  store.upsert('HTTPRoute', object('a', 5, { metadata: { generation: 3 } }));
  store.upsert('HTTPRoute', object('a', 4, { metadata: { generation: 2 } }));
  store.delete('HTTPRoute', object('a', 4));
  assert.deepEqual(changes, []);
  assert.equal(store.objects.get('HTTPRoute', 'shop', 'a')?.metadata.generation, 3);
});

test('a list is right even where it is older: the cluster may have been restored', () => {
  const { store } = storeOfRoutes();
  store.upsert('HTTPRoute', object('a', 50, { spec: 'after', metadata: { generation: 4 } }));
  store.replaceAll('HTTPRoute', [object('a', 7, { spec: 'before', metadata: { generation: 4 } })], '8');
  const restored = store.objects.get('HTTPRoute', 'shop', 'a') as unknown as { readonly spec: string };
  assert.equal(restored.spec, 'before');
});

test('whatever comes in whatever order, the store has what the last word on each object was', () => {
  const name: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'b/c', 'c', 'd');
  const step = fc.oneof(
    fc.record({ type: fc.constant('upsert' as const), name }),
    fc.record({ type: fc.constant('delete' as const), name }),
    fc.record({ type: fc.constant('list' as const), names: fc.uniqueArray(name) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { store } = storeOfRoutes();
      const model = new Map<string, number>();
      for (const [at, what] of steps.entries()) {
        const version = at + 1;
        if (what.type === 'upsert') {
          store.upsert('HTTPRoute', object(what.name, version, { metadata: { generation: version } }));
          model.set(what.name, version);
        } else if (what.type === 'delete') {
          store.delete('HTTPRoute', object(what.name, version));
          model.delete(what.name);
        } else {
          for (const known of model.keys()) if (!what.names.includes(known)) model.delete(known);
          for (const named of what.names) model.set(named, model.get(named) ?? version);
          const all = what.names.map((named) =>
            object(named, model.get(named) ?? 0, { metadata: { generation: model.get(named) } }),
          );
          store.replaceAll('HTTPRoute', all, String(version));
        }
        const list = store.objects.list('HTTPRoute');
        assert.deepEqual(
          list.map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)]),
          [...model].sort(([one], [other]) => (one < other ? -1 : 1)),
        );
        assert.equal(store.objects.list('HTTPRoute'), list);
      }
    }),
  );
});

test('a later object of the same name takes the place of the one before, whatever its version', () => {
  const { store } = storeOfRoutes();
  store.upsert('HTTPRoute', object('a', 5));
  store.upsert('HTTPRoute', object('a', 6, { metadata: { uid: 'another' } }));
  assert.equal(store.objects.get('HTTPRoute', 'shop', 'a')?.metadata.uid, 'another');
});

test('a write of nothing but the status is not a change, but writers see it', () => {
  const { store, changes } = storeOfRoutes();
  store.upsert('HTTPRoute', object('a', 5));
  const before = store.objects.get('HTTPRoute', 'shop', 'a');
  changes.length = 0;
  store.upsert('HTTPRoute', object('a', 6, { status: { parents: [] } }));
  assert.deepEqual(changes, [{ kind: 'Status', of: 'HTTPRoute', namespace: 'shop', name: 'a' }]);
  changes.length = 0;
  assert.equal(store.objects.get('HTTPRoute', 'shop', 'a'), before);
  assert.deepEqual(store.live('HTTPRoute', 'shop', 'a'), {
    uid: 'uid-a',
    resourceVersion: '6',
    generation: 1,
    status: { parents: [] },
  });
  store.upsert('HTTPRoute', object('a', 7, { metadata: { labels: { team: 'x' } } }));
  assert.equal(changes.length, 1);
  store.upsert('Service', object('a', 8));
  store.upsert('Service', object('a', 9, { status: { loadBalancer: {} } }));
  assert.equal(changes.length, 3, "a Service's status does count");
});

test('an object that does not decode stays out, and its problems are told', () => {
  const { store, changes } = storeOfRoutes();
  store.upsert('HTTPRoute', object('a', 5));
  store.upsert('HTTPRoute', object('a', 6, { bad: true, metadata: { generation: 2 } }));
  assert.equal(store.objects.get('HTTPRoute', 'shop', 'a'), undefined);
  assert.deepEqual(store.objects.list('HTTPRoute'), []);
  assert.deepEqual(changes.at(-1), {
    kind: 'Refused',
    of: 'HTTPRoute',
    namespace: 'shop',
    name: 'a',
    problems: [{ path: 'spec.rules', message: 'is bad' }],
  });
});

test('a change of EndpointSlices names the Services that it touches', () => {
  const { store, changes } = storeOfRoutes();
  const slice = (version: number, service: string | null) =>
    object('s1', version, {
      metadata: { labels: service === null ? {} : { 'kubernetes.io/service-name': service } },
    });
  store.upsert('EndpointSlice', slice(1, 'cart'));
  assert.equal(store.slicesOf('shop', 'cart').length, 1);
  store.upsert('EndpointSlice', slice(2, 'pay'));
  assert.equal(store.slicesOf('shop', 'cart').length, 0);
  store.delete('EndpointSlice', slice(3, 'pay'));
  const touched = changes.map((change) => (change.kind === 'Endpoints' ? change.service : change.kind));
  assert.deepEqual(touched, ['cart', 'cart', 'pay', 'pay']);
  assert.equal(store.slicesOf('shop', 'pay').length, 0);
});

/** How far `store` has seen the kind. */
const seen = (store: Store, kind: string) => store.order.kinds[kind]?.seen;
const stateOf = (store: Store, kind: string) => store.order.kinds[kind]?.state;

test('each kind has a position of its own: the highest version of its lists, events and bookmarks', () => {
  const { store } = storeOfRoutes();
  store.setLineage('cluster');
  const none = { seen: '0', state: '' };
  assert.deepEqual(store.order, {
    lineage: 'cluster',
    kinds: { HTTPRoute: none, EndpointSlice: none, Service: none },
  });
  store.replaceAll('HTTPRoute', [object('a', 5)], '99');
  store.upsert('Service', object('a', 8));
  store.delete('Service', object('a', 9));
  store.progress('EndpointSlice', '18446744073709551616');
  assert.equal(seen(store, 'HTTPRoute'), '99');
  assert.equal(seen(store, 'Service'), '9');
  assert.equal(seen(store, 'EndpointSlice'), '18446744073709551616');
  store.progress('HTTPRoute', '98');
  store.progress('HTTPRoute', 'not a number');
  assert.equal(seen(store, 'HTTPRoute'), '99');
});

test('a list is all that is known from then on, even one from before', () => {
  const { store } = storeOfRoutes();
  store.replaceAll('HTTPRoute', [object('a', 50)], '99');
  store.replaceAll('HTTPRoute', [object('a', 5)], '60');
  assert.equal(seen(store, 'HTTPRoute'), '60');
});

test('equal objects have equal states, whoever saw them and by whichever way', () => {
  const [watching, listing] = [storeOfRoutes().store, storeOfRoutes().store];
  watching.replaceAll('HTTPRoute', [object('gone', 1), object('a', 2)], '2');
  watching.replaceAll('Service', [], '2');
  watching.upsert('HTTPRoute', object('b', 3));
  watching.upsert('HTTPRoute', object('a', 4, { metadata: { generation: 2 } }));
  watching.upsert('HTTPRoute', object('bad', 5, { bad: true }));
  watching.upsert('Service', object('a', 6));
  watching.upsert('Service', object('a', 7, { status: { loadBalancer: {} } }));
  watching.upsert('HTTPRoute', object('b', 8, { status: { parents: [] } }));
  watching.delete('HTTPRoute', object('gone', 9));
  const a = object('a', 4, { metadata: { generation: 2 } });
  listing.replaceAll('HTTPRoute', [a, object('b', 8), object('bad', 5, { bad: true })], '99');
  listing.replaceAll('Service', [object('a', 7)], '99');
  assert.notEqual(stateOf(watching, 'HTTPRoute'), '');
  assert.equal(stateOf(watching, 'HTTPRoute'), stateOf(listing, 'HTTPRoute'));
  assert.equal(stateOf(watching, 'Service'), stateOf(listing, 'Service'));
});

test('every change of a kind changes its state; another kind, a bookmark, a status do not', () => {
  const { store } = storeOfRoutes();
  const states = new Set<unknown>();
  const changes = [
    () => store.replaceAll('HTTPRoute', [object('a', 1)], '1'),
    () => store.upsert('HTTPRoute', object('b', 2)),
    () => store.upsert('HTTPRoute', object('b', 3, { metadata: { generation: 2 } })),
    () => store.upsert('HTTPRoute', object('b', 4, { metadata: { generation: 2, labels: { team: 'x' } } })),
    () => store.upsert('HTTPRoute', object('b', 5, { metadata: { generation: 2, uid: 'another' } })),
    () => store.upsert('HTTPRoute', object('c', 6, { bad: true })),
    () => store.replaceAll('HTTPRoute', [object('c', 6, { bad: true })], '7'),
    () => store.delete('HTTPRoute', object('c', 8)),
  ];
  for (const [index, change] of changes.entries()) {
    change();
    states.add(stateOf(store, 'HTTPRoute'));
    assert.equal(states.size, index + 1);
    assert.equal(stateOf(store, 'Service'), '');
  }
  assert.equal(stateOf(store, 'HTTPRoute'), '', 'nothing is left');
  store.upsert('HTTPRoute', object('d', 9));
  const before = stateOf(store, 'HTTPRoute');
  store.progress('HTTPRoute', '10');
  store.upsert('HTTPRoute', object('d', 11, { status: { parents: [] } }));
  assert.equal(stateOf(store, 'HTTPRoute'), before);
  assert.equal(seen(store, 'HTTPRoute'), '11');
});

test('that more has been seen is told, even when it changed nothing', () => {
  const { store, changes } = storeOfRoutes();
  store.replaceAll('HTTPRoute', [object('a', 1)], '1');
  changes.length = 0;
  store.replaceAll('HTTPRoute', [object('a', 1)], '7');
  store.progress('HTTPRoute', '8');
  store.progress('HTTPRoute', '8');
  assert.deepEqual(changes, [{ kind: 'Progress' }, { kind: 'Progress' }]);
});

test('a kind that is not installed is known as far as the others are, each time it is looked for', () => {
  const { store, changes } = storeOfRoutes();
  store.unserved('HTTPRoute');
  assert.equal(seen(store, 'HTTPRoute'), '0');
  store.replaceAll('Service', [], '40');
  assert.equal(seen(store, 'HTTPRoute'), '0', 'it may have been installed since');
  changes.length = 0;
  store.unserved('HTTPRoute');
  store.unserved('HTTPRoute');
  assert.equal(seen(store, 'HTTPRoute'), '40');
  assert.equal(stateOf(store, 'HTTPRoute'), '');
  assert.deepEqual(changes, [{ kind: 'Progress' }]);
});

test('observations are replaced, never changed', () => {
  const { store } = storeOfRoutes();
  const gateway = gatewayKey('shop', 'edge');
  const before = store.observations;
  store.observeDataPlanes(gateway, { ready: 1, refused: new Map(), unbound: new Map() });
  assert.equal(before.dataPlanes.size, 0);
  assert.equal(store.observations.dataPlanes.get(gateway)?.ready, 1);
  assert.equal(store.observations.keys, before.keys);
  store.observeDataPlanes(gateway, null);
  assert.equal(store.observations.dataPlanes.size, 0);
});
