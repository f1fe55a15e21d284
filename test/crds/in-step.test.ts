import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { objectSchema, ownKinds } from '#crds/definition.ts';
import { generatedFiles } from '#crds/generate.ts';
import { crdProblems } from './structural-lint.ts';

const root = path.join(import.meta.dirname, '../..');

for (const [name, text] of generatedFiles()) {
  test(`${name} is what the schemas say (else: npm run generate)`, () => {
    assert.equal(readFileSync(path.join(root, name), 'utf8'), text);
  });
}

test('no CRD lies about that the schemas do not make', () => {
  const found = globSync('crds/manifests/*', { cwd: root });
  assert.deepEqual(
    new Set(found),
    new Set([...generatedFiles().keys()].filter((name) => name.startsWith('crds/'))),
  );
});

for (const kind of ownKinds) {
  test(`the schema of ${kind} is structural, described to the leaves and bounded`, () => {
    assert.deepEqual(crdProblems(objectSchema(kind)), []);
  });
}

test('a schema that is not fit for a CRD is told by its fields', () => {
  const problems = crdProblems({
    properties: {
      spec: {
        description: 'Spec.',
        type: 'object',
        properties: {
          on: { type: 'boolean', description: 'A word of YAML.' },
          Name: { type: 'string', maxLength: 1, description: 'Not camelCase.' },
          list: { type: 'array', description: 'Nothing told.' },
          mode: { type: 'string', enum: ['Good', 'bad'] },
          look: { type: 'string', maxLength: 9, pattern: '(?=ahead)', description: 'Not RE2.' },
          open: {},
        },
      },
    },
  });
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['on', 'Name', 'list', 'list', 'list', 'mode', 'mode', 'look', 'open', 'open'].map(
      (name) => `spec.${name}`,
    ),
  );
});
