// A list of addresses that changes again and again is read at a pace, and what it says last holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoop } from '#controller/loop.ts';
import { sourceObject } from '#controller/source.ts';
import { Store } from '#controller/store/store.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import { decodeObject, kinds, type Kind } from '#crds/kind.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { ResourceSet } from '#snapshot/snapshot.ts';
import { ManualClock } from '#test/given/clock.ts';

const manifests: readonly (readonly [Kind, object])[] = [
  [
    'GatewayClass',
    { metadata: { name: 'turnpike' }, spec: { controllerName: 'turnpike.dev/gateway-controller' } },
  ],
  [
    'Gateway',
    {
      metadata: { name: 'edge', namespace: 'shop' },
      spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
    },
  ],
  [
    'ProtectionPolicy',
    {
      metadata: { name: 'edge', namespace: 'shop' },
      spec: {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }],
        reputation: ['one', 'two'].map((name) => ({ name, type: 'ConfigMap', configMap: { name } })),
      },
    },
  ],
];

/** A controller over a store with two lists, and what it does. */
function given() {
  const clock = new ManualClock();
  const all = Object.keys(kinds) as Kind[];
  const store = new Store({ kinds: all, decode: decodeObject });
  const read: string[] = [];
  const translator = createTranslator({
    trace: (unit, key) => {
      if (unit === 'address list') read.push(key);
    },
  });
  let resources: ResourceSet = new Map();
  const loop = createLoop({
    clock,
    store,
    settings: {
      controllerName: 'turnpike.dev/gateway-controller',
      dataPlanes: 'External',
      trustedNetworks: [],
    },
    translate: (input) => translator.translate(input),
    endpointsOf: () => ({ compose: () => new Map() }),
    snapshots: {
      put: (_gateway, set) => (resources = set),
      remove: () => undefined,
    },
    statuses: { put: () => undefined },
    wantKeys: () => undefined,
    notice: () => undefined,
  });
  let version = 1;
  const raw = (kind: Kind, manifest: object) => {
    version += 1;
    const apiVersion = `${kinds[kind].group === '' ? '' : `${kinds[kind].group}/`}${kinds[kind].version}`;
    const { metadata } = manifest as { readonly metadata: object };
    const made = sourceObject({
      apiVersion,
      kind,
      ...manifest,
      metadata: { ...metadata, resourceVersion: String(version), generation: 1 },
    });
    assert(made);
    return made;
  };
  const configMap = (name: string, list: string) =>
    raw('ConfigMap', { metadata: { name, namespace: 'shop' }, data: { list } });
  for (const kind of all) store.replaceAll(kind, [], '1');
  for (const [kind, manifest] of manifests) store.upsert(kind, raw(kind, manifest));
  store.upsert('ConfigMap', configMap('two', '192.0.2.0/24'));
  return {
    clock,
    loop,
    /** How often the list was read. */
    reads: (name: string) => read.filter((key) => key === `shop/${name}`).length,
    write: (name: string, list: string) => store.upsert('ConfigMap', configMap(name, list)),
    remove: (name: string) => store.delete('ConfigMap', configMap(name, '')),
    /** What data planes have of it. */
    served: (name: string) => resources.get(resourceId('AddressList', 'shop', name)),
  };
}

/** A text of so many characters, which lists one network. */
function listOf(network: string, length: number): string {
  return `${network} #`.padEnd(length, 'x');
}

const size = 2 ** 18;
const paceMs = 2500;

test('a feed that writes its list again and again has it read at its pace, and its last word holds', () => {
  const { clock, loop, reads, write, served } = given();
  write('one', listOf('10.0.0.0/8', size));
  loop.start();
  clock.advance(50);
  assert.equal(reads('one'), 1);
  for (let turn = 0; turn < 100; turn += 1) {
    write('one', listOf(`10.${String(turn)}.0.0/16`, size));
    clock.advance(100);
  }
  assert.equal(reads('one'), 1 + Math.floor(10_000 / paceMs), 'a hundred changes in ten seconds');
  clock.advance(paceMs);
  const settled = reads('one');
  assert.deepEqual(served('one'), {
    kind: 'AddressList',
    id: 'AddressList/shop/one',
    ipv4: 'EApj',
    ipv6: '',
  });
  clock.advance(60_000);
  assert.equal(reads('one'), settled, 'nothing is read that has not changed');
});

test('a list that has rested is read at once, as are others while one is held back', () => {
  const { clock, loop, reads, write } = given();
  write('one', listOf('10.0.0.0/8', size));
  loop.start();
  clock.advance(paceMs + 50);
  write('one', listOf('10.0.0.0/9', size));
  clock.advance(50);
  assert.equal(reads('one'), 2);
  write('one', listOf('10.0.0.0/10', size));
  write('two', '198.51.100.0/24');
  clock.advance(50);
  assert.deepEqual([reads('one'), reads('two')], [2, 2]);
  write('two', '203.0.113.0/24');
  clock.advance(50);
  assert.equal(reads('two'), 3, 'a short list is hardly held back at all');
});

test('a list that is made anew in the time of the one before was never away', () => {
  const { clock, loop, write, remove, served } = given();
  write('one', listOf('10.0.0.0/8', size));
  loop.start();
  clock.advance(50);
  remove('one');
  clock.advance(50);
  assert.ok(served('one'));
  write('one', listOf('10.0.0.0/9', size));
  clock.advance(paceMs);
  assert.ok(served('one'));
  remove('one');
  clock.advance(paceMs + 50);
  assert.equal(served('one'), undefined);
});
