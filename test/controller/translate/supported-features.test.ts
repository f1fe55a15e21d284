import assert from 'node:assert/strict';
import { test } from 'node:test';
import { supportedFeatures } from '#controller/translate/supported-features.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import { input, object, reader } from './objects.ts';

const gatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: 'turnpike' },
  spec: { controllerName: 'turnpike.dev/gateway-controller' },
};

test('a GatewayClass of ours tells the features that are supported, sorted, those of the core among them', () => {
  const { statuses } = createTranslator().translate(input(reader([object(gatewayClass)])));
  const [status] = statuses.map((one) => one.status);
  assert.equal(status?.kind, 'GatewayClass');
  const told = status.supportedFeatures;
  assert.deepEqual(told, supportedFeatures);
  assert.deepEqual(told, [...told].sort());
  assert.equal(new Set(told).size, told.length);
  assert.ok(told.length <= 64, 'the CRD allows no more');
  for (const feature of ['Gateway', 'HTTPRoute', 'ReferenceGrant']) assert.ok(told.includes(feature));
});
