import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectSchema, ownKinds, presentations } from '#crds/definition.ts';
import { decodeManifest, kinds } from '#crds/kind.ts';
import { rulesOf } from '#crds/reference-page.ts';
import { ruleCases, schemaCases } from './cases.ts';

/** Where one field of an either/or is missing and another's is there, the decoder says both in one. */
function isMisfit(message: string, rule: string): boolean {
  const [, type, field] = /^type (\w+) needs the field (\w+) and no other/.exec(rule) ?? [];
  if (type === undefined) return false;
  return (
    message.startsWith(`the field ${field} is for type ${type}, `) ||
    message.includes(`, and type is ${type}: `)
  );
}

for (const { kind, rule, valid, invalid } of ruleCases) {
  test(`${kind} keeps and breaks the rule: ${rule}`, () => {
    const kept = decodeManifest(kind, valid);
    assert.deepEqual(kept.ok ? [] : kept.problems, []);
    const broken = decodeManifest(kind, invalid);
    assert.ok(!broken.ok, 'the invalid object was taken');
    assert.ok(
      broken.problems.some(({ message }) => message === rule || isMisfit(message, rule)),
      JSON.stringify(broken.problems),
    );
  });
}

for (const { kind, what, path, invalid } of schemaCases) {
  test(`${kind} is refused for ${what}, and ${path} is named`, () => {
    const decoded = decodeManifest(kind, invalid);
    assert.ok(!decoded.ok, 'the invalid object was taken');
    assert.deepEqual([...new Set(decoded.problems.map((problem) => problem.path))], [path]);
  });
}

for (const kind of ownKinds) {
  test(`every rule of the CRD of ${kind} has a case`, () => {
    const rules = rulesOf(objectSchema(kind), '').map(({ message }) => message);
    const cases = ruleCases.filter((one) => one.kind === kind).map(({ rule }) => rule);
    assert.deepEqual(new Set(rules).difference(new Set(cases)), new Set());
    assert.deepEqual(new Set(cases).difference(new Set(rules)), new Set());
  });

  test(`the example of ${kind} in the reference is valid`, () => {
    const { group, version } = kinds[kind];
    const decoded = decodeManifest(kind, {
      apiVersion: `${group}/${version}`,
      kind,
      metadata: { name: 'example' },
      spec: presentations[kind].example,
    });
    assert.deepEqual(decoded.ok ? [] : decoded.problems, []);
  });
}
