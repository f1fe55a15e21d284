// What the owner of a policy should hear of the keys it lets in by: what is left out, and what could be safer.
import type { Read, Unit } from '../memo.ts';
import type { Remark } from '../policies/policy.ts';
import type { KeyEntry } from './key-entry.ts';
import { lackOfPlan } from './plan.ts';
import { lostKeys, secretKeysUnit, secretTitle } from './key-owners.ts';

const toldMax = 3;

/** Of the Secret of a namespace and name. */
export const secretRemarksUnit: Unit<readonly Remark[]> = {
  name: 'remarks on a secret',
  compute(read, namespace = '', name = '') {
    const { entries, problems, plain } = read.ask(secretKeysUnit, namespace, name);
    const title = secretTitle(namespace, name);
    const lost = [...lostKeys(read, namespace, title, entries)].map(
      ([place, winner]) => `${place}: its key is already that of ${winner}; make a new one`,
    );
    const leftOut = [...problems, ...lost];
    const hashes = 'write their hashes in place of them, as turnpike key hash tells them';
    return [
      ...credentialsLeftOut(title, leftOut),
      ...lackingPlans(read, namespace, title, entries),
      ...remark('PlainCredentials', plain, `${title} holds plain keys (${some(plain, ', ')}): ${hashes}.`),
      ...(entries.length + problems.length > 0
        ? []
        : [{ reason: 'NoCredentials', message: `${title} holds no key.` }]),
    ];
  },
};

/** Each plan is told once, where it stands first. */
function lackingPlans(
  read: Read,
  namespace: string,
  title: string,
  entries: readonly KeyEntry[],
): readonly Remark[] {
  const places = new Map(entries.toReversed().map(({ plan, place }) => [plan, place]));
  places.delete('');
  return [...places].toReversed().flatMap(([plan, place]) => {
    const lack = lackOfPlan(read, namespace, plan);
    if (lack === null) return [];
    const message = `${title}, ${place}: ${lack.detail} Until then requests by keys with this plan are refused.`;
    return [{ reason: lack.reason, message }];
  });
}

/** Of `problems` with what `title` holds; nothing where there are none. */
export function credentialsLeftOut(title: string, problems: readonly string[]): readonly Remark[] {
  return remark('CredentialsLeftOut', problems, `${title}: left out: ${some(problems, '; ')}.`);
}

/** Where nothing is selected, nobody can come in: mostly that is a mistake. */
export function nothingSelected(field: string, what: 'Consumer' | 'Secret'): Remark {
  return {
    reason: 'NoCredentials',
    message: `${field} selects no ${what} of the policy's namespace; nobody is let in by it.`,
  };
}

/** The same of another namespace, which tells nothing of what there is. */
export function nothingGranted(field: string, namespace: string, policies: string): Remark {
  const grant = `a ReferenceGrant there from AuthPolicies of ${policies} to Consumers, and Consumers with these labels`;
  return {
    reason: 'NoCredentials',
    message: `${field} selects no Consumer of the namespace ${namespace} that counts here; nobody of it is let in. It takes ${grant}.`,
  };
}

/** A certificate may have such a name, but who writes it mostly means all names below. */
export function nameWithStar(field: string, name: string): Remark {
  const remedy = `for all names below, set match to Suffix and value to ${name.slice(1)}`;
  return {
    reason: 'NameWithStar',
    message: `${field}: ${name} lets in certificates of this very name alone; ${remedy}.`,
  };
}

/** Why a Consumer's credentials do not all count; null when they do. */
export function lostByConsumer(lost: ReadonlyMap<string, string>): string | null {
  const told = [...lost].map(([place, winner]) => `${place}: its key is already that of ${winner}`);
  return told.length === 0 ? null : some(told, '; ');
}

function remark(reason: string, about: readonly string[], message: string): readonly Remark[] {
  return about.length === 0 ? [] : [{ reason, message }];
}

function some(all: readonly string[], joint: string): string {
  const more = all.length - toldMax;
  return all.slice(0, toldMax).join(joint) + (more > 0 ? `${joint}and ${more} more` : '');
}
