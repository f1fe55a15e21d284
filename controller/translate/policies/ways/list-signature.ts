// Who has signed a revocation list (RFC 5280 section 6.3.3), of the authorities that listeners verify clients by.
import { verify, X509Certificate, type KeyObject } from 'node:crypto';
import type { TargetKind } from '#crds/policy.ts';
import { requestRouteKinds } from '#crds/route-kind.ts';
import { derElements, derMembers, derTags, nameDigest, oidText, type DerElement } from '#snapshot/der.ts';
import { clientAuthorities } from '../../client-authorities.ts';
import { gatewayListenersUnit } from '../../listener-set.ts';
import type { Read, Unit } from '../../memo.ts';
import { certificatesIn } from '../../pem.ts';
import { findRoutes } from '../../route-index.ts';
import { gatewayOfParent, gatewaysNamed } from '../../route-parent.ts';
import { routesByExtension } from '../../route-references.ts';
import { policySource } from '../source.ts';

/** What is signed, by which AlgorithmIdentifier, and the signature as BIT STRING. */
export interface SignedList {
  /** See `nameDigest`. */
  readonly issuer: string;
  readonly signed: DerElement;
  readonly algorithm: DerElement;
  readonly signature: DerElement;
}

/** Unknown: its issuer is none of the authorities, so that nobody comes whom it could tell of. */
export type SignatureStanding = 'Good' | 'Unknown' | 'NotItsIssuers' | 'AlgorithmNotTaken';

const algorithms: ReadonlyMap<string, { readonly key: string; readonly digest: string | null }> = new Map([
  ['1.2.840.113549.1.1.11', { key: 'rsa', digest: 'sha256' }],
  ['1.2.840.113549.1.1.12', { key: 'rsa', digest: 'sha384' }],
  ['1.2.840.113549.1.1.13', { key: 'rsa', digest: 'sha512' }],
  ['1.2.840.10045.4.3.2', { key: 'ec', digest: 'sha256' }],
  ['1.2.840.10045.4.3.3', { key: 'ec', digest: 'sha384' }],
  ['1.2.840.10045.4.3.4', { key: 'ec', digest: 'sha512' }],
  ['1.3.101.112', { key: 'ed25519', digest: null }],
  ['1.3.101.113', { key: 'ed448', digest: null }],
]);

/** How `list` stands to `authorities` (PEM, a certificate each). */
export function signatureStanding(list: SignedList, authorities: readonly string[]): SignatureStanding {
  const issuers = authorities
    .map((pem) => new X509Certificate(pem))
    .filter((one) => subjectDigest(one) === list.issuer);
  if (issuers.length === 0) {
    return 'Unknown';
  }
  const [id] = derMembers(list.algorithm, derTags.sequence) ?? [];
  const algorithm = algorithms.get(oidText(id));
  if (algorithm === undefined) {
    return 'AlgorithmNotTaken';
  }
  // before the octets of a BIT STRING stands how many bits are left over
  const signature = list.signature.content.subarray(1);
  const isGood = issuers.some((one) => {
    const key = keyOf(one);
    return (
      key?.asymmetricKeyType === algorithm.key && verify(algorithm.digest, list.signed.whole, key, signature)
    );
  });
  return isGood ? 'Good' : 'NotItsIssuers';
}

/** Null for one of a kind that nobody here knows. */
function keyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

const versionTag = 0xa0;

function subjectDigest({ raw }: X509Certificate): string | null {
  const [signed] = derMembers(derElements(raw)?.[0], derTags.sequence) ?? [];
  const fields = derMembers(signed, derTags.sequence) ?? [];
  const subject = fields[fields[0]?.tag === versionTag ? 5 : 4];
  return subject === undefined ? null : nameDigest(subject);
}

/**
 * The authorities (PEM, a certificate each) by which clients are verified at the Gateways that an AuthPolicy or its routes
 * name, by its namespace and name; none where no client is asked for a certificate. What attaches where is not asked: it
 * depends on what becomes of the policy.
 */
export const clientSignersUnit: Unit<readonly string[]> = {
  name: 'client signers',
  compute(read, namespace = '', name = '') {
    const targets = policySource(read, 'AuthPolicy', namespace, name)?.targets ?? [];
    const named = (kind: TargetKind) => targets.filter((one) => one.kind === kind).map((one) => one.name);
    const routes = [
      ...requestRouteKinds.flatMap((kind) =>
        named(kind).flatMap((one) => read.get(kind, namespace, one) ?? []),
      ),
      ...findRoutes(read, routesByExtension, `AuthPolicy/${namespace}/${name}`),
    ];
    const gateways = [
      ...(['Gateway', 'ListenerSet'] as const).flatMap((kind) =>
        named(kind).flatMap((one) => gatewayOfParent(read, { kind, namespace, name: one }) ?? []),
      ),
      ...routes.flatMap((route) => gatewaysNamed(read, route)),
    ];
    return [...new Set(gateways.flatMap((one) => signersAt(read, one)))].sort();
  },
};

function signersAt(
  read: Read,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): readonly string[] {
  const object = read.get('Gateway', namespace, name);
  const listeners = read.ask(gatewayListenersUnit, namespace, name);
  if (object === undefined) {
    return [];
  }
  return listeners
    .filter(({ protocol }) => protocol === 'HTTPS')
    .map(({ port }) => clientAuthorities(read, object, port).certificates)
    .flatMap((one) => certificatesIn(one?.authorities ?? ''));
}
