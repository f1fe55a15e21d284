import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeObject } from '#crds/kind.ts';
import { asking, externalAuthCases } from './external-auth-filter-cases.ts';
import type { Json } from './verdict-case.ts';

function problemsOf(externalAuth: Json | null): readonly string[] {
  const decoded = decodeObject('HTTPRoute', asking(externalAuth));
  return decoded.ok ? [] : decoded.problems.map(({ path }) => path.replace('spec.rules[0].filters[0]', ''));
}

for (const [what, [externalAuth, problems]] of Object.entries(externalAuthCases)) {
  it(`a filter that asks ${what} is ${problems.length === 0 ? 'taken' : 'refused'}`, () => {
    assert.deepEqual(problemsOf(externalAuth), problems);
  });
}
