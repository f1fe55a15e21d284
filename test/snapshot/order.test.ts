import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { advanced, isOlder, laggingKinds } from '#snapshot/order.ts';
import type { Order } from '#snapshot/snapshot.ts';

/** Each kind as `<seen> <state>`. */
function orderOf(kinds: Readonly<Record<string, string>>, lineage = 'cluster'): Order {
  const positions = Object.entries(kinds).map(([kind, text]) => {
    const [seen = '', state = ''] = text.split(' ');
    return [kind, { seen, state }] as const;
  });
  return { lineage, kinds: Object.fromEntries(positions) };
}

describe('an order', () => {
  const held = orderOf({ Route: '100 r', Service: '90 s' });
  for (const [what, order, lagging] of [
    ['itself', held, []],
    ['one that has seen more', orderOf({ Route: '101 r2', Service: '95 s2' }), []],
    ['one that lags in all', orderOf({ Route: '99 r0', Service: '80 s0' }), ['Route', 'Service']],
    ['one far ahead in the other kind', orderOf({ Route: '99 r0', Service: '900 s9' }), ['Route']],
    ['one with old bookmarks of an idle kind', orderOf({ Route: '12 r', Service: '95 s2' }), []],
    ['one that knows no such object yet', orderOf({ Route: '0', Service: '90 s' }), ['Route']],
    ['one whose build does not know a kind', orderOf({ Service: '90 s' }), []],
    ['one that knows a kind more', orderOf({ Route: '100 r', Service: '90 s', Secret: '1 x' }), []],
    ['another digest at the same version', orderOf({ Route: '100 z', Service: '90 s' }), []],
    ['one of another lineage', orderOf({ Route: '1 r0', Service: '1 s0' }, 'elsewhere'), []],
    ['one beyond 2^53', orderOf({ Route: '9007199254740993 r2', Service: '90 s' }), []],
  ] as const) {
    test(`lags in ${lagging.join(' and ') || 'nothing'}: ${what}`, () => {
      assert.deepEqual(laggingKinds(order, held), lagging);
      assert.equal(isOlder(order, held), lagging.length > 0);
    });
  }

  test('is compared by number', () => {
    const large = orderOf({ Service: '9007199254740993 b' });
    assert(isOlder(orderOf({ Service: '9007199254740992 a' }), large));
    assert(isOlder(orderOf({ Service: '99 a' }), orderOf({ Service: '100 b' })));
    assert(!isOlder(orderOf({ Service: '100 a' }), orderOf({ Service: '99 b' })));
  });
});

describe('what is remembered after a snapshot was taken', () => {
  const five = orderOf({ A: '5 a', B: '5 b' });
  for (const [what, held, taken, expected] of [
    ['all of the first one', null, five, five],
    ['the higher of each kind', five, orderOf({ A: '7 a7', B: '4 b' }), orderOf({ A: '7 a7', B: '5 b' })],
    ['a kind the newer one does not know', five, orderOf({ A: '6 x' }), orderOf({ A: '6 x', B: '5 b' })],
    [
      'a kind that came new',
      orderOf({ A: '5 a' }),
      orderOf({ A: '5 a', B: '2 b' }),
      orderOf({ A: '5 a', B: '2 b' }),
    ],
    ['the digest taken, at the same version', five, orderOf({ A: '5 z' }), orderOf({ A: '5 z', B: '5 b' })],
    ['nothing of another lineage', five, orderOf({ A: '1 x' }, 'new'), orderOf({ A: '1 x' }, 'new')],
  ] as const) {
    test(`is ${what}`, () => assert.deepEqual(advanced(held, taken), expected));
  }

  test('is the same object when nothing of it rose', () => {
    assert.equal(advanced(five, orderOf({ A: '5 a', B: '5 b' })), five);
    assert.equal(advanced(five, orderOf({ A: '4 a', B: '3 x' })), five);
  });
});

// A model of the world: each kind has a history of states, in which equal numbers are equal objects; each replica has
// seen each kind up to some place, by whichever way; a data plane goes from one replica to another as it likes.
const kinds = ['Route', 'Service', 'EndpointSlice'] as const;
const history = fc.array(fc.nat(3), { minLength: 1, maxLength: 12 });
const step = fc.record({
  does: fc.constantFrom('See', 'List', 'Take'),
  replica: fc.nat(2),
  kind: fc.nat(2),
  many: fc.nat(6),
});

test('whatever lags where, a data plane never gets older objects of any kind, nor waits for one with the newest', () => {
  fc.assert(
    fc.property(fc.tuple(history, history, history), fc.array(step, { maxLength: 60 }), (states, steps) => {
      const replicas = [0, 1, 2].map(() => [0, 0, 0]);
      const last = (kind: number) => (states[kind]?.length ?? 1) - 1;
      const state = (kind: number, place = 0) => states[kind]?.[place];
      let held: Order | null = null;
      /** The newest place of each kind of all that was taken. */
      const reached = [0, 0, 0];
      for (const { does, replica, kind, many } of steps) {
        const places = replicas[replica] ?? [];
        if (does !== 'Take') {
          places[kind] = does === 'List' ? last(kind) : Math.min(last(kind), (places[kind] ?? 0) + many);
          continue;
        }
        const offered = orderOf(
          Object.fromEntries(kinds.map((name, k) => [name, `${places[k]} d${state(k, places[k])}`])),
        );
        const before = [...reached];
        const wouldGoBack = places.some((place, k) => {
          return place < (before[k] ?? 0) && state(k, place) !== state(k, before[k]);
        });
        assert.equal(held !== null && isOlder(offered, held), held !== null && wouldGoBack);
        if (wouldGoBack) continue;
        held = advanced(held, offered);
        places.forEach((place, k) => (reached[k] = Math.max(reached[k] ?? 0, place)));
      }
    }),
    { numRuns: 1_000 },
  );
});
