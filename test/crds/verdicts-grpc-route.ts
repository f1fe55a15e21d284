// GRPCRoutes, and what an API server says to them.
import { cases, gatewayApi, object, type Json, type VerdictCase } from './verdict-case.ts';

const route = (spec: Json): Json =>
  object(gatewayApi, 'GRPCRoute', { spec: { parentRefs: [{ name: 'edge' }], ...spec } });
const rule = (fields: Json): Json =>
  route({ rules: [{ backendRefs: [{ name: 'shop', port: 80 }], ...fields }] });
const method = (fields: Json): Json => rule({ matches: [{ method: fields }] });
const filter = (fields: Json): Json => rule({ filters: [fields] });
const headers = { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-a'] } };
const badMethod = 'spec.rules[0].matches[0].method';

export const grpcRoutes: readonly VerdictCase[] = [
  ...cases('GRPCRoute', route, [
    ['the least', {}],
    ['no rules', { rules: [] }],
    ['17 rules', { rules: Array.from({ length: 17 }, () => ({})) }, 'spec.rules'],
    ['rules of one name', { rules: [{ name: 'a' }, { name: 'a' }] }, 'spec.rules'],
    ['an address as hostname with port', { hostnames: ['a.example:80'] }, 'spec.hostnames[0]'],
  ]),
  ...cases('GRPCRoute', method, [
    ['a service', { service: 'shop.v1.Cart' }],
    ['a method', { method: 'AddItem' }],
    ['neither', { type: 'Exact' }, badMethod],
    ['a service with a slash', { service: 'shop/Cart' }, badMethod],
    ['a method with a dot', { method: 'Add.Item' }, badMethod],
    ['patterns', { type: 'RegularExpression', service: 'shop/.*', method: 'Add.*' }],
    ['another type', { type: 'Prefix', service: 'shop' }, `${badMethod}.type`],
  ]),
  ...cases('GRPCRoute', filter, [
    ['a header modifier', headers],
    ['a filter of no type that it has', { type: 'CORS' }, 'spec.rules[0].filters[0].type'],
  ]),
  ...cases('GRPCRoute', rule, [
    ['two header modifiers', { filters: [headers, headers] }, 'spec.rules[0].filters'],
    ['a Service without port', { backendRefs: [{ name: 'shop' }] }, 'spec.rules[0].backendRefs[0]'],
  ]),
];
