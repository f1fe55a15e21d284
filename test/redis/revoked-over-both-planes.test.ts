// A policy that names a stream of Redis, over both planes: what is added there is refused within a moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenIssuer, issuerJwks, issuerName } from '#test/given/issuer.ts';
import { pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenRedis, ownRedisMissing } from '#test/given/redis.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: staff }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: staff }]
  rules:
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: ${issuerName}
          jwks: ${issuerJwks}
          revocation: { type: Redis, redis: { backendRef: { name: redis, port: 80 }, stream: revoked } }
`;

test('a token that a stream of Redis names is refused', { skip: ownRedisMissing() }, async () => {
  const redis = await givenRedis();
  const writer = new Redis(redis.url);
  try {
    await using shop = await givenBackend('shop');
    await using issuer = await givenIssuer();
    await using turnpike = await givenStandalone({
      'services.yaml': [
        serviceManifest('shop', shop.port),
        serviceManifest('issuer', issuer.backend.port),
        serviceManifest('redis', Number(new URL(redis.url).port)),
      ].join('---'),
      'routes.yaml': pathRouteManifest('staff', '/staff', 'shop'),
      'policies.yaml': policy,
    });
    const as = async (sub: string) => ({
      headers: { authorization: `Bearer ${await issuer.token({ sub })}` },
    });
    const [ada, bob] = [await as('ada'), await as('bob')];
    await turnpike.until('/staff', 503, ada);
    await writer.xadd('revoked', '*', 'none', '');
    await turnpike.until('/staff', 200, ada);
    await writer.xadd('revoked', '*', 'sub', 'ada');
    await turnpike.until('/staff', 401, ada);
    assert.equal((await turnpike.get('/staff', bob)).status, 200);
    const [plane] = turnpike.dataPlanes();
    await eventually(async () => {
      const text = (await plane?.metrics.text()) ?? '';
      const labels = 'list="Redis/default/staff/staff"';
      assert(text.includes(`turnpike_revocation_list_entries{${labels}} 1`), text);
      assert.match(text, /turnpike_revocation_list_age_seconds\{list="Redis[^\n]* [0-9.]+\n/u);
    });
    assert(turnpike.events.some(({ kind }) => kind === 'RevocationList'));
  } finally {
    writer.disconnect();
    await redis.stop();
  }
});
