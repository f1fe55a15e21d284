import { X509Certificate } from 'node:crypto';
import { entryOf } from './data.ts';
import type { Read } from './memo.ts';
import { certificatesIn } from './pem.ts';
import type { Problem } from './problem.ts';

/** A caCertificateRef, at `field`; `namespace` is that of what it names, if that is in one. */
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
  switch (`${group}/${kind}`) {
    case '/ConfigMap': {
      const data = read.get('ConfigMap', namespace, name)?.data;
      const text = data === undefined ? undefined : (entryOf(data, 'ca.crt') ?? '');
      return held(text, { field, holder: `ConfigMap ${namespace}/${name}`, place: 'ca.crt' });
    }
    case 'certificates.k8s.io/ClusterTrustBundle': {
      if (!read.served('ClusterTrustBundle')) break;
      const text = read.get('ClusterTrustBundle', '', name)?.spec.trustBundle;
      return held(text, { field, holder: `ClusterTrustBundle ${name}`, place: 'spec.trustBundle' });
    }
    default:
  }
  return { kind: 'AuthorityKind', field, reason: kindReason, group, found: kind };
}

/** The certificates in `text`; undefined: who should have it is not there. */
function held(
  text: string | undefined,
  at: { readonly field: string; readonly holder: string; readonly place: string },
): string | Problem {
  const { field, holder } = at;
  if (text === undefined) {
    return { kind: 'AuthorityNotFound', field, holder };
  }
  return authoritiesIn(text) ?? { kind: 'AuthorityMalformed', ...at };
}

/** PEM of authorities, each once, one after another; null for none. */
export function joinedAuthorities(found: readonly (string | Problem)[]): string | null {
  const authorities = new Set(found.filter((one) => typeof one === 'string'));
  return authorities.size === 0 ? null : [...authorities].join('');
}

/** The certificates in `text` as PEM, one after another; null when there is none or one cannot be read. */
export function authoritiesIn(text: string): string | null {
  const parts = certificatesIn(text);
  return parts.length > 0 && parts.every((part) => isCertificate(part))
    ? parts.map((part) => `${part}\n`).join('')
    : null;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
