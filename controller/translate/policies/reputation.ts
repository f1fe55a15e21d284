// Lists of addresses in ConfigMaps: one resource for each, so that a change sends no more than that one again.
import type { ProtectionGroups } from '#crds/protection-settings.ts';
import type { AddressList } from '#snapshot/address-list.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import type { Reputation } from '#snapshot/protection.ts';
import type { Index, Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { addressLines, packed } from './address-lines.ts';

/** Rules as data planes have them, and what is wrong with their lists; the rest holds. */
export interface FoundReputation {
  readonly rules: readonly Omit<Reputation, 'policy'>[];
  readonly problems: readonly Problem[];
}

/** The lists that `rules` of a policy in `namespace` name. */
export function reputationOf(
  read: Read,
  namespace: string,
  rules: NonNullable<ProtectionGroups['reputation']>,
): FoundReputation {
  const found = rules.map((rule, at) => {
    const field = `spec.reputation[${String(at)}]`;
    const names = configMapsOf(read, namespace, rule);
    const lists = names.map((name) => ({ name, found: read.ask(addressListUnit, namespace, name) }));
    const missing = lists.filter((one) => one.found === null).map(({ name }) => `${namespace}/${name}`);
    const bad = lists.flatMap((one) => one.found?.problem ?? []);
    return {
      rule: {
        name: rule.name,
        mode: rule.mode,
        lists: lists.flatMap((one) => one.found?.list.id ?? []),
      },
      problems: [
        ...(names.length === 0 ? [notFound(field, 'selects no ConfigMap; label those with the lists')] : []),
        ...missing.map((title) =>
          notFound(`${field}.configMap`, `names ConfigMap ${title}, which does not exist; create it`),
        ),
        ...bad.map((detail) => unreadable(field, detail)),
      ],
    };
  });
  return { rules: found.map((one) => one.rule), problems: found.flatMap((one) => one.problems) };
}

function notFound(field: string, detail: string): Problem {
  return { kind: 'AddressListUnresolved', field, reason: 'AddressListNotFound', detail };
}

function unreadable(field: string, detail: string): Problem {
  return { kind: 'AddressListUnresolved', field, reason: 'InvalidAddressList', detail };
}

type Rule = NonNullable<ProtectionGroups['reputation']>[number];

const byLabel: Index<'ConfigMap'> = {
  kind: 'ConfigMap',
  keysOf: ({ metadata }) =>
    Object.entries(metadata.labels).map(([name, value]) => `${metadata.namespace}/${name}=${value}`),
};

function configMapsOf(read: Read, namespace: string, rule: Rule): readonly string[] {
  if (rule.type === 'ConfigMap') return [rule.configMap.name];
  const wanted = Object.entries(rule.selector.matchLabels);
  const [name = '', value = ''] = wanted[0] ?? [];
  return read
    .find(byLabel, `${namespace}/${name}=${value}`)
    .filter(({ metadata }) => wanted.every(([key, held]) => metadata.labels[key] === held))
    .map(({ metadata }) => metadata.name)
    .sort();
}

/** The list in a ConfigMap. */
export interface FoundList {
  readonly list: AddressList;
  /** What is wrong with lines of it; null: nothing. */
  readonly problem: string | null;
}

/** The list in the ConfigMap of a namespace and name, of all its entries; null when there is no ConfigMap. */
const addressListUnit: Unit<FoundList | null> = {
  name: 'address list',
  compute(read, namespace = '', name = '') {
    const data = read.addressList(namespace, name)?.data;
    if (data === undefined) return null;
    const entries = Object.keys(data)
      .sort()
      .map((key) => ({ key, ...addressLines(data[key] ?? '') }));
    const id = listId(namespace, name);
    const list: AddressList = { kind: 'AddressList', id, ...packed(entries) };
    const bad = entries.flatMap(({ key, bad }) => (bad.length === 0 ? [] : [linesOf(key, bad)]));
    const title = `ConfigMap ${namespace}/${name}`;
    const words = `${bad.join('; ')}: no network such as 192.0.2.0/24 or 2001:db8::/32, nor an address; correct or remove them`;
    return { list, problem: bad.length === 0 ? null : `finds in ${title}, ${words}` };
  },
};

/** So many lines are told. */
const toldMax = 5;

function linesOf(key: string, numbers: readonly number[]): string {
  const more =
    numbers.length > toldMax
      ? ` and ${numbers.length === 100 ? 'many' : String(numbers.length - toldMax)} more`
      : '';
  return `${key}, line ${numbers.slice(0, toldMax).join(', ')}${more}`;
}

function listId(namespace: string, name: string): ResourceId {
  return resourceId('AddressList', namespace, name);
}

/** The lists of these ids. */
export function addressLists(read: Read, ids: Iterable<ResourceId>): readonly AddressList[] {
  return [...new Set(ids)].flatMap((id) => {
    const [, namespace = '', name = ''] = id.split('/');
    return read.ask(addressListUnit, namespace, name)?.list ?? [];
  });
}
