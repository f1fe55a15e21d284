// The same values meet a real API server in e2e/planes/addresses.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '#crds/kind.ts';
import { routabilities } from './routability-cases.ts';

for (const [routability, isValid] of routabilities) {
  test(`the routability '${routability.slice(0, 40)}' of an address is ${isValid ? 'taken' : 'refused'}`, () => {
    const decoded = decodeObject('Gateway', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'shop' },
      spec: {
        gatewayClassName: 'turnpike',
        addresses: [{ routability }],
        listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }],
      },
    });
    const told = decoded.ok ? [] : decoded.problems.map(({ path }) => path);
    assert.deepEqual(told, isValid ? [] : ['spec.addresses[0].routability']);
  });
}
