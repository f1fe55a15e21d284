import type { Authentication } from '#crds/auth-policy.ts';
import { durationMs, octetCount } from '#crds/fields.ts';
import type { HttpSignatureAuthentication } from '#crds/http-signature-authentication.ts';
import type { CredentialPlaces } from '#snapshot/authentication.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { NamedSecrets } from '#snapshot/key-set.ts';
import type { Read } from '../../memo.ts';
import { findKeys, type FoundKeys } from '../keys.ts';
import { readSharedSecret } from '../shared-secret.ts';
import { credentialsLeftOut } from '../../credentials/remarks.ts';
import type { Remark } from '../policy.ts';
import type { FoundWay, UnresolvedWay, WayPlace } from './way.ts';

/** Most secrets of one Secret. */
const secretsMax = 1_000;

/** The way in at `at` by a signature of the request. */
export function httpSignatureWay(
  read: Read,
  at: WayPlace,
  { name, httpSignature }: Extract<Authentication, { type: 'HTTPSignature' }>,
): FoundWay | UnresolvedWay {
  const place = { ...at, field: `${at.field}.httpSignature.keys` };
  const found = keysOf(read, place, name, httpSignature.keys);
  if (found.kind === 'Unresolved') {
    return found;
  }
  const { components, tag, maxAge, clockSkew, nonce, maxContentBytes, keyIdToHeader } = httpSignature;
  return {
    kind: 'Found',
    way: {
      kind: 'HTTPSignature',
      name,
      credential: credentialOf(httpSignature.credential),
      keySet: found.keySet.id,
      components: [...new Set(components.map((one) => one.toLowerCase()))],
      tag: tag ?? '',
      maxAgeMs: durationMs(maxAge),
      clockSkewMs: durationMs(clockSkew),
      nonce,
      contentBytesMax: octetCount(maxContentBytes),
      keyIdHeader: keyIdToHeader?.toLowerCase() ?? null,
    },
    resources: [found.keySet],
    remoteKeys: found.remote === null ? [] : [found.remote],
    pending: found.pending,
    remarks: found.remarks,
  };
}

/** Only one field of a credential goes on; Signature-Input does by itself, and is nothing where Signature does not. */
function credentialOf(handling: HttpSignatureAuthentication['credential']): CredentialPlaces {
  const forwarded = handling === 'Forward';
  const headers = forwarded ? ['signature'] : ['signature', 'signature-input'];
  return { sources: headers.map((header) => ({ kind: 'Header', header, scheme: '' })), forwarded };
}

type WayKeys =
  | (Extract<FoundKeys, { kind: 'Found' }> & { readonly remarks: readonly Remark[] })
  | UnresolvedWay;

function keysOf(
  read: Read,
  at: WayPlace,
  authentication: string,
  keys: HttpSignatureAuthentication['keys'],
): WayKeys {
  switch (keys.type) {
    case 'JWKS': {
      const place = { policy: at.policy, authentication, issuer: '', field: `${at.field}.jwks` };
      const found = findKeys(read, place, keys.jwks);
      return found.kind === 'Found' ? { ...found, remarks: [] } : found;
    }
    case 'SharedSecrets':
      return namedSecrets(read, { ...at, field: `${at.field}.sharedSecrets.secretRef` }, keys.sharedSecrets);
    default:
      return keys satisfies never;
  }
}

/** A secret that cannot be used is left out, and told: of others who sign nobody need notice. */
function namedSecrets(
  read: Read,
  { policy, field }: WayPlace,
  { secretRef }: Extract<HttpSignatureAuthentication['keys'], { type: 'SharedSecrets' }>['sharedSecrets'],
): WayKeys {
  const { namespace } = policy;
  const title = `Secret ${namespace}/${secretRef.name}`;
  const data = read.get('Secret', namespace, secretRef.name)?.data;
  if (data === undefined) {
    const detail = `names ${title}, which does not exist or holds nothing; create it with an entry for each keyid`;
    return unresolved({ kind: 'KeysUnresolved', field, reason: 'KeysNotFound', detail });
  }
  const secrets: NamedSecrets['secrets'][number][] = [];
  const problems: string[] = [];
  for (const [name, encoded] of Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1))) {
    const found = readSharedSecret(encoded, 'HS256');
    if (found.kind === 'Secret') {
      secrets.push({ name, secret: found.secret });
    } else {
      problems.push(`entry ${name} ${found.detail}`);
    }
  }
  if (secrets.length === 0 || secrets.length > secretsMax) {
    const wrong =
      secrets.length === 0
        ? ['holds no secret that can be used', ...problems.slice(0, 1)].join('; ')
        : `holds ${String(secrets.length)} secrets; at most ${String(secretsMax)} are read`;
    const detail = `names ${title}, which ${wrong}`;
    return unresolved({ kind: 'KeysUnresolved', field, reason: 'InvalidKeys', detail });
  }
  const id = resourceId('KeySet', 'SharedSecrets', namespace, secretRef.name);
  return {
    kind: 'Found',
    keySet: { kind: 'KeySet', state: 'Named', id, refreshable: false, secrets },
    remote: null,
    pending: null,
    remarks: credentialsLeftOut(title, problems),
  };
}

function unresolved(problem: UnresolvedWay['problem']): UnresolvedWay {
  return { kind: 'Unresolved', problem };
}
