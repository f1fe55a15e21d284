// What the controller may do is little, has reasons, and is what it is tested with.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { chartRights } from '#charts/generate.ts';
import { controllerHelp } from '#controller/usage.ts';
import { provisionedKinds } from '#controller/provision/plan/manifest.ts';
import { kinds } from '#crds/kind.ts';

const rights = chartRights();
const all = [...rights.cluster, ...rights.namespaces, ...rights.own];

test('every right has a reason, and none is for everything', () => {
  for (const { reason, ...rule } of all) {
    assert.match(reason, /^[A-Z].*\.$/);
    assert.ok(!JSON.stringify(rule).includes('*'), JSON.stringify(rule));
    const known = new Set(['apiGroups', 'resources', 'resourceNames', 'verbs']);
    const unknown = Object.keys(rule).filter((name) => !known.has(name));
    assert.deepEqual(unknown, []);
  }
});

test('the controller may list and watch exactly the kinds that it reads or makes', () => {
  const watched = [...rights.cluster, ...rights.namespaces]
    .filter(({ verbs }) => verbs.includes('watch'))
    .flatMap(({ apiGroups: [group], resources }) => resources.map((plural) => `${group}/${plural}`));
  assert.deepEqual(
    new Set(watched),
    new Set(
      [...Object.values(kinds), ...Object.values(provisionedKinds)].map(
        ({ group, plural }) => `${group}/${plural}`,
      ),
    ),
  );
});

test('of what is no part of its own status, the controller writes only kinds that it makes for Gateways', () => {
  const written = rights.namespaces
    .filter(({ verbs }) => verbs.some((verb) => ['create', 'update', 'patch', 'delete'].includes(verb)))
    .flatMap(({ apiGroups: [group], resources }) => resources.map((plural) => `${group}/${plural}`))
    .filter((one) => !one.endsWith('/status') && one !== 'events.k8s.io/events');
  assert.deepEqual(
    written.sort(),
    Object.values(provisionedKinds)
      .map(({ group, plural }) => `${group}/${plural}`)
      .sort(),
  );
});

test('a kind in a namespace is no right in the cluster, and the other way round', () => {
  for (const { kind, group, plural, namespaced } of Object.values(kinds)) {
    const names = (scope: typeof rights.cluster) =>
      scope.some(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(plural));
    assert.equal(names(rights.cluster), !namespaced, kind);
    assert.equal(names(rights.namespaces), namespaced, kind);
  }
});

test('the arguments that the chart gives are options of the controller', () => {
  const root = path.join(import.meta.dirname, '../..');
  const template = readFileSync(path.join(root, 'charts/turnpike/templates/deployment.yaml'), 'utf8');
  const given = [...template.matchAll(/^ +- --([a-z-]+)=/gm)].map(([, name = '']) => name);
  assert.ok(given.length > 5);
  assert.deepEqual(
    given.filter((name) => !new RegExp(`^  --${name} `, 'm').test(controllerHelp)),
    [],
  );
});
