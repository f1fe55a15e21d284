import type { OutsideAuthorities } from '#crds/outside-address.ts';
import { authoritiesIn } from '../authorities.ts';
import { decodeBase64, entryOf, entryTitle, whyNoEntry } from '../data.ts';
import type { Read } from '../memo.ts';
import type { Problem } from '../problem.ts';

/** Authorities as PEM, null for those of the system, and by which name they are told from all others (empty for these). */
export type NamedAuthorities =
  | { readonly kind: 'Found'; readonly authorities: string | null; readonly term: string }
  | { readonly kind: 'Unresolved'; readonly problem: Extract<Problem, { kind: 'KeysUnresolved' }> };

/** The authorities that `reference`, at `field` of an object in `namespace`, names. */
export function namedAuthorities(
  read: Read,
  { namespace, field }: { readonly namespace: string; readonly field: string },
  reference: OutsideAuthorities | undefined,
): NamedAuthorities {
  if (reference === undefined) {
    return { kind: 'Found', authorities: null, term: '' };
  }
  const { kind, name, key } = reference;
  const title = entryTitle(kind, namespace, reference);
  const data = read.get(kind, namespace, name)?.data;
  const entry = entryOf(data, key);
  if (entry === null) {
    const detail = `names ${title}, which ${whyNoEntry(data)}`;
    return unresolved({ kind: 'KeysUnresolved', field, reason: 'KeysNotFound', detail });
  }
  const authorities = authoritiesIn(kind === 'Secret' ? (decodeBase64(entry) ?? '') : entry);
  if (authorities === null) {
    const detail = `names ${title}, which holds no certificates as PEM; write those of the authorities`;
    return unresolved({ kind: 'KeysUnresolved', field, reason: 'InvalidKeys', detail });
  }
  return { kind: 'Found', authorities, term: `${kind}/${namespace}/${name}/${key}` };
}

function unresolved(problem: Extract<Problem, { kind: 'KeysUnresolved' }>): NamedAuthorities {
  return { kind: 'Unresolved', problem };
}
