// ListenerSets, and what an API server says to them; what their listeners keep is told for Gateways.
import { cases, gatewayApi, object, type Json, type VerdictCase } from './verdict-case.ts';

const plain = { name: 'one', port: 80, protocol: 'HTTP' };
const listenerSet = (spec: Json): Json =>
  object(gatewayApi, 'ListenerSet', { spec: { parentRef: { name: 'edge' }, listeners: [plain], ...spec } });
const listeners = (list: readonly Json[]): Json => listenerSet({ listeners: list });
const many = (count: number): readonly Json[] =>
  Array.from({ length: count }, (_, i) => ({ ...plain, name: `l${i}`, port: i + 1 }));

export const listenerSets: readonly VerdictCase[] = [
  ...cases('ListenerSet', listenerSet, [
    ['a set', {}],
    ['a set for a Gateway of another namespace', { parentRef: { name: 'edge', namespace: 'infra' } }],
    ['no parent', { parentRef: null }, 'spec.parentRef'],
    ['a parent without name', { parentRef: {} }, 'spec.parentRef.name'],
    [
      'a parent in a namespace that is none',
      { parentRef: { name: 'edge', namespace: 'Infra' } },
      'spec.parentRef.namespace',
    ],
    [
      'a listener of a parent',
      { parentRef: { name: 'edge', sectionName: 'a' } },
      'spec.parentRef.sectionName',
    ],
    ['an unknown field', { gatewayClassName: 'turnpike' }, 'spec.gatewayClassName'],
  ]),
  ...cases('ListenerSet', listeners, [
    ['no listener', [], 'spec.listeners'],
    ['64 listeners', many(64)],
    ['65 listeners', many(65), 'spec.listeners'],
    ['a listener without port', [{ name: 'one', protocol: 'HTTP' }], 'spec.listeners[0].port'],
    ['two listeners of one name', [plain, { ...plain, port: 81 }], 'spec.listeners[1]'],
    ['two listeners at one place', [plain, { ...plain, name: 'two' }], 'spec.listeners'],
    [
      'a listener with tls',
      [plain, { ...plain, name: 'two', port: 81, tls: { certificateRefs: [{ name: 'a' }] } }],
      'spec.listeners[1].tls',
    ],
    ['a TLS listener without tls', [{ ...plain, protocol: 'TLS' }], 'spec.listeners[0].tls'],
    [
      'a UDP listener with a hostname',
      [{ ...plain, protocol: 'UDP', hostname: 'a.example' }],
      'spec.listeners[0].hostname',
    ],
  ]),
];
