// What of the chart is made from elsewhere is in step with it, and its values are told, closed and used.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { generatedFiles, withTables } from '#charts/generate.ts';
import { valuesJsonSchema } from '#charts/json-schema.ts';
import { valuesOf } from '#charts/pages.ts';
import { valuesSchema } from '#charts/values.ts';
import type { JsonSchema } from '#charts/json-schema.ts';
import { generatedFiles as crdFiles } from '#crds/generate.ts';

const root = path.join(import.meta.dirname, '../..');
const chart = path.join(root, 'charts/turnpike');
const schema = valuesJsonSchema();
const values = valuesOf(schema);

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

for (const [name, text] of generatedFiles()) {
  test(`${name} is what its sources say (else: npm run generate)`, () => {
    assert.equal(read(name), text);
  });
}

test('no CRD and no dashboard lies in the chart that is not made', () => {
  const made = new Set([...generatedFiles().keys(), ...crdFiles().keys()]);
  const found = globSync(['charts/turnpike/crds/*', 'charts/turnpike/dashboards/*'], { cwd: root });
  assert.ok(found.length > 3);
  assert.deepEqual(
    found.filter((name) => !made.has(name)),
    [],
  );
});

test("the chart's versions are the project's", () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const { version: ofChart, appVersion } = parse(read('charts/turnpike/Chart.yaml')) as Record<
    string,
    unknown
  >;
  assert.deepEqual([ofChart, appVersion], [version, version]);
});

test('values.yaml says exactly the defaults of the schema', () => {
  const told: unknown = parse(read('charts/turnpike/values.yaml'));
  for (const { path: at, default: value } of values) {
    const found = at.split('.').reduce<unknown>((here, name) => Object(here)[name], told);
    assert.deepEqual(found, value, at);
  }
});

/** Objects of Kubernetes that are handed on as they are, by their place. */
const open = [
  'controller.env.*.valueFrom',
  'controller.extraVolumes[]',
  'controller.extraVolumeMounts[]',
  'controller.podSecurityContext',
  'controller.securityContext',
  'controller.affinity',
  'dataplane.networkPolicy.egress[]',
  'networkPolicy.adminFrom[]',
  'global',
];

function openPlaces({ properties, items, additionalProperties, ...rest }: JsonSchema, at: string): string[] {
  // Maps say what their members are.
  const { type, anyOf } = typeof additionalProperties === 'object' ? additionalProperties : {};
  const isMap = type !== undefined || anyOf !== undefined;
  const isOpen = rest.type === 'object' && additionalProperties !== false && !isMap;
  return [
    ...(isOpen ? [at] : []),
    ...(anyOf ?? []).flatMap((one) => openPlaces(one, `${at}.*`)),
    ...(items === undefined ? [] : openPlaces(items, `${at}[]`)),
    ...Object.entries(properties ?? {}).flatMap(([name, one]) =>
      openPlaces(one, at === '' ? name : `${at}.${name}`),
    ),
  ];
}

test('an unknown value is refused everywhere but in objects of Kubernetes', () => {
  const places = openPlaces(schema, '');
  const inParameters = (at: string) => at.startsWith('gatewayClass.parameters.');
  assert.deepEqual(
    places.filter((at) => !inParameters(at)),
    open,
  );
  assert.deepEqual(places.filter(inParameters), ['gatewayClass.parameters.podTemplatePatch.spec']);
});

test('names of images and Secrets are such as a cluster takes', () => {
  const { repository, tag } = valuesSchema.shape.dataplane.shape.image.shape;
  const { name } = valuesSchema.shape.imagePullSecrets.unwrap().element.shape;
  const cases = [
    [
      repository,
      ['a', 'a/b', 'registry:5000/a_b/c--d.e', 'Registry.example.com/a__b', '[::1]:5000/a', '10.0.0.1/a'],
    ],
    [tag, ['', '1.2.3', 'v1_a-B']],
    [name, ['registry', 'a.b-c.d']],
  ] as const;
  for (const [value, taken] of cases) {
    for (const text of taken) assert.ok(value.safeParse(text).success, text);
    for (const text of ['a b', ' a', 'a,b', 'a\n', 'a"b', '-a', 'a:b'])
      assert.ok(!value.safeParse(text).success, `${text} is refused`);
  }
  for (const text of ['', 'A', 'a/', '/a', 'a//b', 'a:5000', 'https://a/b', `a@sha256:${'0'.repeat(64)}`])
    assert.ok(!repository.safeParse(text).success, `${text} is refused`);
  for (const text of ['', 'A', 'a_b', 'a..b', 'a'.repeat(254)])
    assert.ok(!name.safeParse(text).success, `${text} is refused`);
});

test('every value has a meaning and is used by a template', () => {
  const templates = globSync('templates/*', { cwd: chart }).map((name) => read(`charts/turnpike/${name}`));
  const text = templates.join('\n');
  assert.ok(values.length > 30);
  for (const { path: at, description } of values) {
    assert.match(description, /\.$/, `${at} is described by a sentence`);
    if (at === 'global') continue;
    // e2e/charts shows that each of them has an effect.
    const isUsed = text.includes(`.Values.${at.split('.')[0]}`);
    assert.ok(isUsed, `${at} is used`);
  }
});

test('a page keeps what stands outside of its marks, however often it is made', () => {
  const page =
    'Before.\n\n<!-- a: made -->\n<!-- end -->\n\nBetween.\n\n<!-- b: made -->\n<!-- end -->\n\nAfter.\n';
  const once = withTables(page, { a: '| A |', b: '| B |' });
  assert.match(once, /^Before\.[^]*\| A \|[^]*Between\.[^]*\| B \|[^]*After\.\n$/);
  assert.equal(withTables(once, { a: '| A |', b: '| B |' }), once);
});
