import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decodeObject } from '#crds/kind.ts';
import { filtering, listenerFilterCases, listening } from './listener-filter-cases.ts';
import type { Json } from './verdict-case.ts';

function problemsOf(fields: Json): readonly (readonly string[])[] {
  return listening(fields).map((one) => {
    const decoded = decodeObject(one['kind'] === 'Gateway' ? 'Gateway' : 'ListenerSet', one);
    return decoded.ok ? [] : decoded.problems.map(({ path }) => path.replace('spec.listeners[0]', ''));
  });
}

for (const [what, [fields, problems]] of Object.entries(listenerFilterCases)) {
  it(`a listener with ${what} is ${problems.length === 0 ? 'taken' : 'refused'}`, () => {
    assert.deepEqual(problemsOf(fields), [problems, problems]);
  });
}

it('a filter of a type that only a later CRD knows is taken, for its listener to tell', () => {
  assert.deepEqual(problemsOf(filtering({ type: 'BodyProjection' })), [[], []]);
});
