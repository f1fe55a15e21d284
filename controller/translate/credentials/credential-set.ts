// What data planes are told of API keys: of each Secret one resource, and of the Consumers that a policy selects a few,
// so that a key that comes or goes sends no more than its neighbours again.
import { hash } from 'node:crypto';
import type { Authentication } from '#snapshot/authentication.ts';
import type { CredentialSet } from '#snapshot/credential-set.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { Secret } from '#snapshot/secret.ts';
import type { Read, Unit } from '../memo.ts';
import type { KeyEntry } from './key-entry.ts';
import {
  consumerKeysUnit,
  consumerTitle,
  lostKeys,
  secretKeysUnit,
  secretTitle,
  countedConsumersUnit,
} from './key-owners.ts';

/** Into how many resources the Consumers of one selector are divided. */
const parts = 16;

/** The set with the keys of a Secret. */
export function setOfSecret(namespace: string, name: string): ResourceId {
  return resourceId('CredentialSet', 'Secret', namespace, name);
}

/**
 * The sets with the keys of the Consumers of `namespace` that `selector` (its text) selects and that count for policies
 * of the namespace `policies`; those that nobody is in are left out.
 */
export function setsOfConsumers(
  read: Read,
  { policies, namespace, selector }: Record<'policies' | 'namespace' | 'selector', string>,
): readonly ResourceId[] {
  const used = new Set(read.ask(countedConsumersUnit, policies, namespace, selector).map(partOf));
  // For whom they count is in the name only where it matters.
  const kind = policies === namespace ? ['Consumers', namespace] : ['ConsumersFor', namespace, policies];
  return [...used].sort().map((part) => resourceId('CredentialSet', ...kind, part, selector));
}

/** The sets that the authentications among `resources` let in by. */
export function credentialSets(read: Read, resources: readonly Resource[]): readonly CredentialSet[] {
  const ids = resources.flatMap((one) => (one.kind === 'Authentication' ? setsNamedBy(one) : []));
  return [...new Set(ids)].flatMap((id) => read.ask(credentialSetUnit, id) ?? []);
}

/** The sets that `authentication` lets in by. */
export function setsNamedBy({ alternatives }: Authentication): readonly ResourceId[] {
  return alternatives.flatMap((way) => (way.kind === 'APIKey' ? way.keys : []));
}

/** The set of an id. */
const credentialSetUnit: Unit<CredentialSet | null> = {
  name: 'credential set',
  compute(read, id = '') {
    const [, kind, namespace = '', ...told] = id.split('/');
    const entries =
      kind === 'Secret'
        ? keysOfSecret(read, namespace, told.join('/'))
        : keysOfConsumers(read, namespace, kind === 'Consumers' ? [namespace, ...told] : told);
    // It is the id of a set: only such are asked for.
    const keys = new Secret(entries.map(({ line }) => line).join('\n'));
    return { kind: 'CredentialSet', id: id as ResourceId, namespace, keys, plans: plansIn(entries) };
  },
};

function plansIn(entries: readonly KeyEntry[]): readonly string[] {
  const plans = new Set(entries.map(({ plan }) => plan));
  plans.delete('');
  return [...plans].sort();
}

function keysOfSecret(read: Read, namespace: string, name: string): readonly KeyEntry[] {
  const { entries } = read.ask(secretKeysUnit, namespace, name);
  return ownKeys(read, namespace, secretTitle(namespace, name), entries);
}

function keysOfConsumers(
  read: Read,
  namespace: string,
  [policies = '', part, ...selector]: readonly string[],
): readonly KeyEntry[] {
  return read
    .ask(countedConsumersUnit, policies, namespace, selector.join('/'))
    .filter((consumer) => partOf(consumer) === part)
    .flatMap((consumer) => {
      const entries = read.ask(consumerKeysUnit, namespace, consumer);
      return ownKeys(read, namespace, consumerTitle(namespace, consumer), entries);
    });
}

function ownKeys(
  read: Read,
  namespace: string,
  owner: string,
  entries: readonly KeyEntry[],
): readonly KeyEntry[] {
  const lost = lostKeys(read, namespace, owner, entries);
  return entries.filter(({ place }) => !lost.has(place));
}

function partOf(consumer: string): string {
  const [octet = 0] = hash('sha256', consumer, 'buffer');
  return String(octet % parts);
}
