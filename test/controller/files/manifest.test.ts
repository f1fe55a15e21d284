// Files that are YAML and no manifests that anybody means: each is a problem of its file, and nothing is thrown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifests } from '#controller/files/manifest.ts';

const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\n';

const cases: Readonly<Record<string, string>> = {
  'that holds itself': `${service}spec: &s { ports: *s }\n`,
  'that holds itself in its labels': 'apiVersion: v1\nkind: Service\nmetadata: &m { name: a, labels: *m }\n',
  'that is a list of itself': '&a [*a]',
  'of 10,000 lists in lists': `${service}spec: ${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  'of 10,000 maps in maps': `${service}spec: ${'{a: '.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'of 3,000 indented levels': Array.from({ length: 3_000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
  'of lists that never end': '['.repeat(100_000),
  'of 101 levels': `${service}spec: ${'['.repeat(100)}${']'.repeat(100)}`,
};

for (const [what, text] of Object.entries(cases)) {
  test(`a document ${what} is refused`, () => {
    const { manifests, problems } = parseManifests('a.yaml', text, () => 'Service');
    assert.deepEqual(manifests, []);
    assert.equal(problems.length, 1);
  });
}

test('one that names a part several times by an anchor is read', () => {
  const { manifests, problems } = parseManifests(
    'a.yaml',
    `${service}spec: { one: &o { a: [1] }, two: *o, three: *o }\n`,
    () => 'Service',
  );
  assert.deepEqual([manifests.length, problems.length], [1, 0]);
});
