import type { Authentication } from '#crds/auth-policy.ts';
import type { ClientCertificateAuthentication } from '#crds/client-certificate-authentication.ts';
import type { CertificateNameMatch, Revocation } from '#snapshot/client-certificate.ts';
import { credentialsLeftOut, nameWithStar } from '../../credentials/remarks.ts';
import { entryOf, entryTitle, whyNoEntry } from '../../data.ts';
import type { Read } from '../../memo.ts';
import type { Remark } from '../policy.ts';
import { clientSignersUnit } from './list-signature.ts';
import { readRevocationBinary, readRevocationText } from './revocation.ts';
import { unresolved, type FoundWay, type UnresolvedWay, type WayPlace } from './way.ts';

/** The way in by a client's certificate at `at`. */
export function clientCertificateWay(
  read: Read,
  at: WayPlace,
  { name, clientCertificate }: Extract<Authentication, { type: 'ClientCertificate' }>,
): FoundWay | UnresolvedWay {
  const revocation = revocationOf(read, at, clientCertificate.revocation);
  if (revocation.kind === 'Unresolved') {
    return revocation;
  }
  const { subjectFrom, allow, certificateToHeader: told } = clientCertificate;
  return {
    kind: 'Found',
    way: {
      kind: 'ClientCertificate',
      name,
      subjectFrom,
      allow: allow.map((one) => nameMatch(one)),
      revocation: revocation.list,
      certificateHeader:
        told === undefined ? null : { header: told.header.toLowerCase(), format: told.format },
    },
    resources: [],
    remoteKeys: [],
    pending: null,
    remarks: [
      ...revocation.remarks,
      ...allow.flatMap((one, index) => starRemark(one, `${at.field}.clientCertificate.allow[${index}]`)),
    ],
  };
}

function starRemark(one: ClientCertificateAuthentication['allow'][number], field: string): readonly Remark[] {
  return one.type === 'DNS' && one.dns.match === 'Exact' && one.dns.value.startsWith('*.')
    ? [nameWithStar(`${field}.dns.value`, one.dns.value)]
    : [];
}

function nameMatch(one: ClientCertificateAuthentication['allow'][number]): CertificateNameMatch {
  switch (one.type) {
    case 'DNS':
      return { of: 'DNS', ...one.dns };
    case 'URI':
      return { of: 'URI', ...one.uri };
    case 'Email':
      return { of: 'Email', ...one.email };
    case 'TrustDomain':
      return { of: 'TrustDomain', match: 'Exact', value: one.trustDomain };
    default:
      return one satisfies never;
  }
}

interface FoundRevocation {
  readonly kind: 'Found';
  readonly list: Revocation | null;
  readonly remarks: readonly Remark[];
}

function revocationOf(
  read: Read,
  at: WayPlace,
  told: ClientCertificateAuthentication['revocation'],
): FoundRevocation | UnresolvedWay {
  if (told === undefined) {
    return { kind: 'Found', list: null, remarks: [] };
  }
  const field = `${at.field}.clientCertificate.revocation.configMapRef`;
  const { name, key } = told.configMapRef;
  const { namespace } = at.policy;
  const object = read.get('ConfigMap', namespace, name);
  const text = entryOf(object?.data, key);
  const binary = entryOf(object?.binaryData, key);
  const entry = entryTitle('ConfigMap', namespace, told.configMapRef);
  const title = `names ${entry}, which`;
  if (text === null && binary === null) {
    const detail = `${title} ${whyNoEntry(object?.data ?? object?.binaryData)}`;
    return unresolved({ field, reason: 'RevocationListNotFound', detail });
  }
  const authorities = read.ask(clientSignersUnit, namespace, at.policy.name);
  const found =
    text === null ? readRevocationBinary(binary ?? '', authorities) : readRevocationText(text, authorities);
  return found.kind === 'Read'
    ? { kind: 'Found', list: found.revocation, remarks: credentialsLeftOut(entry, found.leftOut) }
    : unresolved({ field, reason: 'InvalidRevocationList', detail: `${title} ${found.detail}; correct it` });
}
