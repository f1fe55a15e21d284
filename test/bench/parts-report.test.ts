import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsPage } from '#bench/report/parts.ts';

test('a part gives rows to the table of goals, and a table of its own where it has more to tell', () => {
  const measuredAt = '2026-11-22T00:00:00.000Z';
  const goal = { what: 'Worst second', measured: '3 %', goal: '≤ 15 %', isMet: true };
  const page = partsPage({
    machine: 'a machine',
    parts: {
      one: { title: 'One', measuredAt, goals: [goal] },
      other: {
        title: 'Other',
        measuredAt,
        goals: [
          { ...goal, isMet: false },
          { ...goal, isMet: null },
        ],
        heads: ['a', 'b'],
        rows: [['1', '2']],
      },
    },
  });
  assert.match(page, /^On a machine\.\n/);
  assert.match(
    page,
    /\| Worst second \| 3 % \| ≤ 15 % \| met \|\n\| Worst second \| 3 % \| ≤ 15 % \| missed \|\n\| Worst second .* \| not measured well enough \|/,
  );
  assert.doesNotMatch(page, /### One/);
  assert.match(page, /### Other\n\nMeasured 2026-11-22\.\n\n\| a \| b \|\n\|---\|---\|\n\| 1 \| 2 \|/);
});
