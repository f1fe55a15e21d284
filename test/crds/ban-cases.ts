// Cases of Bans.
import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, type Json } from './manifest.ts';
import { bitsBeyondLength, noNetwork } from './networks.ts';

function ban(...addresses: readonly string[]): Json {
  return manifest('Ban', { addresses });
}

export const banRules: readonly RuleCase[] = [
  {
    kind: 'Ban',
    rule: noNetwork,
    valid: ban('192.0.2.7/32', '2001:db8:0:7::/64'),
    invalid: ban('192.0.2/24'),
  },
  { kind: 'Ban', rule: bitsBeyondLength, valid: ban('192.0.2.0/24'), invalid: ban('192.0.2.7/24') },
];

/** Some of what the schema refuses. */
export const banSchemaCases: readonly SchemaCase[] = [
  { kind: 'Ban', what: 'a ban of nobody', path: 'spec.addresses', invalid: ban() },
  {
    kind: 'Ban',
    what: 'a network twice',
    path: 'spec.addresses[1]',
    invalid: ban('192.0.2.7/32', '192.0.2.7/32'),
  },
  {
    kind: 'Ban',
    what: 'a time of another zone',
    path: 'spec.expires',
    invalid: manifest('Ban', { addresses: ['192.0.2.7/32'], expires: '2027-06-30T00:00:00+02:00' }),
  },
  {
    kind: 'Ban',
    what: 'an action that there is not',
    path: 'spec.action',
    invalid: manifest('Ban', { addresses: ['192.0.2.7/32'], action: 'Drop' }),
  },
];
