// What is compiled after one change and another is what is compiled at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Compiled } from '#dataplane/compile/compiler.ts';
import type { Rule } from '#dataplane/runtime.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import { sessionSecretId } from '#snapshot/sessions.ts';
import { Secret } from '#snapshot/secret.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { attached, givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import {
  givenCluster,
  givenCompiler,
  givenEndpoints,
  givenLimit,
  httpListener,
  ruleFor,
} from './given-compiler.ts';

const keySet = givenKeySet('ids', await issuerKey('one'));
const otherKeys = { ...givenKeySet('ids', await issuerKey('two')), id: keySet.id };
const hosts = ['', 'a.example.com', '*.example.com'];
const paths = ['/', '/a', '/b'];
const names = ['0', '1', '2', '3'] as const;
const anyName = fc.constantFrom(...names);

const anyRoute = fc.record({
  name: anyName,
  host: fc.constantFrom(...hosts),
  path: fc.constantFrom(...paths),
  cluster: anyName,
  createdMs: fc.nat(2),
  listeners: fc.subarray(['http', 'other'], { minLength: 1 }),
  isLimited: fc.boolean(),
  isGuarded: fc.boolean(),
}).map(({ name, host, path, cluster, createdMs, listeners, isLimited, isGuarded }): Resource =>
  givenRoute(name, {
    createdMs,
    attachments: listeners.map((one) => attached(one, [host])),
    rules: [
      givenRule({
        matches: [givenMatch({ path: `Prefix ${path}` })],
        rateLimits: isLimited ? [resourceId('RateLimit', 'shop', 'l')] : [],
        authentications: isGuarded ? [givenAuthentication().id] : [],
        action: {
          ...(givenRule().action as object),
          backends: [{ cluster: givenCluster(cluster).id, weight: 1, filters: [], mirrors: [] }],
        } as never,
      }),
    ],
  }),
); // prettier-ignore

const anyResource = fc.oneof(
  { weight: 6, arbitrary: anyRoute },
  anyName.map((name): Resource => givenCluster(name)),
  fc.tuple(anyName, fc.constantFrom(8080, 8081)).map(([name, port]): Resource => givenEndpoints(name, port)),
  fc.constantFrom<Resource>(
    givenLimit('l', { kind: 'ClientAddress' } as never),
    givenAuthentication(givenJwt({ keySet: keySet.id })),
    keySet,
    otherKeys,
    { kind: 'SessionSecret', id: sessionSecretId, secret: new Secret('s'.repeat(43)) },
    httpListener('http'),
    httpListener('other', { port: 81 }),
    httpListener('other', { port: 80, hostname: '*.example.com' }),
  ),
);

const anyStep = fc.array(fc.tuple(fc.constantFrom('Put', 'Put', 'Removed'), anyResource), {
  minLength: 1,
  maxLength: 5,
});

/** What becomes of requests, as far as it shows. */
function seen(compiled: Compiled): unknown {
  const asked = [80, 81].flatMap((port) =>
    ['example.com', 'a.example.com', 'b.example.com'].flatMap((host) =>
      ['/', '/a/x', '/b'].map((target) => ({ port, host, target })),
    ),
  );
  const rules = asked.map((one) => shown(ruleFor(compiled, one.target, one)));
  return { rules, ports: new Set(compiled.runtime.ports.keys()), refused: compiled.refused };
}

function shown(rule: Rule | null): unknown {
  if (rule === null) return null;
  const { route, name, action, requestFilters } = rule;
  const cluster = action.kind === 'Forward' ? action.pick()?.cluster : null;
  return {
    route,
    name,
    filters: requestFilters.map(({ kind }) => kind),
    action: action.kind === 'Closed' ? action.reason : action.kind,
    cluster: cluster === null || cluster === undefined ? null : [cluster.name, [...cluster.endpoints].length],
  };
}

test('after any changes the compiler makes of a snapshot what one makes that begins with it', (t) => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 8 }), (steps) => {
      const compiler = givenCompiler(t);
      const first = [httpListener('http'), ...names.map((name) => givenCluster(name))];
      const resources = new Map<ResourceId, Resource>(first.map((one) => [one.id, one]));
      for (const step of steps) {
        for (const [is, one] of step) {
          if (is === 'Put') resources.set(one.id, one);
          else resources.delete(one.id);
        }
        const renewed = compiler.compile(...resources.values());
        const fresh = givenCompiler(t).compile(...resources.values());
        assert.deepEqual(seen(renewed), seen(fresh));
      }
    }),
    { numRuns: 150 },
  );
});

test('what failed half-way is made whole the next time', (t) => {
  const authentication = givenAuthentication(givenJwt({ keySet: keySet.id }));
  const filters = [{ kind: 'Authenticate', authentication: authentication.id }] as const;
  const open = [keySet, authentication, givenRoute('a', { attachments: [attached('http', [''])] })];
  const asked = [httpListener('http', { filters }), ...open];
  const broken: Resource = {
    ...givenRoute('b'),
    get attachments(): never {
      throw new Error('a fault of ours');
    },
  };
  const compiler = givenCompiler(t);
  compiler.compile(httpListener('http'), ...open);
  assert.throws(() => compiler.compile(...asked, broken), /a fault of ours/);
  const fresh = givenCompiler(t).compile(...asked);
  assert.deepEqual(seen(compiler.compile(...asked)), seen(fresh));
});
