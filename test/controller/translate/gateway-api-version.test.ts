import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTranslator } from '#controller/translate/translate.ts';
import type { DataPlaneOrigin } from '#controller/translate/input.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { input, object, reader } from './objects.ts';

/** The definition of Gateways as the release `version` has it; null: without its annotation. */
function definition(version: string | null): object {
  const annotations = version === null ? {} : { 'gateway.networking.k8s.io/bundle-version': version };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gateways.gateway.networking.k8s.io', annotations },
  };
}

function told(manifests: readonly object[], dataPlanes: DataPlaneOrigin = 'Provisioned'): readonly string[] {
  const objects = reader([gatewayClass(), ...manifests.map((one) => object(one))]);
  const { statuses } = createTranslator().translate(input(objects, undefined, { dataPlanes }));
  const [status] = statuses.map((one) => one.status);
  assert.equal(status?.kind, 'GatewayClass');
  return status.conditions.map(
    (one) => `${one.status} ${one.type}/${one.reason}${one.message === '' ? '' : `: ${one.message}`}`,
  );
}

const accepted = 'True Accepted/Accepted';

for (const version of ['v1.7.0', 'v1.7.12', 'v1.7.0-rc.2'])
  test(`the Gateway API ${version} is supported`, () => {
    assert.deepEqual(told([definition(version)]), [accepted, 'True SupportedVersion/SupportedVersion']);
  });

for (const version of ['v1.6.1', 'v1.8.0', 'v1.70.0', 'v2.0.0', 'v0.0.0-dev', 'v1.7'])
  test(`the Gateway API ${version} is not, and its classes are accepted all the same`, () => {
    assert.deepEqual(told([definition(version)]), [
      accepted,
      `False SupportedVersion/UnsupportedVersion: The cluster's definitions of the Gateway API are of version ${version}, and v1.7 is supported: what differs may have no effect; install v1.7.`,
    ]);
  });

test('definitions that tell no version are not supported', () => {
  const [, condition = ''] = told([definition(null)]);
  assert.match(
    condition,
    /^False SupportedVersion\/UnsupportedVersion: .* of a version that they do not tell,/,
  );
});

test('a folder has the kinds of this program, and of definitions that may not be read nothing is told', () => {
  assert.deepEqual(told([], 'Standalone'), [accepted, 'True SupportedVersion/SupportedVersion']);
  assert.deepEqual(told([]), [accepted]);
});
