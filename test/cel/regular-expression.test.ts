import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternProblem } from '#cel/regular-expression.ts';

for (const pattern of ['', '/v[0-9]+/.*', '^(a+)+$', '(?i)\\pL+', 'a{3,5}', '(a{10}){20}', '[^/]*']) {
  test(`${pattern || 'the empty pattern'} is a regular expression`, () => {
    assert.equal(patternProblem(pattern), null);
  });
}

const columns = [
  ['/admin/[z-a]', 9],
  ['/admin/(', 9],
  ['a**', 2],
  ['(?=x)', 1],
  ['(?<=x)', 1],
  ['(a)\\1', 4],
  ['[[:word', 8],
] as const;

for (const [pattern, column] of columns) {
  test(`what is wrong with ${pattern} is told with column ${String(column)}`, () => {
    assert.match(patternProblem(pattern) ?? '', new RegExp(`^column ${String(column)}: `));
  });
}

const costly = [
  '(\\pL|\\PN){1000}'.repeat(60),
  '\\pL{100}'.repeat(11),
  '((a{30}){30}){2}',
  '(\\pL|\\PN|x){900}',
  'a{1001}',
];

for (const pattern of costly) {
  test(`${pattern.slice(0, 30)} (${String(pattern.length)} characters) is refused in little time`, () => {
    const begun = performance.now();
    assert.notEqual(patternProblem(pattern), null);
    assert.ok(performance.now() - begun < 500);
  });
}
