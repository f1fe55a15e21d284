import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withConflicts } from '#controller/translate/listener-conflicts.ts';
import { listenerShapes } from '#controller/translate/listeners.ts';
import { object } from './objects.ts';

const gateway = object({
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'shop' },
  spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'a', protocol: 'HTTP', port: 80, hostname: 'a.example.com' }] },
}); // prettier-ignore
assert.ok(gateway.kind === 'Gateway');
const [listener] = gateway.spec.listeners;
assert.ok(listener !== undefined);
const base = { listener };

function problems(...changes: readonly object[]): readonly (string | null)[] {
  const listeners = changes.map((change, index) => ({
    ...base.listener,
    name: `l${String(index)}`,
    ...change,
  }));
  const parent = { kind: 'Gateway', namespace: 'shop', name: 'edge' } as const;
  return withConflicts([listenerShapes(parent, listeners)]).map((one) => one.problem?.kind ?? null);
}

test('listeners differ by port and hostname; of two that do not, no winner is picked', () => {
  assert.deepEqual(problems({}, { hostname: 'b.example.com' }, { port: 81 }), [null, null, null]);
  assert.deepEqual(problems({}, {}, { port: 81 }), ['HostnameConflict', 'HostnameConflict', null]);
});

test('protocols that share a port are in conflict, whatever their hostnames', () => {
  assert.deepEqual(problems({}, { protocol: 'HTTPS', hostname: 'b.example.com' }), [
    'ProtocolConflict',
    'ProtocolConflict',
  ]);
});

test('a listener whose protocol is not supported takes no port from others', () => {
  assert.deepEqual(problems({}, { protocol: 'example.com/Own' }), [null, 'ListenerProtocol']);
});
