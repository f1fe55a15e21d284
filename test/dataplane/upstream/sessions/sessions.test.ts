import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields } from '#dataplane/http/fields.ts';
import { SessionSeal } from '#dataplane/upstream/sessions/session-seal.ts';
import { Sessions } from '#dataplane/upstream/sessions/sessions.ts';
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';
import { clusterDefaults, endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import { byCookie } from '#test/given/sessions.ts';
import type { TestContext } from 'node:test';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';

interface Backend {
  readonly cluster: UpstreamCluster | null;
}

/** Clusters of these names, each with the same two endpoints. */
function clustersOf(t: TestContext, names: readonly string[]): readonly UpstreamCluster[] {
  const upstreams = createUpstreams();
  t.after(() => upstreams.close());
  const id = resourceId('Endpoints', 'all');
  const endpoints = ['10.0.0.1', 'fd00::1'].map((address) => ({
    address,
    port: 80,
    state: 'Ready' as const,
    ...endpointDefaults,
  }));
  upstreams.apply(
    names.map((name) => ({
      kind: 'Cluster',
      id: resourceId('Cluster', name),
      name,
      endpoints: id,
      ...clusterDefaults,
    })),
    new Map([[id, { kind: 'Endpoints', id, endpoints }]]),
  );
  return names.map((name) => upstreams.cluster(resourceId('Cluster', name))).filter((one) => one !== null);
}

function sessionsOf(backends: readonly Backend[], seal = new SessionSeal(new Secret('key'), null)) {
  return new Sessions({ persistence: byCookie, scope: 'rule', seal, backends });
}

/** What a client sends that got the answer's cookie. */
function back(answer: Fields): Fields {
  const fields = new Fields();
  const cookie = answer.get('set-cookie')?.split(';')[0];
  if (cookie !== undefined) fields.append('cookie', cookie);
  return fields;
}

test('a session stays with its backend, one of two that are the same Service too, while it has a weight', (t) => {
  const [cart, shop] = clustersOf(t, ['cart', 'shop']);
  assert(cart && shop);
  const backends: readonly Backend[] = [{ cluster: cart }, { cluster: shop }, { cluster: shop }];
  const sessions = sessionsOf(backends);
  let held = 0;
  for (const backend of backends) {
    backend.cluster?.usable('');
    for (const endpoint of backend.cluster?.endpoints ?? []) {
      const answer = new Fields();
      sessions.of(new Fields()).tell(answer, backend, endpoint, { secure: false });
      const session = sessions.of(back(answer));
      assert.equal(session.backend, backend);
      assert.equal(session.endpoint, endpoint);
      held += 1;
      const others = backends.filter((one) => one.cluster !== backend.cluster);
      assert.equal(sessionsOf(others).of(back(answer)).backend, null);
    }
  }
  assert.equal(held, 6);
});

test('a cookie given over TLS is sent over TLS alone', (t) => {
  const [cluster] = clustersOf(t, ['cart']);
  assert(cluster);
  cluster.usable('');
  const [endpoint] = cluster.endpoints;
  assert(endpoint);
  const backend = { cluster };
  const answer = new Fields();
  sessionsOf([backend]).of(new Fields()).tell(answer, backend, endpoint, { secure: true });
  assert.match(answer.get('set-cookie') ?? '', /; SameSite=Lax; Secure$/u);
});

test('a token by the secret of before goes on, and is told anew by the present one', (t) => {
  const [cluster] = clustersOf(t, ['cart']);
  assert(cluster);
  const backend = { cluster };
  cluster.usable('');
  const [endpoint] = cluster.endpoints;
  assert(endpoint);
  const before = new Fields();
  sessionsOf([backend], new SessionSeal(new Secret('old'), null))
    .of(new Fields())
    .tell(before, backend, endpoint, { secure: false });
  const sessions = sessionsOf([backend], new SessionSeal(new Secret('new'), new Secret('old')));
  const held = sessions.of(back(before));
  assert.equal(held.endpoint, endpoint);
  const after = new Fields();
  held.tell(after, backend, endpoint, { secure: false });
  assert.notEqual(after.get('set-cookie'), before.get('set-cookie'));
  const next = sessionsOf([backend], new SessionSeal(new Secret('new'), null));
  assert.equal(next.of(back(after)).endpoint, endpoint);
});
