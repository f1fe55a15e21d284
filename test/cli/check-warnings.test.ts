// What `turnpike check` tells that is no mistake.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';
import { edgeManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';

test('a limit by who calls, where nobody asks, is told and is no error', async () => {
  const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    - { name: per-client, limits: [{ name: minute, requests: 60, window: 1m }] }
    - name: per-user
      key: { type: Claim, claim: { name: sub } }
      limits: [{ name: minute, requests: 60, window: 1m }]
`;
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'shop.yaml': [pathRouteManifest('shop', '/', 'shop'), serviceManifest('shop', 3000)].join('---'),
    'policy.yaml': policy,
  });
  const { code, stdout } = await turnpike(['check', folder.path]);
  const [warning, ...rest] = stdout.split('\n');
  assert.equal(
    warning,
    'warning policy.yaml:2: RateLimitPolicy default/shop: No AuthPolicy holds for HTTPRoute/default/shop, so nobody is known there, and rule per-user goes by who calls; add an AuthPolicy, or count by something else.',
  );
  assert.deepEqual(rest, ['6 objects checked, no problems', '']);
  assert.equal(code, 0);
});

test('a Ban that is over, and one where no Gateway is, are told and are no errors', async () => {
  const ban = (name: string, more: string, expires: string) => `
apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: ${name}${more} }
spec: { addresses: [192.0.2.7/32]${expires} }
`;
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'bans.yaml': [
      ban('away', ', namespace: shop', ''),
      ban('good', '', ', expires: "2999-01-01T00:00:00Z"'),
      ban('over', '', ', expires: "2025-01-01T00:00:00Z"'),
    ].join('---'),
  });
  const { code, stdout } = await turnpike(['check', folder.path]);
  assert.deepEqual(
    stdout.split('\n').filter((line) => line.startsWith('warning')),
    [
      'warning bans.yaml:15: Ban default/over: spec.expires: it is over since 2025-01-01T00:00:00Z: delete it, or let it end later',
      'warning bans.yaml:2: Ban shop/away: there is no Gateway in namespace shop, and Bans hold for those of their own namespace alone: write it where the Gateways are',
    ],
  );
  assert.equal(code, 0);
});
