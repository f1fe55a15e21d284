// Only those with a token come in: keys from a ConfigMap, who they are told to the backend, keys rotated.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { issuerKey } from '#test/given/token.ts';
import type { IssuerKey } from '#test/given/token.ts';
import type { Echoed } from '../turnpike/echo.ts';
import { gateway } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo } from './workloads.ts';

const routes = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /orders } }]
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: public }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /public } }]
      backendRefs: [{ name: shop, port: 80 }]
`;

const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: shop }
spec:
  targetRefs:
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }
  rules:
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: https://id.example.com
          audiences: [shop]
          jwks:
            type: ConfigMap
            configMapRef: { name: keys, key: jwks.json }
          claimsToHeaders:
            - { claim: sub, header: x-user }
`;

describe('a route that asks for a token', () => {
  let journey: Journey;
  let edge: Edge;
  let first: IssuerKey;

  before(async () => {
    journey = await Journey.begin('jwt');
    first = await issuerKey('first');
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop'),
      ...gateway({ parameters: { replicas: 1 } }),
      routes,
      keys(first),
      policy,
    );
    await journey.rolledOut('shop');
    edge = await journey.edge();
    await journey.until('authpolicy/shop', 'Programmed');
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** The public halves, as an issuer publishes them. */
  function keys(...pairs: readonly IssuerKey[]): object {
    const published = pairs.map(({ jwk: { kid, kty, alg, crv, x, y } }) => ({ kid, kty, alg, crv, x, y }));
    const data = { 'jwks.json': JSON.stringify({ keys: published }) };
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'keys' }, data };
  }

  async function orders(key: IssuerKey, claims: Record<string, unknown> = {}) {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const token = await key.sign({ iss: 'https://id.example.com', exp, ...claims });
    return { path: '/orders', headers: { authorization: `Bearer ${token}`, 'x-user': 'root' } };
  }

  it('lets nobody in without one, and leaves the route beside it open', async () => {
    const { status, headers } = await edge.ask({ path: '/orders' });
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate') ?? '', /^Bearer/);
    assert.equal((await edge.ask({ path: '/public' })).status, 200);
  });

  it('tells the backend who it is, whatever the client says', async () => {
    const answer = await edge.ask(await orders(first, { sub: 'ada' }));
    assert.equal(answer.status, 200, answer.body);
    assert.equal((JSON.parse(answer.body) as Echoed).headers['x-user'], 'ada');
  });

  it('refuses a token for somebody else, one that is over, and one by another key of that name', async () => {
    const stranger = await issuerKey('first');
    for (const asked of [
      await orders(first, { aud: 'bank' }),
      await orders(first, { exp: Math.floor(Date.now() / 1000) - 600 }),
      await orders(stranger),
    ]) {
      assert.equal((await edge.ask(asked)).status, 401);
    }
  });

  it('takes new keys and drops old ones as the ConfigMap says', async () => {
    const second = await issuerKey('second');
    await journey.apply(keys(first, second));
    await journey.answers(edge, await orders(second), 200, { deadlineMs: 5_000 });
    assert.equal((await edge.ask(await orders(first))).status, 200);
    await journey.apply(keys(second));
    await journey.answers(edge, await orders(first), 401, { deadlineMs: 5_000 });
  });

  it('closes the route, and says why, when the keys are gone', async () => {
    await journey.kubectl('delete', 'configmap/keys');
    await journey.until('authpolicy/shop', 'ResolvedRefs', 'KeysNotFound');
    await journey.answers(edge, { path: '/orders' }, 500, { deadlineMs: 5_000 });
    assert.equal((await edge.ask({ path: '/public' })).status, 200);
  });
});
