import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#controller/clock.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { Reflector } from '#controller/kube/reflector.ts';
import { kinds } from '#crds/kind.ts';
import { refuse, startApiServer } from '#test/given/api-server.ts';
import { eventually } from '#test/given/eventually.ts';
import type { ReflectorEvent, ReflectorTiming } from '#controller/kube/reflector.ts';
import type { SourceObject } from '#controller/source.ts';
import type { TestContext } from 'node:test';

const routes = '/apis/gateway.networking.k8s.io/v1/httproutes';

const quick: Partial<ReflectorTiming> = {
  backoffMinMs: 5,
  backoffMaxMs: 20,
  networkBackoffMaxMs: 20,
  relistMinMs: 1,
  pollMs: 10,
  shortWatchMs: 0,
};

async function given(t: TestContext, timing: Partial<ReflectorTiming> = {}) {
  const server = await startApiServer(t, routes);
  const client = new KubeClient(server.connection, systemClock);
  const objects = new Map<string, SourceObject>();
  const events: ReflectorEvent[] = [];
  const seen = { lists: 0, unserved: 0, progress: '' };
  const reflector = new Reflector({
    client,
    info: kinds.HTTPRoute,
    clock: systemClock,
    random: () => 0.5,
    report: (event) => events.push(event),
    timing: { ...quick, ...timing },
    sink: {
      replaceAll(_kind, all, resourceVersion) {
        seen.lists += 1;
        seen.progress = resourceVersion;
        objects.clear();
        for (const object of all) objects.set(object.metadata.name, object);
      },
      upsert: (_kind, object) => objects.set(object.metadata.name, object),
      delete: (_kind, object) => objects.delete(object.metadata.name),
      progress: (_kind, resourceVersion) => (seen.progress = resourceVersion),
      unserved() {
        seen.unserved += 1;
        objects.clear();
      },
    },
  });
  t.after(async () => {
    await reflector.stop();
    await client.close();
  });
  const put = (name: string, more: object = {}) =>
    server.put(routes, { metadata: { name, namespace: 'shop' }, ...more });
  return { server, client, reflector, objects, events, seen, put };
}

const names = (objects: ReadonlyMap<string, SourceObject>) => [...objects.keys()].sort().join();

test('a streamed list is told whole at its end, and its changes after it', async (t) => {
  const { server, reflector, objects, seen, events, put } = await given(t);
  put('a');
  put('b');
  reflector.start();
  await eventually(() => assert.equal(names(objects), 'a,b'));
  put('c');
  server.delete(routes, 'shop', 'a');
  await eventually(() => assert.equal(names(objects), 'b,c'));
  assert.equal(seen.lists, 1);
  assert.equal(server.requests.length, 1, 'one connection serves list and watch');
  assert.deepEqual(events, [{ kind: 'Listed', of: 'HTTPRoute', objects: 2, way: 'Streamed' }]);
});

test('a server without streaming lists is listed page by page', async (t) => {
  const { server, reflector, objects, put } = await given(t);
  server.streamingLists = 'Refused';
  for (let at = 0; at < 1201; at += 1) put(`r${at}`);
  reflector.start();
  await eventually(() => assert.equal(objects.size, 1201));
  put('later');
  await eventually(() => assert(objects.has('later')));
  const pages = server.requests.filter(({ query }) => query.has('limit'));
  assert.deepEqual(
    pages.map(({ query }) => query.get('continue')),
    [null, '500', '1000'],
  );
  const last = server.requests.at(-1);
  assert.equal(last?.query.get('allowWatchBookmarks'), 'true');
  const seconds = Number(last.query.get('timeoutSeconds'));
  assert(seconds >= 300 && seconds <= 600);
});

test('a list that expires half-way begins anew', async (t) => {
  const { server, reflector, objects, put } = await given(t);
  server.streamingLists = 'Refused';
  for (let at = 0; at < 600; at += 1) put(`r${at}`);
  let expired = 0;
  server.faults.add(({ query }, response) => {
    if (query.get('continue') !== '500' || expired > 0) return false;
    expired += 1;
    return refuse(response, 410);
  });
  reflector.start();
  await eventually(() => assert.equal(objects.size, 600));
  assert.equal(expired, 1);
});

test('a watch that is reset resumes without a list and without a loss', async (t) => {
  const { server, reflector, objects, seen, put } = await given(t);
  reflector.start();
  await eventually(() => assert.equal(server.watchers, 1));
  server.dropConnections();
  put('a');
  await eventually(() => assert.equal(names(objects), 'a'));
  assert.equal(seen.lists, 1);
});

test('a watch that ends in time is resumed at once, after the bookmark', async (t) => {
  const { server, reflector, seen, put } = await given(t);
  put('a');
  reflector.start();
  await eventually(() => assert.equal(server.watchers, 1));
  server.bookmark();
  await eventually(() => assert.equal(seen.progress, server.version));
  server.endWatches();
  await eventually(() => assert.equal(server.watchers, 1));
  assert.equal(server.requests.at(-1)?.query.get('resourceVersion'), server.version);
  assert.equal(seen.lists, 1);
});

test('a compacted history is listed again, and lost deletes are found', async (t) => {
  const { server, reflector, objects, seen, put } = await given(t);
  put('a');
  put('b');
  reflector.start();
  await eventually(() => assert.equal(names(objects), 'a,b'));
  let away = true;
  server.faults.add((_request, response) => away && refuse(response, 503));
  server.dropConnections();
  server.delete(routes, 'shop', 'a');
  server.compact();
  away = false;
  await eventually(() => assert.equal(names(objects), 'b'));
  assert.equal(seen.lists, 2);
});

test('an ERROR event of 410 in the middle of a watch leads to a new list', async (t) => {
  const { server, reflector, seen } = await given(t);
  reflector.start();
  await eventually(() => assert.equal(server.watchers, 1));
  server.sendError(410, 'Expired');
  await eventually(() => assert.equal(seen.lists, 2));
});

for (const code of [401, 403, 429, 500, 503]) {
  test(`an answer of ${code} to the list is waited out and told once`, async (t) => {
    const { server, reflector, objects, events, put } = await given(t);
    put('a');
    let refusals = 0;
    server.faults.add((_request, response) => {
      refusals += 1;
      return refusals <= 4 && refuse(response, code);
    });
    reflector.start();
    await eventually(() => assert.equal(names(objects), 'a'));
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['Failing', 'Recovered', 'Listed'],
    );
  });
}

test('Retry-After is kept', async (t) => {
  const { server, reflector, objects, put } = await given(t);
  put('a');
  let refusedAt = 0;
  server.faults.add((_request, response) => {
    if (refusedAt > 0) return false;
    refusedAt = performance.now();
    return refuse(response, 429, { 'retry-after': '1' });
  });
  reflector.start();
  await eventually(() => assert.equal(names(objects), 'a'));
  assert(performance.now() - refusedAt >= 990);
});

test('a watch that falls silent is given up and resumed', async (t) => {
  const { server, reflector, objects, seen, put } = await given(t, { idleMs: 80 });
  let stalled = 0;
  server.faults.add(({ query }, response) => {
    if (query.get('sendInitialEvents') === 'true' || stalled > 0) return false;
    stalled += 1;
    response.writeHead(200).flushHeaders();
    return true;
  });
  reflector.start();
  await eventually(() => assert.equal(server.watchers, 1));
  server.endWatches();
  await eventually(() => assert.equal(stalled, 1));
  put('a');
  await eventually(() => assert.equal(names(objects), 'a'));
  assert.equal(seen.lists, 1);
});

test('a kind that is not installed is waited for, and one that is taken away is forgotten', async (t) => {
  const { server, reflector, objects, seen, events, put } = await given(t);
  server.uninstall(routes);
  reflector.start();
  await eventually(() => assert(seen.unserved >= 1));
  server.install(routes);
  put('a');
  await eventually(() => assert.equal(names(objects), 'a'));
  const before = seen.unserved;
  server.uninstall(routes);
  server.endWatches();
  await eventually(() => assert(seen.unserved >= before + 2, 'told again each time it is looked for'));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['NotInstalled', 'Recovered', 'Listed', 'NotInstalled'],
  );
});

test('one 404 in passing forgets nothing', async (t) => {
  const { server, reflector, objects, seen, put } = await given(t);
  put('a');
  reflector.start();
  await eventually(() => assert.equal(names(objects), 'a'));
  let refused = 0;
  server.faults.add((_request, response) => {
    refused += 1;
    return refused === 1 && refuse(response, 404);
  });
  server.endWatches();
  await eventually(() => assert.equal(server.watchers, 1));
  assert.equal(seen.unserved, 0);
  assert.equal(names(objects), 'a');
});

test('a stopped reflector tells nothing more and leaves no connection', async (t) => {
  const { server, reflector, objects, put } = await given(t);
  reflector.start();
  await eventually(() => assert.equal(server.watchers, 1));
  await reflector.stop();
  put('a');
  await eventually(() => assert.equal(server.watchers, 0));
  assert.equal(objects.size, 0);
});

test('a reflector that is stopped while its list is on the way starts no watch', async (t) => {
  const { server, reflector, seen } = await given(t);
  server.streamingLists = 'Refused';
  let hold: (() => void) | null = null;
  server.faults.add(({ query }, response) => {
    if (!query.has('limit')) return false;
    hold = () => response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: [] }));
    return true;
  });
  reflector.start();
  await eventually(() => assert(hold));
  const before = server.requests.length;
  await reflector.stop();
  assert.equal(server.requests.length, before);
  assert.equal(seen.lists, 0);
});

test('what a person wrote is kept, and what only tools read is not', async (t) => {
  const { server, reflector, objects } = await given(t);
  server.put(routes, {
    metadata: {
      name: 'a',
      managedFields: [{}],
      annotations: { mine: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    },
    spec: { hostnames: ['a.example'] },
  });
  reflector.start();
  await eventually(() => assert.equal(names(objects), 'a'));
  const object = objects.get('a');
  assert.deepEqual(object?.metadata['annotations'], { mine: 'x' });
  assert.equal(object.metadata['managedFields'], undefined);
  assert.deepEqual(object['spec'], { hostnames: ['a.example'] });
});

test('a kind that the server has by an older version only is told by that', async (t) => {
  const bundles = (version: string) => `/apis/certificates.k8s.io/${version}/clustertrustbundles`;
  const server = await startApiServer(t, bundles('v1beta1'));
  const client = new KubeClient(server.connection, systemClock);
  const told = new Set<string>();
  let unserved = 0;
  const reflector = new Reflector({
    client,
    info: kinds.ClusterTrustBundle,
    clock: systemClock,
    random: () => 0.5,
    report: () => {},
    timing: quick,
    sink: {
      replaceAll: (_kind, all) => all.forEach((one) => told.add(one.metadata.name)),
      upsert: (_kind, object) => told.add(object.metadata.name),
      delete: (_kind, object) => told.delete(object.metadata.name),
      progress: () => {},
      unserved: () => (unserved += 1),
    },
  });
  t.after(async () => {
    await reflector.stop();
    await client.close();
  });
  server.put(bundles('v1beta1'), { metadata: { name: 'example.com:a:b' } });
  reflector.start();
  await eventually(() => assert.deepEqual([...told], ['example.com:a:b']));
  assert.equal(unserved, 0, 'one of the versions is served');
});
