// Whose each API key of a namespace is. A key that is written twice is that of the Consumer before that of a Secret, of
// the older object before the younger one, then by name; it does nothing where else it stands, and that is told. The
// question is asked for keys whose hashes begin with one character at a time: a changed Secret costs no more than the
// keys of other Secrets that begin like those that changed.
import { olderFirst } from '../creation-time.ts';
import { selects } from '../label-selector.ts';
import { entryOf } from '../map-entry.ts';
import type { Index, Read, Unit } from '../memo.ts';
import { placedRules } from '../policies/policy.ts';
import { mayRefer, type ReferenceEnd } from '../reference-grant.ts';
import { keysOfConsumer, keysOfSecret, type KeyEntry, type KeyFile } from './key-entry.ts';

const consumersByNamespace: Index<'Consumer'> = {
  kind: 'Consumer',
  keysOf: ({ metadata }) => [metadata.namespace],
};

const secretsByNamespace: Index<'Secret'> = {
  kind: 'Secret',
  keysOf: ({ metadata }) => [metadata.namespace],
};

const authPoliciesByNamespace: Index<'AuthPolicy'> = {
  kind: 'AuthPolicy',
  keysOf: ({ metadata }) => [metadata.namespace],
};

/** A label selector as one text: `a=b,c=d` in the order of the labels; `*` selects all. */
export function selectorText(matchLabels: Readonly<Record<string, string>>): string {
  const labels = Object.entries(matchLabels).map(([name, value]) => `${name}=${value}`);
  return labels.length === 0 ? '*' : labels.sort().join(',');
}

function isSelected(text: string, labels: Readonly<Record<string, string>>): boolean {
  const wanted = text === '*' ? [] : text.split(',').map((label) => label.split('='));
  const matchLabels: Record<string, string> = Object.fromEntries(wanted);
  return selects({ matchLabels, matchExpressions: [] }, labels);
}

/** Names of the Secrets of a namespace that a selector's text selects, sorted. */
export const selectedSecretsUnit: Unit<readonly string[]> = {
  name: 'selected secrets',
  compute: (read, namespace = '', selector = '') =>
    read
      .find(secretsByNamespace, namespace)
      .filter(({ metadata }) => isSelected(selector, metadata.labels))
      .map(({ metadata }) => metadata.name)
      .sort(),
};

/** The same of Consumers, as far as they count for AuthPolicies of the namespace `policies`. */
export const countedConsumersUnit: Unit<readonly string[]> = {
  name: 'counted consumers',
  compute(read, policies = '', namespace = '', selector = '') {
    const [from, to] = [keyEnd('AuthPolicy', policies), keyEnd('Consumer', namespace)];
    return read
      .find(consumersByNamespace, namespace)
      .filter(
        ({ metadata: { name, labels } }) => isSelected(selector, labels) && mayRefer(read, from, to, name),
      )
      .map(({ metadata }) => metadata.name)
      .sort();
  },
};

function keyEnd(kind: 'AuthPolicy' | 'Consumer', namespace: string): ReferenceEnd {
  return { group: 'turnpike.dev', kind, namespace };
}

const none: KeyFile = Object.freeze({ entries: [], problems: [], plain: [] });

/** The keys of the Secret of a namespace and name; none when there is no such Secret. */
export const secretKeysUnit: Unit<KeyFile> = {
  name: 'keys of a secret',
  compute(read, namespace = '', name = '') {
    const secret = read.get('Secret', namespace, name);
    return secret === undefined ? none : keysOfSecret(secret);
  },
};

/** The keys of the Consumer of a namespace and name. */
export const consumerKeysUnit: Unit<readonly KeyEntry[]> = {
  name: 'keys of a consumer',
  compute(read, namespace = '', name = '') {
    const consumer = read.get('Consumer', namespace, name);
    return consumer === undefined ? [] : keysOfConsumer(consumer);
  },
};

/** Names of all Secrets of a namespace from which some AuthPolicy takes keys, the older ones first. */
const keySecretsUnit: Unit<readonly string[]> = {
  name: 'secrets with keys',
  compute(read, namespace = '') {
    const ways = read
      .find(authPoliciesByNamespace, namespace)
      .flatMap(({ spec }) => placedRules(spec).rules.authenticate);
    const selectors = ways.flatMap((way) =>
      way.type === 'APIKey' && way.apiKey.secretSelector !== undefined
        ? selectorText(way.apiKey.secretSelector.matchLabels)
        : [],
    );
    const names = new Set(selectors.flatMap((one) => read.ask(selectedSecretsUnit, namespace, one)));
    const secrets = [...names].flatMap((name) => read.get('Secret', namespace, name) ?? []);
    return secrets.sort(olderFirst).map(({ metadata }) => metadata.name);
  },
};

/** A key, and where it stands: `Consumer shop/acme`, `Secret shop/partners`. */
interface OwnedKey {
  readonly owner: string;
  readonly sha256: string;
  readonly place: string;
}

/** Those of all Consumers of a namespace, by the first character of their hashes, in the order in which they come first. */
const consumerOwnersUnit: Unit<ReadonlyMap<string, readonly OwnedKey[]>> = {
  name: 'owners among consumers',
  compute(read, namespace = '') {
    const consumers = [...read.find(consumersByNamespace, namespace)].sort(olderFirst);
    return byFirst(
      consumers.flatMap(({ metadata: { name } }) =>
        owned(consumerTitle(namespace, name), read.ask(consumerKeysUnit, namespace, name)),
      ),
    );
  },
};

/** Those of one Secret. */
const secretOwnersUnit: Unit<ReadonlyMap<string, readonly OwnedKey[]>> = {
  name: 'owners of a secret',
  compute: (read, namespace = '', name = '') =>
    byFirst(owned(secretTitle(namespace, name), read.ask(secretKeysUnit, namespace, name).entries)),
};

const noKeys: readonly OwnedKey[] = Object.freeze([]);

/** By the first character of the keys' hashes. */
const consumerSliceUnit = entryOf('slice of consumers', consumerOwnersUnit, noKeys);
const secretSliceUnit = entryOf('slice of a secret', secretOwnersUnit, noKeys);

/** What a key that does nothing is told: by whom it is had. By `owner` and then by place. */
type Losers = ReadonlyMap<string, ReadonlyMap<string, string>>;

const losersUnit: Unit<Losers> = {
  name: 'keys written twice',
  compute(read, namespace = '', first = '') {
    const keys = [
      ...read.ask(consumerSliceUnit, namespace, first),
      ...read
        .ask(keySecretsUnit, namespace)
        .flatMap((name) => read.ask(secretSliceUnit, namespace, name, first)),
    ];
    const winners = new Map<string, OwnedKey>();
    const losers = new Map<string, Map<string, string>>();
    for (const key of keys) {
      const winner = winners.get(key.sha256);
      if (winner === undefined) winners.set(key.sha256, key);
      else {
        const places = losers.get(key.owner) ?? new Map<string, string>();
        losers.set(key.owner, places.set(key.place, `${winner.owner}, ${winner.place}`));
      }
    }
    return losers;
  },
};

/** Of the keys `entries` of `owner` those that are another's: by their places, whose they are. */
export function lostKeys(
  read: Read,
  namespace: string,
  owner: string,
  entries: readonly KeyEntry[],
): ReadonlyMap<string, string> {
  const firsts = new Set(entries.map(firstOf));
  return new Map(
    [...firsts].flatMap((first) => [...(read.ask(losersUnit, namespace, first).get(owner) ?? [])]),
  );
}

/** How a Consumer is called as the owner of a key. */
export function consumerTitle(namespace: string, name: string): string {
  return `Consumer ${namespace}/${name}`;
}

/** The same of a Secret. */
export function secretTitle(namespace: string, name: string): string {
  return `Secret ${namespace}/${name}`;
}

function owned(owner: string, entries: readonly KeyEntry[]): readonly OwnedKey[] {
  return entries.map(({ sha256, place }) => ({ owner, sha256, place }));
}

function byFirst(keys: readonly OwnedKey[]): ReadonlyMap<string, readonly OwnedKey[]> {
  return Map.groupBy(keys, firstOf);
}

function firstOf({ sha256 }: Pick<OwnedKey, 'sha256'>): string {
  return sha256.slice(0, 1);
}
