import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceId } from '#snapshot/ids.ts';
import { standings } from '#controller/translate/policies/nearness.ts';
import type { Layer, PolicyModel } from '#controller/translate/policies/policy.ts';

/** `Rules a b`, `Defaults a`, `Overrides Merge a`, `Rules !` (cannot be enforced); `` for no policy at the level. */
function policies(level: number, text: string): readonly PolicyModel[] {
  if (text === '') {
    return [];
  }
  const [layer = '', ...rest] = text.split(' ');
  const names = rest.filter((word) => word !== 'Merge' && word !== '!');
  return [
    {
      kind: 'RateLimitPolicy',
      namespace: 'shop',
      name: `p${String(level)}`,
      layer: layer as Layer,
      strategy: rest.includes('Merge') ? 'Merge' : 'Atomic',
      parts: names.map((name) => ({ name, id: resourceId('RateLimit', 'shop', `p${String(level)}`, name) })),
      resources: [],
      remoteKeys: [],
      closes: rest.includes('!') ? { kind: 'PolicyCloses' } : null,
      pending: null,
    },
  ];
}

/** Levels from far to near, and the parts that hold, as `level.part`; `!level` for one that closes. */
const table: readonly (readonly [levels: readonly string[], holds: string])[] = [
  [['', '', '', ''], ''],
  [['Rules a', 'Rules a', 'Rules a', 'Rules a'], '0.a 1.a 2.a 3.a'],
  [['Defaults a', '', 'Rules b', ''], '2.b'],
  [['Defaults a', '', '', ''], '0.a'],
  [['Defaults a', 'Defaults b', '', ''], '1.b'],
  [['Rules a', 'Defaults b', '', 'Rules c'], '0.a 3.c'],
  [['Overrides a', 'Rules b', 'Overrides c', 'Rules d'], '0.a'],
  [['Rules a', 'Overrides b', 'Rules c', ''], '0.a 1.b'],
  [['Rules a', 'Rules b', 'Overrides c', 'Rules d'], '0.a 1.b 2.c'],
  [['Defaults a', 'Overrides b', 'Rules c', ''], '1.b'],
  [['Defaults Merge a b', '', 'Rules b c', ''], '0.a 2.b 2.c'],
  [['Overrides Merge a', '', 'Rules a b', 'Rules a'], '0.a 2.b'],
  [['Defaults Merge a', 'Overrides Merge b', 'Rules a b', ''], '1.b 2.a'],
  [['Rules !', 'Rules a', '', ''], '!0 1.a'],
  [['Overrides a', 'Rules !', '', ''], '0.a'],
  [['Overrides !', 'Rules a', '', ''], '!0'],
  [['Defaults !', '', 'Rules a', ''], '2.a'],
  [['Defaults !', '', '', ''], '!0'],
  [['Overrides Merge a', 'Rules !', '', ''], '0.a !1'],
];

for (const [levels, holds] of table) {
  test(`${levels.map((level) => level || '-').join(' | ')} leaves ${holds || 'nothing'}`, () => {
    const found = standings(levels.map((text, level) => policies(level, text)));
    const shown = found
      .filter((one) => one.holds)
      .flatMap(({ policy, parts }) => {
        const level = policy.name.slice(1);
        return policy.closes === null ? parts.map((part) => `${level}.${part.name}`) : [`!${level}`];
      });
    assert.equal(shown.join(' '), holds);
  });
}

test('whoever is put aside is told by whom', () => {
  const found = standings(['Overrides a', '', 'Rules b', ''].map((text, level) => policies(level, text)));
  assert.deepEqual(
    found.map((one) => one.asideFor.map((other) => other.name)),
    [[], ['p0']],
  );
});
