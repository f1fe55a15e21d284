import { RouterCompiler, type RouteEntry } from '#dataplane/route/compiled-router.ts';
import type { Route, RouteMatch } from '#snapshot/route.ts';
import { givenRequest } from '#test/given/request.ts';
import { attached, givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { naiveRouter } from './naive-router.ts';
import { entryOf, routingOf, type Listeners } from './routers.ts';

// Small alphabets, so that hosts, paths and values really meet.
const hostnames = ['', '*.com', '*.b.com', '*.a.b.com', 'b.com', 'a.b.com', 'x.a.b.com', 'y.com'];
const hosts = ['b.com', 'a.b.com', 'x.a.b.com', 'y.x.a.b.com', 'y.com', 'com', 'z.org', ''];
const listeners: Listeners = { any: '', wild: '*.b.com', exact: 'a.b.com' };

const segment = fc.constantFrom('a', 'b', 'ab', '');
const pathText = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
const path = fc.oneof(
  pathText.map((value) => ({ kind: 'Exact' as const, value })),
  pathText.map((value) => ({ kind: 'Prefix' as const, value: value.replace(/\/+$/, '') })),
  fc.constantFrom('/a', '/b', '/').map((value) => ({ kind: 'Last' as const, value })),
  fc
    .constantFrom('/.*', '/a.*', '/[ab]+', '/a(/b)?', '.*b')
    .map((value) => ({ kind: 'Regex' as const, value })),
);
const name = fc.constantFrom('p', 'q');
const valueTest = fc.oneof(
  fc.record({ kind: fc.constant('Exact' as const), name, value: fc.constantFrom('1', '2', '1, 2', '') }),
  fc.record({ kind: fc.constant('Regex' as const), name, value: fc.constantFrom('.*', '[12]', '1.*') }),
);
const match: fc.Arbitrary<RouteMatch> = fc.record({
  path,
  method: fc.constantFrom(null, null, 'GET', 'POST'),
  headers: fc.array(valueTest, { maxLength: 2 }),
  query: fc.array(valueTest, { maxLength: 2 }),
});
// Many equal matches, so that age, name and order must decide.
const plainMatch = fc
  .constantFrom('', '/a')
  .map((value) => ({ ...givenMatch(), path: { kind: 'Prefix' as const, value } }));
const anyMatch = fc.oneof(match, plainMatch);
const rule = fc.array(anyMatch, { minLength: 1, maxLength: 3 });

const route = fc
  .record({
    created: fc.integer({ min: 0, max: 2 }),
    on: fc.subarray(Object.keys(listeners), { minLength: 1 }),
    hostnames: fc.subarray(hostnames, { minLength: 1, maxLength: 3 }),
    oneLabel: fc.boolean(),
    rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  })
  .map((made) => (index: number): Route => {
    const rules = made.rules.map((matches, at) => givenRule({ name: String(at), matches }));
    const attachments = made.on.map((listener) => attachment(listener, made.hostnames, made.oneLabel));
    return givenRoute(`n${index % 2}/r${index}`, { createdMs: made.created, attachments, rules });
  });
const routeSet = fc.array(route, { maxLength: 8 }).map((makers) => makers.map((make, index) => make(index)));

const allListeners = Object.keys(listeners);
const change = fc.record({
  kept: fc.array(fc.nat(7), { maxLength: 8 }),
  served: fc.oneof({ weight: 3, arbitrary: fc.constant(allListeners) }, fc.subarray(allListeners)),
});

const request = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'HEAD'),
    host: fc.constantFrom(...hosts),
    path: fc.oneof(pathText, fc.constant('*')),
    query: fc.array(fc.tuple(name, fc.constantFrom('1', '2', '')), { maxLength: 3 }),
    fields: fc.array(fc.tuple(name, fc.constantFrom('1', '2')), { maxLength: 3 }),
  })
  .map(({ query, path, ...rest }) => {
    const text = query.map(([key, value]) => `${key}=${value}`).join('&');
    return givenRequest({ ...rest, target: text === '' ? path : `${path}?${text}` });
  });

// As the translation attaches: only hosts that listener and route have in common, the narrower one served.
function attachment(listener: string, owns: readonly string[], oneLabel: boolean) {
  const offered = listeners[listener] ?? '';
  const common = owns.flatMap((own) => {
    const serves = intersection(offered, own);
    return serves === null ? [] : [{ serves, own, oneLabel: oneLabel && own.startsWith('*.') }];
  });
  return attached(listener, common);
}

function intersection(a: string, b: string): string | null {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : null;
}

function covers(wide: string, narrow: string): boolean {
  if (wide === '' || wide === narrow) return true;
  return (
    wide.startsWith('*.') &&
    narrow.replace(/^\*/, '').endsWith(wide.slice(1)) &&
    narrow.length > wide.length - 1
  );
}

describe('the compiled router and the naive one', () => {
  it('give the same answer to every request for every set of routes', () => {
    fc.assert(
      fc.property(routeSet, fc.array(request, { minLength: 1, maxLength: 20 }), (routes, requests) => {
        const routing = routingOf(listeners, routes.map(entryOf));
        const compiled = new RouterCompiler<string, RouteEntry, string>().compile(routing);
        const naive = naiveRouter(routing);
        for (const asked of requests) assertAgree(compiled, naive, asked);
      }),
      { numRuns: 400 },
    );
  });

  it('still agree when the router is compiled again and again from sets that share routes', () => {
    fc.assert(
      fc.property(
        routeSet,
        fc.array(change, { maxLength: 5 }),
        fc.array(request, { minLength: 1, maxLength: 10 }),
        (routes, changes, requests) => {
          const made = routes.map(entryOf);
          const compiler = new RouterCompiler<string, RouteEntry, string>();
          for (const { kept, served } of changes) {
            const now = made.filter((_, index) => kept.includes(index));
            const routing = routingOf(
              Object.fromEntries(served.map((one) => [one, listeners[one] ?? ''])),
              now,
            );
            const compiled = compiler.compile(routing);
            const naive = naiveRouter(routing);
            for (const asked of requests) assertAgree(compiled, naive, asked);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** No pattern here takes any time. */
const still = (): number => 0;

function assertAgree(
  compiled: ReturnType<typeof naiveRouter<string, string>>,
  naive: ReturnType<typeof naiveRouter<string, string>>,
  asked: ReturnType<typeof givenRequest>,
): void {
  const listener = compiled.listenerFor(asked.host);
  const reference = naive.listenerFor(asked.host);
  assert.equal(listener?.listener, reference?.listener);
  assert.deepEqual(listener?.match(asked, still) ?? null, reference?.match(asked, still) ?? null);
}
