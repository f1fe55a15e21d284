import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindPort } from '#snapshot/bind-port.ts';

test('a port is bound as it is, but for one that is taken', () => {
  assert.equal(bindPort(80, [80, 9901], 9901), 80);
  assert.equal(bindPort(9901, [80, 9901], 9901), 61_001);
  assert.equal(bindPort(9901, [80, 9901], null), 9901);
});

test('two ports are never bound at one', () => {
  const ports = [9901, 61_001, 61_002];
  const bound = ports.map((port) => bindPort(port, ports, 9901));
  assert.equal(new Set(bound).size, ports.length);
  assert.ok(!bound.includes(9901));
});
