// What Consumers use, by real processes that are killed in the midst of it: never less than was used is counted, and
// one lease more at most.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { Agent } from 'node:http';
import { describe, test } from 'node:test';
import { unitsOf } from '#dataplane/metering/read-segment.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { credentialOfKey, givenApiKeys, givenCredentials, givenKey } from '../given/api-key.ts';
import { givenBackend, type GivenBackend } from '../given/backend.ts';
import { aDataPlaneProcess } from '../given/data-plane-process.ts';
import { eventually } from '../given/eventually.ts';
import { givenFolder } from '../given/folder.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '../given/manifests.ts';
import { givenStandalone } from '../given/standalone.ts';
import { journalsIn, type JournalRead } from '../given/usage.ts';
import { request } from '../given/http-client.ts';
import { forwardToNothing, givenRoute, givenRule } from '../given/route.ts';
import { givenAuthentication } from '../given/token.ts';

const consumers = ['acme', 'bolt', 'core'] as const;
const keys = new Map(consumers.map((name, at) => [name, givenKey(at)]));

/** All that comes needs a key; the backend hears whose it is. */
const resources: readonly Resource[] = [
  givenCredentials([...keys].map(([consumer, key]) => credentialOfKey(key, { consumer, plan: 'gold' }))),
  givenAuthentication(givenApiKeys({ identityToHeaders: [{ value: 'Consumer', header: 'x-consumer' }] })),
  givenRoute('all', {
    rules: [
      givenRule({
        authentications: [resourceId('Authentication', 'shop', 'auth')],
        action: {
          ...forwardToNothing,
          backends: [
            {
              cluster: resourceId('Cluster', 'shop', 'backend', '80'),
              weight: 1,
              filters: [],
              mirrors: [],
            },
          ],
        },
      }),
    ],
  }),
];

/** Counts the requests of each consumer that come to it. */
async function aCountingBackend(): Promise<GivenBackend & { readonly served: Map<string, number> }> {
  const served = new Map<string, number>();
  const backend = await givenBackend('counting', {
    answer({ headers }, answer) {
      const consumer = String(headers['x-consumer']);
      served.set(consumer, (served.get(consumer) ?? 0) + 1);
      answer.end();
    },
  });
  return Object.assign(backend, { served });
}

/** Asks on `connections` connections for as long as somebody answers. */
async function load(port: number, connections: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const ask = async (key: string): Promise<void> => {
    try {
      for (;;) await request({ port, agent, headers: { 'x-api-key': key } });
    } catch {
      // it was killed
    }
  };
  await Promise.all(
    Array.from({ length: connections }, (_, at) => ask(keys.get(consumers[at % 3] ?? 'acme') ?? '')),
  );
  agent.destroy();
}

function countedOf(journals: readonly JournalRead[], consumer: string): number {
  const leases = journals.flatMap((journal) => journal.leases);
  return leases
    .filter((lease) => lease.consumer === `shop/${consumer}`)
    .reduce((sum, lease) => sum + unitsOf(lease), 0);
}

describe('the journal of what Consumers use', () => {
  test('counts no request less, and a lease more at most, of a data plane that is killed under load', async () => {
    await using folder = await givenFolder();
    await using backend = await aCountingBackend();
    for (let round = 1; round <= 3; round += 1) {
      await using plane = await aDataPlaneProcess(
        backend.port,
        [`--usage-journal=${folder.path}`],
        resources,
      );
      const before = backend.requests();
      const loaded = load(plane.port, 9);
      await eventually(() => backend.requests() - before > 700);
      plane.kill();
      await plane.ended;
      await loaded;
      const journals = await journalsIn(folder.path);
      assert.equal(journals.length, round);
      for (const consumer of consumers) {
        const over = countedOf(journals, consumer) - (backend.served.get(consumer) ?? 0);
        const open = journals.flatMap(({ leases }) =>
          leases.filter((lease) => lease.consumer === `shop/${consumer}` && lease.used === null),
        );
        assert.equal(open.length, round, 'one open lease each time it was killed');
        assert.ok(over >= 0, `${-over} requests of ${consumer} are not counted`);
        const most = Math.max(...open.map(({ leased }) => leased));
        assert.ok(over <= round * most, `${over} units more than were used, in leases of ${most} at most`);
      }
    }
  });

  test('is exact when a data plane ends by itself, and two at one folder do not mind each other', async () => {
    await using folder = await givenFolder();
    await using backend = await aCountingBackend();
    const options = [`--usage-journal=${folder.path}`, '--drain-accept=0', '--drain-idle=0'];
    await using one = await aDataPlaneProcess(backend.port, options, resources);
    await using other = await aDataPlaneProcess(backend.port, options, resources);
    for (let at = 0; at < 25; at += 1) {
      await request({ port: one.port, headers: { 'x-api-key': keys.get('acme') ?? '' } });
      await request({ port: other.port, headers: { 'x-api-key': keys.get('bolt') ?? '' } });
      await request({ port: other.port, headers: { 'x-api-key': 'nobody has this one' } });
    }
    one.terminate();
    other.terminate();
    await Promise.all([one.ended, other.ended]);
    const journals = await journalsIn(folder.path);
    assert.equal(journals.length, 2);
    assert.ok(journals.every(({ isEnded, unreadable }) => isEnded && unreadable === 0));
    assert.deepEqual(
      consumers.map((name) => countedOf(journals, name)),
      [25, 25, 0],
    );
    assert.deepEqual(
      new Set(journals.flatMap(({ leases }) => leases.map(({ plan, route }) => `${plan} ${route}`))),
      new Set(['gold HTTPRoute/shop/all']),
    );
  });

  test('counts what all limits have let pass, and nothing else', async () => {
    await using folder = await givenFolder();
    await using shop = await givenBackend('shop');
    await using turnpike = await givenStandalone(
      {
        'services.yaml': serviceManifest('shop', shop.port),
        'routes.yaml': pathRouteManifest('orders', '/orders', 'shop'),
        'policies.yaml': `${authPolicyManifest('orders', keysOfConsumers)}---${manifests}`,
      },
      { usageJournal: folder.path },
    );
    const showing = { headers: { 'x-api-key': keys.get('acme') ?? '' } };
    await turnpike.until('/orders', 401);
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1) statuses.push((await turnpike.get('/orders', showing)).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429]);
    await turnpike.stop();
    const journals = await journalsIn(folder.path);
    assert.deepEqual(
      journals.flatMap(({ leases }) =>
        leases.map(({ consumer, plan, route, used }) => [consumer, plan, route, used]),
      ),
      [['default/acme', 'gold', 'HTTPRoute/default/orders', 4]],
    );
  });
});

const keysOfConsumers = `
    authenticate:
      - { name: partners, type: APIKey, apiKey: { consumerSelector: { matchLabels: { tier: partner } } } }`;

const acme = keys.get('acme') ?? '';

const consumerManifest = `
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: acme, labels: { tier: partner } }
spec:
  plan: gold
  credentials:
    - { name: first, type: APIKey, apiKey: { prefix: ${acme.slice(0, 11)}, sha256: "${hash('sha256', acme, 'hex')}" } }
`;

const plan = `
apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: gold }
spec:
  quotas: [{ name: year, requests: 6, period: Year }]
`;

const manifests = `${consumerManifest}---${plan.replace('requests: 6', 'requests: 600')}---
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: orders }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: orders }]
  rules:
    - name: each
      key: { type: Consumer }
      limits: [{ name: day, requests: 4, window: 24h }]
`;

test('a quota goes on where it was when both planes start anew, by the journal alone', async () => {
  await using folder = await givenFolder();
  await using shop = await givenBackend('shop');
  const files = {
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': pathRouteManifest('orders', '/orders', 'shop'),
    'policies.yaml': `${authPolicyManifest('orders', keysOfConsumers)}---${consumerManifest}---${plan}`,
  };
  const showing = { headers: { 'x-api-key': acme } };
  const ask = async (times: number): Promise<readonly number[]> => {
    await using turnpike = await givenStandalone(files, { usageJournal: folder.path });
    await turnpike.until('/orders', 401);
    const statuses: number[] = [];
    for (let at = 0; at < times; at += 1) statuses.push((await turnpike.get('/orders', showing)).status);
    return statuses;
  };
  assert.deepEqual(await ask(3), [200, 200, 200]);
  assert.deepEqual(await ask(2), [200, 200]);
  assert.deepEqual(await ask(3), [200, 429, 429]);
});
