// What a newer controller tells an older data plane: nothing that asks something of requests is ever passed over.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Holdings } from '#dataplane/subscribe/holdings.ts';
import { decodeResource, unknownIn } from '#snapshot/decode.ts';
import { encodeResource, hashResource, versionOf } from '#snapshot/encode.ts';
import { resourceId } from '#snapshot/ids.ts';
import { controllerMessage } from '#snapshot/message.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import { addressKeyDefaults } from '#snapshot/rate-limit.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { revocationDefaults } from '#snapshot/token-revocations.ts';
import { order } from '#test/controller/publish/given.ts';
import { givenCompiler, givenLimit, httpListener, ruleFor } from '#test/dataplane/compile/given-compiler.ts';
import { forwardToNothing, givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { arbitraryResource } from './arbitrary-resource.ts';

const asking = new Set([
  'Authentication',
  'KeySet',
  'CredentialSet',
  'TokenRevocations',
  'RateLimit',
  'Plan',
]);

/** All objects in `value`, each with the way to it. */
function objectsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, member]) => objectsIn(member, [...path, key]));
  return Array.isArray(value) ? below : [path, ...below];
}

/** `resource` encoded by a build that knows a member more of the object at `path`. */
function byNewer(resource: Resource, path: readonly string[]): string {
  const told: unknown = JSON.parse(encodeResource(resource));
  let at = told as Record<string, unknown>;
  for (const step of path) at = at[step] as Record<string, unknown>;
  at['onlyWhen'] = { moon: 'full' };
  return JSON.stringify(told);
}

describe('a member that only a newer build knows', () => {
  test('has the resource refused that asks something of requests, wherever in it the member stands', () => {
    const askingResource = arbitraryResource.filter(({ kind }) => asking.has(kind));
    fc.assert(
      fc.property(askingResource, fc.nat(), (resource, pick) => {
        const paths = objectsIn(JSON.parse(encodeResource(resource)));
        const path = paths[pick % paths.length] ?? [];
        assert.throws(() => decodeResource(byNewer(resource, path)), {
          name: SnapshotError.name,
          failure: 'Closing',
          id: resource.id,
        });
      }),
      { numRuns: 1000 },
    );
  });

  test('closes the rule it stands in, or all of the route, unless it only tells how requests are sent on', () => {
    const routes = arbitraryResource.filter(
      (one) => one.kind === 'Route' && one.rules.length > 0 && unknownIn(one) === null,
    );
    fc.assert(
      fc.property(routes, fc.nat(), (route, pick) => {
        const paths = objectsIn(JSON.parse(encodeResource(route)));
        const path = paths[pick % paths.length] ?? [];
        const decoded = decodeResource(byNewer(route, path));
        assert(decoded.kind === 'Route');
        const [first, index, member] = path;
        const isClosed = decoded.rules.map(({ action }) => action.kind === 'Unknown');
        const expected = isClosed.map(
          (_, at) => first !== 'rules' || (String(at) === index && member !== 'action'),
        );
        assert.deepEqual(isClosed, expected);
        assert.equal(unknownIn(decoded) !== null, expected.includes(true));
      }),
      { numRuns: 1000 },
    );
  });

  test('leaves a protection as far as it is known, and has the rest named', () => {
    const protections = arbitraryResource.filter(({ kind }) => kind === 'Protection');
    fc.assert(
      fc.property(protections, fc.nat(), (protection, pick) => {
        const paths = objectsIn(JSON.parse(encodeResource(protection)));
        const path = paths[pick % paths.length] ?? [];
        const decoded = decodeResource(byNewer(protection, path));
        assert.match(unknownIn(decoded) ?? '', /^member .*onlyWhen$/);
        assert(decoded.kind === 'Protection');
        assert.equal(encodeResource({ ...decoded, unread: null }), encodeResource(protection));
      }),
    );
  });

  test('closes what a listener asks of requests in the place where it stands', () => {
    const listeners = arbitraryResource.filter(
      (one) => one.kind === 'Listener' && 'filters' in one && one.filters.length > 0,
    );
    fc.assert(
      fc.property(listeners, fc.nat(), (listener, pick) => {
        assert('filters' in listener);
        const at = pick % listener.filters.length;
        const decoded = decodeResource(byNewer(listener, ['filters', String(at)]));
        assert(decoded.kind === 'Listener' && 'filters' in decoded);
        const closed = { kind: 'Unknown', told: 'member onlyWhen' } as const;
        const expected = { ...listener, filters: listener.filters.with(at, closed) };
        assert.equal(encodeResource(decoded), encodeResource(expected));
        assert.equal(unknownIn(decoded), 'member onlyWhen');
      }),
      { numRuns: 200 },
    );
  });

  test('has a listener refused where it is about certificates of clients, and a cluster where about its TLS', () => {
    const both = arbitraryResource.filter(
      (one) =>
        (one.kind === 'Cluster' && one.tls !== null) ||
        (one.kind === 'Listener' && 'tls' in one && one.tls.clientCertificates !== null),
    );
    fc.assert(
      fc.property(both, (resource) => {
        const path = resource.kind === 'Cluster' ? ['tls'] : ['tls', 'clientCertificates'];
        assert.throws(() => decodeResource(byNewer(resource, path)), { failure: 'Closing' });
        decodeResource(byNewer(resource, []));
      }),
      { numRuns: 100 },
    );
  });
});

/** Serves nothing: what is held of these lines, as they come from a controller. */
function held(holdings: Holdings, seen: number, encoded: readonly string[]) {
  const entries = encoded.map((text) => [String(JSON.parse(text).id), hashResource(text)] as const);
  for (const text of encoded) {
    const message = controllerMessage(`{"type":"put","resource":${text}}`);
    assert(message?.type === 'put');
    holdings.put(message);
  }
  const committed = holdings.commit({
    type: 'commit',
    version: versionOf(entries),
    order: order(seen),
    base: null,
  });
  assert(committed.kind === 'Changed');
  holdings.adopt(committed.candidate);
  return committed.candidate;
}

test('a policy that asks more than this build knows closes what names it, though it was known before, and nothing else', async (t) => {
  const key = await issuerKey('one');
  const authentication = givenAuthentication(givenJwt());
  const limit = givenLimit('newer', { kind: 'ClientAddress', ...addressKeyDefaults });
  const keySet = givenKeySet('staff', key);
  const named = (path: string, given: object) =>
    givenRule({ matches: [givenMatch({ path: `Prefix ${path}` })], action: forwardToNothing, ...given });
  const route = givenRoute('cart', {
    rules: [
      named('/asked', { authentications: [authentication.id] }),
      named('/limited', { rateLimits: [limit.id] }),
      named('/open', {}),
    ],
  });
  const others = [httpListener(), keySet, route].map(encodeResource);
  const holdings = new Holdings();
  const { compile } = givenCompiler(t);
  const actions = (candidate: ReturnType<typeof held>) => {
    const compiled = compile(...candidate.resources().values());
    return ['/asked', '/limited', '/open'].map((path) => ruleFor(compiled, path)?.action.kind);
  };

  const known = held(holdings, 1, [...others, encodeResource(authentication), encodeResource(limit)]);
  assert.deepEqual(actions(known), ['Forward', 'Forward', 'Forward']);
  const newer = held(holdings, 2, [
    ...others,
    byNewer(authentication, ['alternatives', '0']),
    byNewer(limit, ['limits', '0']),
  ]);
  assert.deepEqual(actions(newer), ['Closed', 'Closed', 'Forward']);
  assert.deepEqual(newer.refused(), [
    { id: authentication.id, reason: 'alternatives[0].onlyWhen: is not known to this build' },
    { id: limit.id, reason: 'limits[0].onlyWhen: is not known to this build' },
  ]);
});

test('a list of revoked tokens that says more than this build knows closes what asks it', async (t) => {
  const list: Resource = {
    kind: 'TokenRevocations',
    id: resourceId('TokenRevocations', 'shop', 'revoked'),
    tokens: ['one'],
    subjects: [],
    ...revocationDefaults,
  };
  const authentication = givenAuthentication(givenJwt({ revocation: list.id }));
  const route = givenRoute('cart', {
    rules: [givenRule({ action: forwardToNothing, authentications: [authentication.id] })],
  });
  const keySet = givenKeySet('ids', await issuerKey('one'));
  const others = [httpListener(), keySet, route, authentication].map(encodeResource);
  const { compile } = givenCompiler(t);
  const holdings = new Holdings();
  const actionWith = (seen: number, encoded: string) =>
    ruleFor(
      compile(
        ...held(holdings, seen, [...others, encoded])
          .resources()
          .values(),
      ),
    )?.action.kind;
  assert.equal(actionWith(1, encodeResource(list)), 'Forward');
  assert.equal(actionWith(2, byNewer(list, [])), 'Closed');
  assert.equal(actionWith(3, encodeResource(list)), 'Forward');
});
