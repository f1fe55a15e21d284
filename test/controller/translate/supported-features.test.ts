import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experimentalFeatures, standardFeatures } from '#controller/translate/supported-features.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type { Kind } from '#crds/kind.ts';
import type { DataPlaneOrigin } from '#controller/translate/input.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { input, object, reader } from './objects.ts';

/** The definition of Gateways, as a release of the Gateway API has it. */
const definition = (annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gateways.gateway.networking.k8s.io', annotations },
});

const channel = (name: string) => definition({ 'gateway.networking.k8s.io/channel': name });
const experimental = channel('experimental');

function told(
  manifests: readonly object[],
  dataPlanes: DataPlaneOrigin = 'Provisioned',
  unserved: readonly Kind[] = [],
): readonly string[] {
  const objects = reader([gatewayClass(), ...manifests.map((one) => object(one))], null, [], unserved);
  const { statuses } = createTranslator().translate(input(objects, undefined, { dataPlanes }));
  const [status] = statuses.map((one) => one.status);
  assert.equal(status?.kind, 'GatewayClass');
  return status.supportedFeatures;
}

const all = [...standardFeatures, ...experimentalFeatures].sort();
/** Of data planes that others run nobody knows whether an address is inside the cluster. */
const elsewhere = all.filter((one) => !one.startsWith('GatewayAddressRoutability'));

test('a GatewayClass of ours tells the features that are supported, sorted, those of the core among them', () => {
  const features = told([experimental]);
  assert.deepEqual(features, all);
  assert.deepEqual(standardFeatures, standardFeatures.toSorted());
  assert.equal(new Set(features).size, features.length);
  assert.ok(features.length <= 64, 'the CRD allows no more');
  for (const feature of ['Gateway', 'HTTPRoute', 'ReferenceGrant']) assert.ok(features.includes(feature));
});

test('features that need experimental fields are told where the Gateway API has them, and in a folder', () => {
  for (const without of [[], [definition({})], [channel('standard')], [channel('next')]])
    assert.deepEqual(told(without), standardFeatures);
  assert.deepEqual(told([], 'Standalone'), elsewhere);
});

test('from where addresses are reached is a feature where the controller makes the data planes', () => {
  assert.equal(elsewhere.length, all.length - 2);
  assert.deepEqual(told([experimental], 'External'), elsewhere);
});

test('a change of the channel is told by a translator that knew the other', () => {
  const translator = createTranslator();
  const features = (manifest: object) => {
    const { statuses } = translator.translate(
      input(reader([gatewayClass(), object(manifest)]), undefined, {
        dataPlanes: 'Provisioned',
      }),
    );
    const status = statuses[0]?.status;
    return status?.kind === 'GatewayClass' ? status.supportedFeatures : [];
  };
  assert.deepEqual(features(channel('standard')), standardFeatures);
  assert.deepEqual(features(experimental), all);
});

test('bundles of authorities are told only where the API server has them', () => {
  const features = told([experimental], 'Provisioned', ['ClusterTrustBundle']);
  assert.deepEqual(new Set(all).difference(new Set(features)), new Set(['ClusterTrustBundle']));
});
