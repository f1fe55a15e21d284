import { endpointDefaults } from '#snapshot/cluster-defaults.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoop } from '#controller/loop.ts';
import { Store } from '#controller/store/store.ts';
import { sourceObject } from '#controller/source.ts';
import { gatewayKey, resourceId } from '#snapshot/ids.ts';
import { ManualClock } from '#test/given/clock.ts';
import type { EndpointSource, Translation } from '#controller/translate/translation.ts';
import type { Endpoints } from '#snapshot/cluster.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { Order, ResourceSet } from '#snapshot/snapshot.ts';
import type { KindMap } from '#crds/kind.ts';

const edge = gatewayKey('shop', 'edge');
const endpointsId = resourceId('Endpoints', 'shop', 'cart', '80');

function given() {
  const clock = new ManualClock();
  const store = new Store({
    kinds: ['HTTPRoute', 'EndpointSlice'],
    decode: (_kind, raw) => ({ ok: true, object: Object.freeze(raw) as KindMap['HTTPRoute'] }),
  });
  const puts: { gateway: GatewayKey; resources: ResourceSet; order: Order }[] = [];
  const removed: GatewayKey[] = [];
  let translations = 0;
  let afterPut = () => {};
  let gateways: readonly GatewayKey[] = [edge];
  const loop = createLoop({
    clock,
    store,
    settings: { controllerName: 'turnpike.dev/x', dataPlanes: 'External', trustedNetworks: [] },
    translate: (): Translation => {
      translations += 1;
      const source = { id: endpointsId, namespace: 'shop', service: 'cart', portName: '' };
      return {
        snapshots: new Map(gateways.map((gateway) => [gateway, new Map()])),
        endpointSources: new Map([[edge, new Map([[source.id, source]])]]),
        remoteKeys: [],
        infrastructure: new Map(),
        statuses: [],
        notices: [],
      };
    },
    endpointsOf: () => {
      let last: ResourceSet = new Map();
      return {
        compose(sources, touched) {
          if (last.size > 0 && !touched.has('shop/cart')) return last;
          last = new Map([...sources.values()].map((one) => [one.id, endpointsFrom(store, one)]));
          return last;
        },
      };
    },
    snapshots: {
      put(gateway, resources, order) {
        puts.push({ gateway, resources, order });
        afterPut();
      },
      remove: (gateway) => removed.push(gateway),
    },
    statuses: { put: () => undefined },
    wantKeys: () => undefined,
    notice: () => undefined,
  });
  const withdraw = () => (gateways = []);
  const onPut = (run: () => void) => (afterPut = run);
  return { onPut, clock, store, loop, puts, removed, withdraw, translations: () => translations };
}

function endpointsFrom(store: Store, { id, namespace, service }: EndpointSource): Endpoints {
  const endpoints = store.slicesOf(namespace, service).map((_slice, at) => ({
    address: `10.0.0.${at}`,
    port: 80,
    state: 'Ready' as const,
    ...endpointDefaults,
  }));
  return { kind: 'Endpoints', id, endpoints };
}

/** Up to which version each kind had been seen. */
function seen(put: { readonly order: Order } | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(put?.order.kinds ?? {}).map(([kind, { seen }]) => [kind, seen]));
}

function named(name: string, version: number, labels: Record<string, string> = {}) {
  const raw = sourceObject({
    metadata: { name, namespace: 'shop', resourceVersion: String(version), labels },
  });
  assert(raw);
  return raw;
}

test('nothing is translated before the first lists are in', () => {
  const { clock, store, loop, puts, translations } = given();
  loop.start();
  store.replaceAll('HTTPRoute', [named('a', 3)], '3');
  clock.advance(1_000);
  assert.equal(translations(), 0);
  store.replaceAll('EndpointSlice', [], '4');
  clock.advance(5);
  assert.equal(translations(), 1);
  assert.deepEqual(puts[0]?.order, store.order);
  assert.deepEqual(seen(puts[0]), { HTTPRoute: '3', EndpointSlice: '4' });
});

test('a burst of changes costs one translation, and a steady stream one each maximum delay', () => {
  const { clock, store, loop, translations } = given();
  store.replaceAll('HTTPRoute', [], '1');
  store.replaceAll('EndpointSlice', [], '1');
  loop.start();
  clock.advance(5);
  for (let version = 10; version < 110; version += 1) {
    store.upsert('HTTPRoute', named('a', version));
    clock.advance(1);
  }
  assert.equal(translations(), 1 + 2, 'two maximum delays of 50 ms in 100 ms');
  clock.advance(5);
  assert.equal(translations(), 3);
});

test('a change that is alone after a rest waits a millisecond, and others with it until they are all there', () => {
  const { clock, store, loop, translations } = given();
  store.replaceAll('HTTPRoute', [], '1');
  store.replaceAll('EndpointSlice', [], '1');
  loop.start();
  clock.advance(100);
  store.upsert('HTTPRoute', named('a', 10));
  clock.advance(1);
  assert.equal(translations(), 2);
  clock.advance(100);
  store.upsert('HTTPRoute', named('a', 11));
  store.upsert('HTTPRoute', named('b', 12));
  clock.advance(4);
  assert.equal(translations(), 2);
  clock.advance(1);
  assert.equal(translations(), 3);
});

test('a change of endpoints is handed out without a translation', () => {
  const { clock, store, loop, puts, translations } = given();
  store.replaceAll('HTTPRoute', [], '1');
  store.replaceAll('EndpointSlice', [], '1');
  loop.start();
  clock.advance(5);
  store.upsert('EndpointSlice', named('s1', 7, { 'kubernetes.io/service-name': 'cart' }));
  clock.advance(5);
  assert.equal(translations(), 1);
  assert.equal(puts.length, 2);
  const endpoints = puts[1]?.resources.get(endpointsId);
  assert(endpoints?.kind === 'Endpoints');
  assert.deepEqual(endpoints.endpoints, [
    { address: '10.0.0.0', port: 80, state: 'Ready', ...endpointDefaults },
  ]);
  assert.deepEqual(seen(puts[1]), { HTTPRoute: '1', EndpointSlice: '7' });
  const elsewhere = sourceObject({
    metadata: {
      name: 's2',
      namespace: 'elsewhere',
      resourceVersion: '8',
      labels: { 'kubernetes.io/service-name': 'cart' },
    },
  });
  assert(elsewhere);
  store.upsert('EndpointSlice', elsewhere);
  clock.advance(5);
  assert.equal(puts[2]?.resources, puts[1]?.resources, 'nobody uses that Service');
});

test('a Gateway that is no longer ours is taken from its data planes', () => {
  const { clock, store, loop, removed, withdraw } = given();
  store.replaceAll('HTTPRoute', [], '1');
  store.replaceAll('EndpointSlice', [], '1');
  loop.start();
  clock.advance(5);
  withdraw();
  store.upsert('HTTPRoute', named('a', 2));
  clock.advance(5);
  assert.deepEqual(removed, [edge]);
});

test('a stopped loop does nothing more', () => {
  const { clock, store, loop, puts } = given();
  store.replaceAll('HTTPRoute', [], '1');
  store.replaceAll('EndpointSlice', [], '1');
  loop.start();
  loop.stop();
  store.upsert('HTTPRoute', named('a', 2));
  clock.advance(100);
  assert.equal(puts.length, 0);
});

test('the order of a snapshot follows what has been seen, a second later, without a translation', () => {
  const { clock, store, loop, puts, translations } = given();
  store.replaceAll('HTTPRoute', [], '1');
  store.replaceAll('EndpointSlice', [], '1');
  loop.start();
  clock.advance(5);
  store.progress('HTTPRoute', '900');
  store.progress('HTTPRoute', '901');
  clock.advance(1_000);
  assert.equal(translations(), 1);
  assert.equal(puts.length, 2);
  assert.deepEqual(seen(puts[1]), { HTTPRoute: '901', EndpointSlice: '1' });
  assert.equal(puts[1]?.resources, puts[0]?.resources);
});

test('what is observed while a pass hands out brings another pass', () => {
  const { clock, store, loop, translations, onPut } = given();
  onPut(() => store.observeDataPlanes(edge, { ready: 1, refused: new Map(), unbound: new Map() }));
  store.replaceAll('HTTPRoute', [], '1');
  store.replaceAll('EndpointSlice', [], '1');
  loop.start();
  clock.advance(5);
  assert.equal(translations(), 1);
  clock.advance(5);
  assert.equal(translations(), 2);
  clock.advance(100);
  assert.equal(translations(), 2, 'the same observation is none');
});
