import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';
import { bitsBeyondLength, noNetwork } from './networks.ts';

const edge = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };
const web = { ...edge, sectionName: 'web' };
const nobody = { exempt: { addresses: ['10.0.0.0/8'] } };

function policy(spec: Json): Json {
  return manifest('ProtectionPolicy', { targetRefs: [edge], ...spec });
}

function connections(perAddress: Json): Json {
  return policy({ connections: { perAddress } });
}

function bans(fields: Json): Json {
  const guesses = { name: 'guesses', statuses: [401], answers: 20, window: '1m', duration: '10m' };
  return policy({ bans: [{ ...guesses, ...fields }] });
}

function bots(fields: Json): Json {
  return policy({ bots: [{ name: 'scanners', header: 'user-agent', ...fields }] });
}

function listed(rule: Json): Json {
  return policy({ reputation: [{ name: 'scanners', ...rule }] });
}

function exempt(...addresses: readonly string[]): Json {
  return policy({ exempt: { addresses } });
}

export const protectionPolicyRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: 'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone',
    valid: policy({ targetRefs: [web, { ...edge, sectionName: 'other' }], ...nobody }),
    invalid: policy({ targetRefs: [edge, web], ...nobody }),
  },
  {
    rule: 'a target is named twice: remove one of the two entries',
    valid: policy({ targetRefs: [edge, { ...edge, name: 'other' }], ...nobody }),
    invalid: policy({ targetRefs: [web, web], ...nobody }),
  },
  {
    rule: 'nothing is set: add a setting',
    valid: exempt('10.0.0.0/8'),
    invalid: policy({}),
  },
  {
    rule: 'nothing is limited: add opened with window, or maxOpen',
    valid: connections({ maxOpen: 5 }),
    invalid: connections({ ipv4Prefix: 24 }),
  },
  {
    rule: 'opened and window are set together: add the other, or remove both',
    valid: connections({ opened: 5, window: '1s' }),
    invalid: connections({ opened: 5 }),
  },
  {
    rule: 'opened and window are set together: add the other, or remove both',
    valid: connections({ opened: 5, window: '1h', maxOpen: 5 }),
    invalid: connections({ window: '1s', maxOpen: 5 }),
  },
  {
    rule: 'burst is for opened: add opened with window, or remove burst',
    valid: connections({ opened: 5, window: '1m', burst: 10 }),
    invalid: connections({ maxOpen: 5, burst: 10 }),
  },
  {
    rule: 'must be from 1s to 1h',
    valid: connections({ opened: 5, window: '3600s' }),
    invalid: connections({ opened: 5, window: '999ms' }),
  },
  {
    rule: 'must be from 1s to 1h',
    valid: connections({ opened: 5, window: '1s' }),
    invalid: connections({ opened: 5, window: '2h' }),
  },
  {
    rule: 'must be from 1s to 720h',
    valid: bans({ duration: '720h' }),
    invalid: bans({ duration: '721h' }),
  },
  {
    rule: 'must be from 1s to 720h',
    valid: bans({ duration: '1s' }),
    invalid: bans({ duration: '999ms' }),
  },
  {
    rule: 'must be from 1s to 1h',
    valid: policy({ requests: { perAddress: { requests: 5, window: '1m' } } }),
    invalid: policy({ requests: { perAddress: { requests: 5, window: '61m' } } }),
  },
  {
    rule: needs('Values', 'values'),
    valid: bots({ type: 'Values', values: ['curl/8.0'] }),
    invalid: bots({ type: 'Values' }),
  },
  {
    rule: needs('Regex', 'regex'),
    valid: bots({ type: 'Regex', regex: '(?i)nikto' }),
    invalid: bots({ type: 'Regex' }),
  },
  {
    rule: 'mode Shadow is for action Refuse: remove mode',
    valid: bots({ type: 'Missing', mode: 'Shadow' }),
    invalid: bots({ type: 'Missing', mode: 'Shadow', action: 'Allow' }),
  },
  {
    rule: needs('ConfigMap', 'configMap'),
    valid: listed({ type: 'ConfigMap', configMap: { name: 'list' } }),
    invalid: listed({ type: 'ConfigMap' }),
  },
  {
    rule: needs('Selector', 'selector'),
    valid: listed({ type: 'Selector', selector: { matchLabels: { list: 'scanners' } } }),
    invalid: listed({
      type: 'ConfigMap',
      configMap: { name: 'list' },
      selector: { matchLabels: { list: 'scanners' } },
    }),
  },
  {
    rule: 'would select all ConfigMaps, also those that hold no addresses: name a label',
    valid: listed({ type: 'Selector', selector: { matchLabels: { 'example.com/list': 'x' } } }),
    invalid: listed({ type: 'Selector', selector: { matchLabels: {} } }),
  },
  { rule: noNetwork, valid: exempt('10.0.0.0/8', '2001:db8::/32'), invalid: exempt('10.0.0.0') },
  { rule: bitsBeyondLength, valid: exempt('10.0.0.0/8'), invalid: exempt('10.0.0.1/8') },
];

/** Some of what types, enums, patterns and bounds refuse. */
export const protectionPolicySchemaCases: readonly SchemaCase[] = [
  {
    kind: 'ProtectionPolicy',
    what: 'a target that has no connections',
    path: 'spec.targetRefs[0].kind',
    invalid: policy({ targetRefs: [{ ...edge, kind: 'HTTPRoute' }], exempt: { addresses: ['10.0.0.0/8'] } }),
  },
  {
    kind: 'ProtectionPolicy',
    what: 'a ban for what went well',
    path: 'spec.bans[0].statuses[0]',
    invalid: bans({ statuses: [200] }),
  },
  {
    kind: 'ProtectionPolicy',
    what: 'a ban for what a backend did',
    path: 'spec.bans[0].statuses[0]',
    invalid: bans({ statuses: [503] }),
  },
  {
    kind: 'ProtectionPolicy',
    what: 'two rules of one name',
    path: 'spec.bots[1]',
    invalid: policy({
      bots: [
        { name: 'one', header: 'user-agent', type: 'Missing' },
        { name: 'one', header: 'accept', type: 'Missing' },
      ],
    }),
  },
  {
    kind: 'ProtectionPolicy',
    what: 'a header that can be none',
    path: 'spec.bots[0].header',
    invalid: bots({ type: 'Missing', header: 'user agent' }),
  },
  {
    kind: 'ProtectionPolicy',
    what: 'a ban for nothing',
    path: 'spec.bans[0].answers',
    invalid: bans({ answers: 0 }),
  },
  {
    kind: 'ProtectionPolicy',
    what: 'no connection at all',
    path: 'spec.connections.perAddress.maxOpen',
    invalid: connections({ maxOpen: 0 }),
  },
  {
    kind: 'ProtectionPolicy',
    what: 'more bits than an address has',
    path: 'spec.connections.perAddress.ipv4Prefix',
    invalid: connections({ maxOpen: 5, ipv4Prefix: 33 }),
  },
];
