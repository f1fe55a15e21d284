import type { RuleCase, SchemaCase } from './cases.ts';
import { limitRules, minute } from './limit-cases.ts';
import { manifest, needs, type Json } from './manifest.ts';
import { bitsBeyondLength, noNetwork } from './networks.ts';

const group = 'gateway.networking.k8s.io';
const shop = { group, kind: 'HTTPRoute', name: 'shop' };

function limits(rule: Json): Json {
  return manifest('RateLimitPolicy', {
    targetRefs: [shop],
    rules: [{ name: 'per-client', limits: [minute], ...rule }],
  });
}

function limit(fields: Json): Json {
  return limits({ limits: [{ ...minute, ...fields }] });
}

function shops(template: string, rule: Json = {}): Json {
  return limits({ key: { type: 'PathTemplate', pathTemplate: { template } }, ...rule });
}

const rule = { name: 'per-client', limits: [minute] };
const adaptive = (goals: Json, more: Json = {}): Json =>
  manifest('RateLimitPolicy', {
    targetRefs: [shop],
    rules: [{ name: 'shed', adaptive: goals, ...more }],
  });

const others = { values: ['GET'], limits: [minute] };

const sections = [
  { ...shop, sectionName: 'read' },
  { ...shop, sectionName: 'write' },
];

const limitTargets = (...targetRefs: readonly Json[]): Json =>
  manifest('RateLimitPolicy', { targetRefs, rules: [rule] });

export const rateLimitPolicyRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: 'an Ingress has the group networking.k8s.io, and all other kinds gateway.networking.k8s.io: correct group',
    valid: limitTargets({ group: 'networking.k8s.io', kind: 'Ingress', name: 'shop' }),
    invalid: limitTargets({ ...shop, kind: 'Ingress' }),
  },
  {
    rule: 'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone',
    valid: limitTargets(...sections),
    invalid: limitTargets({ ...shop, sectionName: 'read' }, shop),
  },
  {
    rule: 'a target is named twice: remove one of the two entries',
    valid: limitTargets(shop, { ...shop, name: 'cart' }),
    invalid: limitTargets({ ...shop, sectionName: 'read' }, { ...shop, sectionName: 'read' }),
  },
  {
    rule: 'exactly one of rules, defaults and overrides must be set: add one, or move all rules into one of them and remove the others',
    valid: manifest('RateLimitPolicy', {
      targetRefs: [shop],
      defaults: { strategy: 'Merge', rules: [rule] },
    }),
    invalid: manifest('RateLimitPolicy', { targetRefs: [shop], rules: [rule], overrides: { rules: [rule] } }),
  },
  {
    rule: needs('Header', 'header'),
    valid: limits({ key: { type: 'Header', header: { name: 'x-tenant' } } }),
    invalid: limits({ key: { type: 'Header' } }),
  },
  {
    rule: needs('Cookie', 'cookie'),
    valid: limits({ key: { type: 'Cookie', cookie: { name: 'device' }, onUnknownKey: 'Skip' } }),
    invalid: limits({ key: { type: 'Consumer', cookie: { name: 'device' } } }),
  },
  {
    rule: 'clientAddress is for type ClientAddress: set type to ClientAddress, or remove it',
    valid: limits({ key: { type: 'ClientAddress', clientAddress: { ipv4Prefix: 24 } } }),
    invalid: limits({ key: { type: 'Route', clientAddress: { ipv4Prefix: 24 } } }),
  },
  {
    rule: needs('Claim', 'claim'),
    valid: limits({ key: { type: 'Claim', claim: { name: 'org.id' }, onUnknownKey: 'Refuse' } }),
    invalid: limits({ key: { type: 'ClientAddress', claim: { name: 'sub' } } }),
  },
  {
    rule: 'values are for keys of one text: count addresses by the expression source.address, keep one expression or one named segment, or remove values',
    valid: limits({
      key: { type: 'Expressions', expressions: ['source.address'] },
      values: [{ values: ['192.0.2.1'], limits: [minute] }],
    }),
    invalid: limits({ values: [{ values: ['192.0.2.1'], limits: [minute] }] }),
  },
  {
    rule: needs('Shared', 'shared'),
    valid: limits({ scope: { type: 'Shared', shared: { name: 'checkout' } } }),
    invalid: limits({ scope: { shared: { name: 'checkout' } } }),
  },
  {
    rule: needs('PathTemplate', 'pathTemplate'),
    valid: shops('/.well-known/*/shops/{shop}/orders/{order_id}/**'),
    invalid: limits({ key: { type: 'PathTemplate' } }),
  },
  {
    rule: 'names no segment to count by: write one of them as {name}, as in /shops/{shop}/orders',
    valid: shops('/{shop}'),
    invalid: shops('/shops/**'),
  },
  {
    rule: 'values are for keys of one text: count addresses by the expression source.address, keep one expression or one named segment, or remove values',
    valid: shops('/shops/{shop}/**', { values: [{ values: ['acme'], limits: [minute] }] }),
    invalid: shops('/shops/{shop}/{order}', { values: [{ values: ['acme'], limits: [minute] }] }),
  },
  {
    rule: needs('Expressions', 'expressions'),
    valid: limits({ when: 'true', key: { type: 'Expressions', expressions: ['auth.subject'] } }),
    invalid: limits({ key: { type: 'Expressions' } }),
  },
  {
    rule: noNetwork,
    valid: limits({ exempt: { addresses: ['10.0.0.0/8'], consumers: ['reports', 'shop/reports'] } }),
    invalid: limits({ exempt: { addresses: ['10.0.0/8'] } }),
  },
  {
    rule: bitsBeyondLength,
    valid: limits({ exempt: { addresses: ['2001:db8::/32'] } }),
    invalid: limits({ exempt: { addresses: ['10.0.0.1/8'] } }),
  },
  {
    rule: 'cost is not for Concurrency, which counts requests under way: remove cost, or move that limit into a rule of its own',
    valid: limits({ cost: { expression: '2' }, key: { type: 'Method' }, values: [others] }),
    invalid: limits({
      cost: { expression: '2' },
      key: { type: 'Method' },
      values: [{ ...others, limits: [{ name: 'at-a-time', requests: 1, algorithm: 'Concurrency' }] }],
    }),
  },
  {
    rule: 'a LeakyBucket lets a request wait for what it takes, which its answer tells too late: set cost.type to Request, or another algorithm',
    valid: limits({ cost: { expression: '2' }, limits: [{ ...minute, algorithm: 'LeakyBucket' }] }),
    invalid: limits({
      cost: { type: 'Response', expression: 'response.bytes' },
      limits: [{ ...minute, algorithm: 'LeakyBucket' }],
    }),
  },
  {
    rule: 'exactly one of limits and adaptive must be set: add one, or move one of them into a rule of its own',
    valid: adaptive({ latency: '250ms', errors: 10 }),
    invalid: limits({ adaptive: { latency: '250ms' } }),
  },
  {
    rule: 'adaptive asks nobody who calls: remove values, cost and scope, or move them into a rule of limits',
    valid: adaptive({ errors: 1 }, { when: 'true', exempt: { addresses: ['10.0.0.0/8'] } }),
    invalid: adaptive({ errors: 1 }, { scope: { type: 'Pod' } }),
  },
  {
    rule: 'says nothing of what backends are to hold: add latency, errors or both',
    valid: adaptive({ errors: 99 }),
    invalid: adaptive({ maxConcurrency: 5 }),
  },
  {
    rule: 'minConcurrency is more than maxConcurrency: make it smaller, or that larger',
    valid: adaptive({ errors: 5, minConcurrency: 7, maxConcurrency: 7 }),
    invalid: adaptive({ errors: 5, maxConcurrency: 9 }),
  },
  {
    rule: 'must be from 1ms to 60s',
    valid: adaptive({ latency: '1m' }),
    invalid: adaptive({ latency: '61s' }),
  },
  ...limitRules.map(({ rule, valid, invalid }) => ({
    rule,
    valid: limits({ limits: [valid] }),
    invalid: limits({ limits: [invalid] }),
  })),
];

export const rateLimitPolicySchemaCases: readonly SchemaCase[] = [
  {
    kind: 'RateLimitPolicy',
    what: 'an algorithm that there is not',
    path: 'spec.rules[0].limits[0].algorithm',
    invalid: limit({ algorithm: 'Fixed' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a cost of something else',
    path: 'spec.rules[0].cost.type',
    invalid: limits({ cost: { type: 'Answer', expression: '1' } }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a cost without an expression',
    path: 'spec.rules[0].cost.expression',
    invalid: limits({ cost: { type: 'Request' } }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a time zone that cannot be one',
    path: 'spec.rules[0].limits[0].calendar.timeZone',
    invalid: limit({ calendar: { period: 'Day', timeZone: '+02:00' } }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a Consumer that cannot be one',
    path: 'spec.rules[0].exempt.consumers[0]',
    invalid: limits({ exempt: { consumers: ['a/b/c'] } }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'an unknown word of an enum',
    path: 'spec.rules[0].mode',
    invalid: limits({ mode: 'enforce' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a number too small',
    path: 'spec.rules[0].limits[0].requests',
    invalid: limit({ requests: 0 }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a broken number',
    path: 'spec.rules[0].limits[0].burst',
    invalid: limit({ burst: 1.5 }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a duration without unit',
    path: 'spec.rules[0].limits[0].window',
    invalid: limit({ window: '60' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a name that is none',
    path: 'spec.rules[0].name',
    invalid: limits({ name: 'Per Client' }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a value that stands twice',
    path: 'spec.rules[0].values[0].values[1]',
    invalid: limits({ key: { type: 'Method' }, values: [{ values: ['GET', 'GET'], limits: [minute] }] }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a template that does not begin at the root',
    path: 'spec.rules[0].key.pathTemplate.template',
    invalid: shops('shops/{shop}'),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a template with an empty segment',
    path: 'spec.rules[0].key.pathTemplate.template',
    invalid: shops('/shops//{shop}'),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a template with ** before its end',
    path: 'spec.rules[0].key.pathTemplate.template',
    invalid: shops('/**/{shop}'),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a template with a dot segment',
    path: 'spec.rules[0].key.pathTemplate.template',
    invalid: shops('/shops/../{shop}'),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a template with half a name',
    path: 'spec.rules[0].key.pathTemplate.template',
    invalid: shops('/shops/a{shop}'),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'a template that is spelled as no path is',
    path: 'spec.rules[0].key.pathTemplate.template',
    invalid: shops('/caf%C3%A9/{shop}'),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'another word for what becomes of requests',
    path: 'spec.onInvalid',
    invalid: manifest('RateLimitPolicy', { targetRefs: [shop], onInvalid: 'Allow', rules: [rule] }),
  },
  {
    kind: 'RateLimitPolicy',
    what: 'an empty list',
    path: 'spec.rules[0].limits',
    invalid: limits({ limits: [] }),
  },
];
