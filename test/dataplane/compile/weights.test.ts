import { weightedPick } from '#dataplane/compile/weights.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

function take(pick: () => string | null, count: number): string {
  return Array.from({ length: count }, () => pick() ?? '-').join('');
}

function weighted(weights: Readonly<Record<string, number>>): () => string | null {
  return weightedPick(Object.entries(weights).map(([value, weight]) => ({ value, weight })));
}

describe('a weighted pick', () => {
  it('spreads the picks as evenly as can be', () => {
    assert.equal(take(weighted({ a: 5, b: 1, c: 1 }), 14), 'aabacaaaabacaa');
    assert.equal(take(weighted({ a: 1, b: 1 }), 6), 'ababab');
    assert.equal(take(weighted({ a: 7 }), 3), 'aaa');
  });

  it('never picks what weighs nothing', () => {
    assert.equal(take(weighted({ a: 0, b: 2, c: 0 }), 4), 'bbbb');
    assert.equal(take(weighted({ a: 0, b: 0 }), 2), '--');
    assert.equal(take(weighted({}), 2), '--');
  });

  it('is exact over every cycle, and never a whole pick away from its share in between', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, (all) => {
        const total = all.reduce((sum, weight) => sum + weight, 0);
        const pick = weightedPick(all.map((weight, value) => ({ value, weight })));
        const counts = all.map(() => 0);
        for (let picks = 1; picks <= 2 * total; picks += 1) {
          const value = pick();
          assert.notEqual(value, null);
          counts[value ?? -1] = (counts[value ?? -1] ?? 0) + 1;
          if (picks % total === 0)
            assert.deepEqual(
              counts,
              all.map((weight) => (weight * picks) / total),
            );
        }
      }),
    );
  });

  it('holds with the largest weights the Gateway API knows', () => {
    const picks = take(weighted({ a: 1_000_000, b: 1 }), 1_000_001);
    assert.equal(picks.indexOf('b'), picks.lastIndexOf('b'));
    assert.notEqual(picks.indexOf('b'), -1);
  });
});
