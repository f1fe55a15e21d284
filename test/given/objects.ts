// Objects as they look after decoding.
import assert from 'node:assert/strict';
import { decodeObject, type Kind, type KindMap } from '#crds/kind.ts';

/** The decoded object of a manifest; a test that hands in an invalid one fails with its problems. */
export function decoded<K extends Kind>(kind: K, manifest: unknown): KindMap[K] {
  const result = decodeObject(kind, manifest);
  assert.ok(result.ok, `${kind}: ${result.ok ? '' : JSON.stringify(result.problems, null, 2)}`);
  return result.object;
}

/** Class `turnpike`, of our controller. */
export function gatewayClass(): KindMap['GatewayClass'] {
  return decoded('GatewayClass', {
    metadata: { name: 'turnpike' },
    spec: { controllerName: 'turnpike.dev/gateway-controller' },
  });
}
