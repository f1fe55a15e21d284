// Replicas of a controller, each with watches of its own, and a data plane that goes from one to another.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { type SourceObject, sourceObject } from '#controller/source.ts';
import { Store } from '#controller/store/store.ts';
import type { Kind, KindMap } from '#crds/kind.ts';
import type { GivenPublisher, GivenSubscriber } from '#test/controller/publish/given.ts';
import { edge, endpoints, givenPublisher, givenSubscriber, route } from '#test/controller/publish/given.ts';
import { eventually } from '#test/given/eventually.ts';

/** A replica: what a store of its own has been told, published as routes and endpoints. */
interface Replica extends GivenPublisher {
  readonly store: Store;
  /** Hands out what the store knows now. */
  readonly publish: () => void;
}

async function givenReplica(): Promise<Replica> {
  const store = new Store({
    kinds: ['HTTPRoute', 'EndpointSlice', 'Secret'],
    decode: (_kind, raw) => ({ ok: true, object: Object.freeze(raw) as KindMap['HTTPRoute'] }),
  });
  store.setLineage('cluster');
  const given = await givenPublisher();
  const publish = () => {
    const routes = store.objects
      .list('HTTPRoute')
      .map(({ metadata }) => route(metadata.name, metadata.generation));
    const slices = store.objects
      .list('EndpointSlice')
      .map(({ metadata }) => endpoints(metadata.name, `10.0.0.${metadata.generation}`));
    const all = [...routes, ...slices];
    given.publisher.put(edge, new Map(all.map((resource) => [resource.id, resource])), store.order);
  };
  let stopped: Promise<void> | null = null;
  const stop = async () => await (stopped ??= Promise.resolve(given[Symbol.asyncDispose]()));
  return { ...given, store, publish, [Symbol.asyncDispose]: stop };
}

/** `name` as of its `generation`-th change, which had this resource version. */
function object(name: string, resourceVersion: number, generation = 1): SourceObject {
  const raw = sourceObject({
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      generation,
      resourceVersion: `${resourceVersion}`,
    },
  });
  assert(raw);
  return raw;
}

/** A replica that has listed everything at `version`: route a, slice s. */
async function listed(version: number): Promise<Replica> {
  const replica = await givenReplica();
  replica.store.replaceAll('HTTPRoute', [object('a', 3)], `${version}`);
  replica.store.replaceAll('EndpointSlice', [object('s', 4)], `${version}`);
  replica.store.replaceAll('Secret', [], `${version}`);
  return replica;
}

/** A data plane that has been served by `first`, then finds it gone and `second` in its place. */
async function failedOver(first: Replica, second: Replica, dir: string | null = null) {
  first.publish();
  second.publish();
  let controllers = [first.address];
  const dataPlane = givenSubscriber(() => controllers, { dir });
  await eventually(() => dataPlane.sets.length === 1);
  controllers = [second.address];
  await first[Symbol.asyncDispose]();
  return dataPlane;
}

/** The kinds of which it was told that the controller lags. */
function lagging({ events }: GivenSubscriber): readonly string[] {
  return [...new Set(events.flatMap((event) => (event.kind === 'Behind' ? event.lagging : [])))];
}

async function heldBack(dataPlane: GivenSubscriber, ...kinds: readonly Kind[]): Promise<void> {
  await eventually(() => assert.deepEqual(lagging(dataPlane), kinds));
}

const revision = (dataPlane: GivenSubscriber, name: string) => {
  const served = dataPlane.served(route(name));
  return served?.kind === 'Route' ? served.createdMs : null;
};

describe('a data plane that fails over to another replica', () => {
  for (const [kind, name, newest] of [
    ['HTTPRoute', 'a', route('a', 2)],
    ['EndpointSlice', 's', endpoints('s', '10.0.0.2')],
  ] as const) {
    test(`does not go back when its watch of ${kind}s alone lags, and takes the catch-up at once`, async () => {
      await using first = await listed(10);
      await using second = await listed(10);
      first.store.upsert(kind, object(name, 20, 2));
      const fresh = kind === 'HTTPRoute' ? 'EndpointSlice' : 'HTTPRoute';
      second.store.upsert(fresh, object('other', 900));
      second.store.upsert('Secret', object('other', 901));
      await using dataPlane = await failedOver(first, second);
      await heldBack(dataPlane, kind);
      second.store.upsert(fresh, object('other', 910, 2));
      second.publish();
      second.store.upsert(kind, object(name, 20, 2));
      second.publish();
      await eventually(() => dataPlane.sets.length === 2);
      for (const set of dataPlane.sets) assert.deepEqual(set.get(newest.id), newest);
      assert.equal(dataPlane.sets.at(-1)?.size, 3, 'what the other kind brought has come with it');
    });
  }

  test('does not wait for the bookmarks of kinds in which nothing moved', async () => {
    await using first = await listed(1_000);
    await using second = await listed(10);
    first.store.progress('EndpointSlice', '2000');
    first.store.progress('Secret', '2000');
    second.store.upsert('HTTPRoute', object('a', 1_001, 2));
    await using dataPlane = await failedOver(first, second);
    await eventually(() => revision(dataPlane, 'a') === 2);
    assert.deepEqual(lagging(dataPlane), []);
  });

  test('does not get back what it saw deleted, though one that listed since knows nothing of that', async () => {
    await using first = await listed(10);
    await using lags = await listed(10);
    await using lister = await listed(10);
    first.store.delete('HTTPRoute', object('a', 20));
    lister.store.replaceAll('HTTPRoute', [], '30');
    lister.store.upsert('EndpointSlice', object('t', 31));
    first.publish();
    lister.publish();
    lags.store.upsert('EndpointSlice', object('t', 31));
    lags.publish();
    let controllers = [first.address];
    await using dataPlane = givenSubscriber(() => controllers);
    await eventually(() => dataPlane.sets.length === 1);
    controllers = [lister.address];
    await first[Symbol.asyncDispose]();
    await eventually(() => dataPlane.sets.length === 2);
    controllers = [lags.address];
    await lister[Symbol.asyncDispose]();
    await heldBack(dataPlane, 'HTTPRoute');
    for (const set of dataPlane.sets) assert.equal(set.get(route('a').id), undefined);
  });

  test('does not get back what a fresh list did not hold any more, until the other has seen it go', async () => {
    await using first = await givenReplica();
    first.store.replaceAll('HTTPRoute', [], '30');
    first.store.replaceAll('EndpointSlice', [object('s', 4)], '30');
    first.store.replaceAll('Secret', [], '30');
    await using second = await listed(10);
    second.store.upsert('HTTPRoute', object('a', 15, 2));
    second.store.progress('EndpointSlice', '900');
    await using dataPlane = await failedOver(first, second);
    await heldBack(dataPlane, 'HTTPRoute');
    second.store.upsert('EndpointSlice', object('t', 901));
    second.publish();
    // Its watch is at 20 then, and not at the list's 30: but the objects are the same.
    second.store.delete('HTTPRoute', object('a', 20));
    second.publish();
    await eventually(() => dataPlane.sets.length === 2);
    for (const set of dataPlane.sets) assert.equal(set.get(route('a').id), undefined);
    assert(dataPlane.served(endpoints('t')));
  });

  test('keeps its routes while a replica takes their kind for not installed, until it looked again', async () => {
    await using first = await listed(10);
    await using second = await givenReplica();
    second.store.unserved('HTTPRoute');
    second.store.replaceAll('EndpointSlice', [object('s', 4)], '40');
    second.store.replaceAll('Secret', [], '40');
    await using dataPlane = await failedOver(first, second);
    await heldBack(dataPlane, 'HTTPRoute');
    assert.equal(revision(dataPlane, 'a'), 1);
    second.store.unserved('HTTPRoute');
    second.publish();
    await eventually(() => revision(dataPlane, 'a') === null);
  });

  test('remembers over its restart, kind by kind', async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'turnpike-lagging-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
    await using first = await listed(10);
    await using second = await listed(10);
    first.store.upsert('HTTPRoute', object('a', 20, 2));
    second.store.upsert('EndpointSlice', object('t', 900));
    {
      await using before = await failedOver(first, second, dir);
      await heldBack(before, 'HTTPRoute');
    }
    await using dataPlane = givenSubscriber(second.address, { dir });
    await heldBack(dataPlane, 'HTTPRoute');
    await eventually(() => revision(dataPlane, 'a') === 2);
    assert.equal(dataPlane.subscriber.state().serving?.source, 'Disk');
    second.store.upsert('HTTPRoute', object('a', 20, 2));
    second.publish();
    await eventually(() => dataPlane.served(endpoints('t')) !== undefined);
    for (const set of dataPlane.sets) assert.deepEqual(set.get(route('a').id), route('a', 2));
  });
});
