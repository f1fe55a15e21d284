import { X509Certificate } from 'node:crypto';
import { entryOf } from './data.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';

/** A caCertificateRef, at `field`; `namespace` is that of what it names. */
export interface AuthorityReference {
  readonly field: string;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * PEM of the authorities that `reference` names, or why there are none. `kindReason`: the reason of who refers for a
 * kind that holds none. Whether it may refer there is the caller's question.
 */
export function referencedAuthorities(
  read: Read,
  { field, group, kind, namespace, name }: AuthorityReference,
  kindReason: Extract<Problem, { kind: 'AuthorityKind' }>['reason'],
): string | Problem {
  if (group !== '' || kind !== 'ConfigMap') {
    return { kind: 'AuthorityKind', field, reason: kindReason, group, found: kind };
  }
  const holder = `ConfigMap ${namespace}/${name}`;
  const object = read.get('ConfigMap', namespace, name);
  if (object === undefined) {
    return { kind: 'AuthorityNotFound', field, holder };
  }
  const found = authoritiesIn(entryOf(object.data, 'ca.crt') ?? '');
  return found ?? { kind: 'AuthorityMalformed', field, holder, place: 'ca.crt' };
}

/** PEM of authorities, each once, one after another; null for none. */
export function joinedAuthorities(found: readonly (string | Problem)[]): string | null {
  const authorities = new Set(found.filter((one) => typeof one === 'string'));
  return authorities.size === 0 ? null : [...authorities].join('');
}

/** The certificates in `text` as PEM, one after another; null when there is none or one cannot be read. */
export function authoritiesIn(text: string): string | null {
  const parts = text.match(certificatePem) ?? [];
  return parts.length > 0 && parts.every((part) => isCertificate(part))
    ? parts.map((part) => `${part}\n`).join('')
    : null;
}

const certificatePem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
