import type { JwtAuthentication } from '#crds/jwt-authentication.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { TokenRevocations } from '#snapshot/token-revocations.ts';
import { entryOf, entryTitle } from '../../data.ts';
import type { Read } from '../../memo.ts';
import { namesNothing, revokedLines } from './revoked-lines.ts';
import { unresolved, type UnresolvedWay, type WayPlace } from './way.ts';

/** A list of revoked tokens; null where the policy names none. */
export type FoundRevocation =
  | { readonly kind: 'Found'; readonly list: TokenRevocations | null }
  | UnresolvedWay;

/** The revocation list that `revocation` names, in the namespace of the policy at `field`. */
export function findRevocation(
  read: Read,
  { policy, field }: WayPlace,
  revocation: JwtAuthentication['revocation'],
): FoundRevocation {
  if (revocation === undefined) {
    return { kind: 'Found', list: null };
  }
  const { namespace } = policy;
  const { name, key } = revocation.configMapRef;
  const title = entryTitle('ConfigMap', namespace, revocation.configMapRef);
  const text = entryOf(read.get('ConfigMap', namespace, name)?.data, key);
  if (text === null) {
    const detail = `names ${title}, which does not exist; create it, with the line none when nothing is revoked`;
    return unresolved({ field: `${field}.configMapRef`, reason: 'RevocationListNotFound', detail });
  }
  const revoked = revokedIn(text);
  if (revoked === null) {
    const detail = `names ${title}, which ${namesNothing}`;
    return unresolved({ field: `${field}.configMapRef`, reason: 'InvalidRevocationList', detail });
  }
  const id = resourceId('TokenRevocations', 'ConfigMap', namespace, name, key);
  return { kind: 'Found', list: { kind: 'TokenRevocations', id, ...revoked } };
}

/** One a line: `sub:` and a subject, or the `jti` of a token, with `jti:` before it or without. Null: it names none. */
function revokedIn(text: string): Pick<TokenRevocations, 'tokens' | 'subjects'> | null {
  const lines = revokedLines(text)?.map((line) => line.text) ?? null;
  if (lines === null) {
    return null;
  }
  const subjects = lines.filter((line) => line.startsWith('sub:')).map((line) => line.slice(4));
  const tokens = lines.filter((line) => !line.startsWith('sub:')).map((line) => line.replace(/^jti:/, ''));
  return { tokens: [...new Set(tokens)].sort(), subjects: [...new Set(subjects)].sort() };
}
