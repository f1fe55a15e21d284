import { dataPlanePages } from '#dataplane/admin/data-plane-pages.ts';
import { resourceId } from '#snapshot/ids.ts';
import { sharedRedisDefaults } from '#snapshot/redis-address.ts';
import { Secret } from '#snapshot/secret.ts';
import type { Resource, Snapshot } from '#snapshot/snapshot.ts';
import assert from 'node:assert/strict';
import { readUsagePage } from '#snapshot/usage-page.ts';
import { test } from 'node:test';

const certificate: Resource = {
  kind: 'Certificate',
  id: resourceId('Certificate', 'shop', 'tls'),
  chain: 'chain',
  key: new Secret('private'),
};
const store: Resource = {
  kind: 'RateLimitStore',
  id: resourceId('RateLimitStore', 'store'),
  type: 'Redis',
  url: new Secret('redis://:private@db'),
  ...sharedRedisDefaults,
};

const sums = [
  { hourMs: 7_200_000, consumer: 'shop/acme', plan: '', route: 'HTTPRoute/shop/orders', units: 3 },
];

test('the running config holds every resource in the order of the ids, without secrets', async () => {
  const snapshot: Snapshot = {
    version: 'v7',
    order: { lineage: 'cluster', kinds: { HTTPRoute: { seen: '42', state: 'x' } } },
    resources: new Map([store, certificate].map((each) => [each.id, each])),
  };
  const pages = dataPlanePages({
    ready: () => ({ ok: true }),
    metrics: async () => '',
    usage: () => Promise.resolve({ sums, losses: [] }),
    snapshot: () => snapshot,
    bans: () => [],
  });
  const used = await pages['/usage']?.();
  assert.deepEqual(readUsagePage(used?.body), { sums, losses: [] });
  const answer = await pages['/config']?.();
  assert.equal(answer?.mediaType, 'application/json');
  assert.doesNotMatch(answer.body, /private/);
  assert.deepEqual(JSON.parse(answer.body), {
    version: 'v7',
    order: { lineage: 'cluster', kinds: { HTTPRoute: { seen: '42', state: 'x' } } },
    resources: {
      'Certificate/shop/tls': { ...certificate, key: '[redacted]' },
      'RateLimitStore/store': { ...store, url: '[redacted]' },
    },
  });
  assert(answer.body.indexOf('Certificate/') < answer.body.indexOf('RateLimitStore/'));
});

test('without a snapshot there is an empty config, and the reason why it is not ready', async () => {
  const pages = dataPlanePages({
    usage: () => Promise.resolve({ sums: [], losses: [] }),
    ready: () => ({ ok: false, reason: 'no complete snapshot yet' }),
    metrics: async () => 'm 1\n',
    snapshot: () => null,
    bans: () => [
      { address: '192.0.2.7', policy: 'shop/edge', rule: 'guesses', mode: 'Enforce', untilMs: 1_000 },
    ],
  });
  assert.deepEqual(JSON.parse((await pages['/config']?.())?.body ?? ''), {
    version: null,
    order: null,
    resources: {},
  });
  assert.deepEqual(JSON.parse((await pages['/bans']?.())?.body ?? ''), {
    bans: {
      'shop/edge/guesses 192.0.2.7': {
        address: '192.0.2.7',
        policy: 'shop/edge',
        rule: 'guesses',
        mode: 'Enforce',
        until: '1970-01-01T00:00:01.000Z',
      },
    },
  });
  assert.deepEqual(await pages['/readyz']?.(), {
    status: 503,
    mediaType: 'text/plain; charset=utf-8',
    body: 'no complete snapshot yet\n',
  });
  assert.equal((await pages['/livez']?.())?.status, 200);
  assert.equal((await pages['/metrics']?.())?.body, 'm 1\n');
});
