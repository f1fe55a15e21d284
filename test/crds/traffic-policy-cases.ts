import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, type Json } from './manifest.ts';

const gatewayApi = 'gateway.networking.k8s.io';
const shop = { group: gatewayApi, kind: 'HTTPRoute', name: 'shop' };
const edge = { group: gatewayApi, kind: 'Gateway', name: 'edge' };
const cart = { group: '', kind: 'Service', name: 'cart' };
const timeouts = { request: '10s', backendRequest: '2s' };

function policy(spec: Json): Json {
  return manifest('TrafficPolicy', { targetRefs: [shop], ...spec });
}

/** What is asked of the targets of all policies of settings. */
export const settingsTargetRules = [
  {
    rule: 'a Service has the empty group, and all other kinds gateway.networking.k8s.io: correct group',
    valid: policy({ targetRefs: [cart, edge], timeouts: { head: '1s' } }),
    invalid: policy({ targetRefs: [{ ...cart, group: gatewayApi }], timeouts: { head: '1s' } }),
  },
  {
    rule: 'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone',
    valid: policy({
      targetRefs: [{ ...shop, sectionName: 'a' }, { ...shop, sectionName: 'b' }, edge],
      timeouts,
    }),
    invalid: policy({ targetRefs: [shop, { ...shop, sectionName: 'a' }], timeouts }),
  },
  {
    rule: 'a target is named twice: remove one of the two entries',
    valid: policy({ targetRefs: [shop, edge], timeouts }),
    invalid: policy({ targetRefs: [shop, shop], timeouts }),
  },
] as const;

export const trafficPolicyRules: readonly Omit<RuleCase, 'kind'>[] = [
  ...settingsTargetRules,
  {
    rule: 'settings must stand in exactly one place, in spec itself, in defaults or in overrides: move all of them there',
    valid: policy({ defaults: { timeouts } }),
    invalid: policy({ timeouts, overrides: { strategy: 'Merge', timeouts } }),
  },
  {
    rule: 'nothing is set: add a setting',
    valid: policy({ overrides: { timeouts } }),
    invalid: policy({ defaults: { strategy: 'Merge' } }),
  },
  {
    rule: 'timeouts.request is for routes and Gateways, not for a Service: move it into a policy of its own',
    valid: policy({ targetRefs: [cart], defaults: { timeouts: { backendRequest: '1s' } } }),
    invalid: policy({ targetRefs: [shop, cart], defaults: { timeouts } }),
  },
  {
    rule: 'backendRequest must not be longer than request: shorten it, or lengthen request',
    valid: policy({ timeouts: { request: '0s', backendRequest: '1h' } }),
    invalid: policy({ timeouts: { request: '1s', backendRequest: '2s' } }),
  },
];

/** Some of what types, enums, patterns and bounds refuse. */
export const trafficPolicySchemaCases: readonly SchemaCase[] = [
  {
    kind: 'TrafficPolicy',
    what: 'no target',
    path: 'spec.targetRefs',
    invalid: policy({ targetRefs: [], timeouts }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a target of a kind that has no traffic',
    path: 'spec.targetRefs[0].kind',
    invalid: policy({ targetRefs: [{ group: '', kind: 'Secret', name: 'a' }], timeouts }),
  },
  {
    kind: 'TrafficPolicy',
    what: 'a duration that is none',
    path: 'spec.timeouts.head',
    invalid: policy({ timeouts: { head: 'soon' } }),
  },
];
