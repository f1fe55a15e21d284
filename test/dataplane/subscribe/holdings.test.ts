import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Published, createEncoder } from '#controller/publish/published.ts';
import { Holdings } from '#dataplane/subscribe/holdings.ts';
import { LineReader } from '#snapshot/lines.ts';
import { controllerMessage } from '#snapshot/message.ts';
import type { Order } from '#snapshot/snapshot.ts';
import { endpoints, order, route, setOf } from '#test/controller/publish/given.ts';
import { givenRoute, givenRule } from '#test/given/route.ts';

/** Sends all that the plan from `base` says, and adopts what it commits. */
function deliver(published: Published, holdings: Holdings, base: string | null): string {
  const lines = new LineReader(100_000);
  let outcome = '';
  for (const text of published.planFrom(base).lines) {
    for (const line of lines.push(Buffer.from(text))) {
      const message = controllerMessage(line);
      assert(message);
      if (message.type === 'put') holdings.put(message);
      if (message.type === 'remove') holdings.remove(message.id);
      if (message.type !== 'commit') continue;
      const committed = holdings.commit(message);
      outcome = committed.kind;
      if (committed.kind === 'Changed') holdings.adopt(committed.candidate);
    }
  }
  return outcome;
}

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const action = fc.oneof(
  fc.record({ kind: fc.constant('Replace'), routes: fc.dictionary(name, fc.nat(3)) }),
  fc.record({ kind: fc.constant('Endpoints'), name, last: fc.nat(3) }),
  fc.record({ kind: fc.constant('Deliver'), to: fc.nat(2) }),
);

test('whatever was published and whenever it was delivered, each data plane ends with the newest set', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const published = new Published(setOf(), order(0), createEncoder());
      const planes = Array.from({ length: 3 }, () => new Holdings());
      let expected = setOf();
      for (const [index, action] of actions.entries()) {
        const mark = order(index + 1);
        if (action.kind === 'Replace') {
          const kept = [...expected.values()].filter(({ kind }) => kind === 'Endpoints');
          expected = setOf(
            ...Object.entries(action.routes).map(([name, revision]) => route(name, revision)),
            ...kept,
          );
          published.replace(expected, mark);
        } else if (action.kind === 'Endpoints') {
          const moved = endpoints(action.name, `10.0.0.${action.last}`);
          expected = setOf(...[...expected.values()].filter(({ id }) => id !== moved.id), moved);
          published.replace(expected, mark);
        } else {
          const plane = planes[action.to];
          assert(plane);
          deliver(published, plane, plane.version);
        }
      }
      for (const plane of planes) {
        const outcome = deliver(published, plane, plane.version);
        assert(outcome === 'Changed' || outcome === 'Same', outcome);
        const held = plane.current()?.resources();
        const sorted = (set: Iterable<readonly [string, unknown]>) =>
          new Map([...set].sort(([a], [b]) => a.localeCompare(b)));
        assert.deepEqual(sorted(held ?? []), sorted(expected));
      }
    }),
    { numRuns: 500 },
  );
});

test('a delta from a version that is not held is not applied', () => {
  const published = new Published(setOf(route('a')), order(1), createEncoder());
  const holdings = new Holdings();
  const { version } = published;
  published.replace(setOf(route('a'), route('b')), order(2));
  assert.equal(deliver(published, holdings, version), 'Mismatch');
  assert.equal(holdings.version, null);
  assert.equal(deliver(published, holdings, null), 'Changed');
});

test('a whole snapshot that is not of its version is not applied', () => {
  const holdings = new Holdings();
  const commit = { type: 'commit', version: 'invented', order: order(1), base: null } as const;
  assert.equal(holdings.commit(commit).kind, 'Broken');
});

test('an older order of the same lineage is not applied, even when it is sent', () => {
  const holdings = new Holdings();
  deliver(new Published(setOf(route('a', 2)), order(20), createEncoder()), holdings, null);
  const older = new Published(setOf(route('a', 1)), order(10), createEncoder());
  assert.equal(deliver(older, holdings, null), 'Older');
  assert.deepEqual(holdings.current()?.resources().get(route('a').id), route('a', 2));
  const elsewhere = new Published(setOf(route('a', 1)), order(10, 'elsewhere'), createEncoder());
  assert.equal(deliver(elsewhere, holdings, null), 'Changed');
});

/** Of a replica that has seen routes up to one version, and Services up to another, where they were as at a third. */
const both = (routes: number, services: number, state = services): Order => ({
  lineage: 'cluster',
  kinds: {
    HTTPRoute: { seen: `${routes}`, state: `at-${routes}` },
    Service: { seen: `${services}`, state: `at-${state}` },
  },
});

test('of each kind the newest position is held, whichever snapshot it came with', () => {
  const holdings = new Holdings();
  const take = (revision: number, order: Order) =>
    deliver(new Published(setOf(route('a', revision)), order, createEncoder()), holdings, null);
  assert.equal(take(1, both(10, 50)), 'Changed');
  assert.equal(take(2, both(20, 30, 50)), 'Changed', 'it has seen less of Services, but the same of them');
  assert.deepEqual(holdings.order, both(20, 50));
  assert.equal(take(3, both(30, 40)), 'Older', 'it has seen less of Services, and not the newest');
  assert.equal(take(2, both(25, 40)), 'Same');
  assert.deepEqual(
    holdings.order,
    both(25, 50),
    'the same snapshot is fine whoever has it, and takes nothing back',
  );
  assert.equal(take(4, both(24, 60)), 'Older');
  assert.equal(take(4, both(25, 60)), 'Changed');
});

test('a route with a filter of a newer build takes the place of what it was before, and is told as refused', () => {
  const holdings = new Holdings();
  deliver(new Published(setOf(route('a')), order(1), createEncoder()), holdings, null);
  const rule = { ...givenRule(), filters: [{ kind: 'Unknown', told: 'Waf' } as const] };
  const newer = { ...givenRoute('a'), id: route('a').id, rules: [rule] };
  const published = new Published(setOf(newer), order(2), createEncoder());
  assert.equal(deliver(published, holdings, null), 'Changed');
  const current = holdings.current();
  const held = current?.resources().get(newer.id);
  assert.equal(held?.kind === 'Route' && held.rules[0]?.filters[0]?.kind, 'Unknown');
  const [refused] = current?.refused() ?? [];
  assert.equal(refused?.id, newer.id);
  assert.match(refused.reason, /^the filter .* is not known to this build; closed$/);
});
