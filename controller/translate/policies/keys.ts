// Where the keys of a JWT authentication come from. Each source is a KeySet of its own, shared by all policies
// that name it (but inline keys, which are their policy's).
import { durationMs } from '#crds/fields.ts';
import type { Jwks, RemoteJwks, SharedSecretJwks } from '#crds/jwks.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import { resolveBackend } from '../backends.ts';
import { decodeBase64, entryOf, entryTitle, whyNoEntry } from '../data.ts';
import type { Read } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { ObjectRef, RemoteKeys, ServiceAddress } from '../translation.ts';
import { namedAuthorities } from './named-authorities.ts';
import { readKeys, readKeySet, type ReadKeySet } from './key-set.ts';
import { readSharedSecret } from './shared-secret.ts';

/** A set of keys, or why there is none and the policy cannot be enforced. */
export type FoundKeys =
  | {
      readonly kind: 'Found';
      readonly keySet: KeySet;
      readonly remote: RemoteKeys | null;
      /** It has not been fetched yet. */
      readonly pending: Problem | null;
    }
  | UnresolvedKeys;

interface UnresolvedKeys {
  readonly kind: 'Unresolved';
  readonly problem: Problem;
}

/** The policy that names the keys, the authentication in it, and the field. */
export interface KeysPlace {
  readonly policy: ObjectRef;
  readonly authentication: string;
  readonly issuer: string;
  readonly field: string;
}

/** The keys that `jwks` names. */
export function findKeys(read: Read, at: KeysPlace, jwks: Jwks): FoundKeys {
  const { namespace } = at.policy;
  switch (jwks.type) {
    case 'Inline': {
      const id = resourceId('KeySet', 'Inline', namespace, at.policy.name, at.authentication);
      return keySet({ ...at, field: `${at.field}.inline` }, id, named('', readKeys(jwks.inline.keys)));
    }
    case 'ConfigMap': {
      const { name, key } = jwks.configMapRef;
      const data = read.get('ConfigMap', namespace, name)?.data;
      const text = entryOf(data, key);
      const id = resourceId('KeySet', 'ConfigMap', namespace, name, key);
      const place = { ...at, field: `${at.field}.configMapRef` };
      return text === null ? missing(place, titleOf(id), data) : fromText(place, id, text);
    }
    case 'Secret': {
      const { name, key } = jwks.secretRef;
      const data = read.get('Secret', namespace, name)?.data;
      const encoded = entryOf(data, key);
      const id = resourceId('KeySet', 'Secret', namespace, name, key);
      const place = { ...at, field: `${at.field}.secretRef` };
      return encoded === null
        ? missing(place, titleOf(id), data)
        : fromText(place, id, decodeBase64(encoded) ?? '');
    }
    case 'Remote':
      return fromRemote(read, { ...at, field: `${at.field}.remote` }, jwks.remote);
    case 'SharedSecret':
      return fromSharedSecret(
        read,
        { ...at, field: `${at.field}.sharedSecret.secretRef` },
        jwks.sharedSecret,
      );
    default:
      return jwks satisfies never;
  }
}

function fromSharedSecret(
  read: Read,
  at: KeysPlace,
  { secretRef, algorithm: alg }: SharedSecretJwks,
): FoundKeys {
  const { namespace } = at.policy;
  const { name, key } = secretRef;
  const title = entryTitle('Secret', namespace, secretRef);
  const data = read.get('Secret', namespace, name)?.data;
  const encoded = entryOf(data, key);
  if (encoded === null) {
    return missing(at, title, data);
  }
  const found = readSharedSecret(encoded, alg);
  if (found.kind === 'Invalid') {
    const detail = `names ${title}, which ${found.detail}`;
    return unresolved({ kind: 'KeysUnresolved', field: at.field, reason: 'InvalidKeys', detail });
  }
  const id = resourceId('KeySet', 'SharedSecret', alg, namespace, name, key);
  const keySet: KeySet = {
    kind: 'KeySet',
    state: 'Shared',
    id,
    refreshable: false,
    alg,
    secret: found.secret,
  };
  return { kind: 'Found', keySet, remote: null, pending: null };
}

function missing(at: KeysPlace, title: string, data: Parameters<typeof whyNoEntry>[0]): UnresolvedKeys {
  const detail = `names ${title}, which ${whyNoEntry(data)}`;
  return unresolved({ kind: 'KeysUnresolved', field: at.field, reason: 'KeysNotFound', detail });
}

function fromText(at: KeysPlace, id: ResourceId, text: string): FoundKeys {
  return keySet(at, id, named(`names ${titleOf(id)}, which `, readKeySet(text)));
}

function named(prefix: string, read: ReadKeySet): ReadKeySet {
  return read.kind === 'Invalid' ? { ...read, detail: `${prefix}${read.detail}` } : read;
}

/** `KeySet/Secret/shop/keys/jwks.json` as `key jwks.json of Secret shop/keys`. */
function titleOf(id: ResourceId): string {
  const [, kind, namespace, name, ...key] = id.split('/');
  return `key ${key.join('/')} of ${String(kind)} ${String(namespace)}/${String(name)}`;
}

function keySet(at: KeysPlace, id: ResourceId, read: ReadKeySet): FoundKeys {
  if (read.kind === 'Invalid') {
    const { detail } = read;
    return unresolved({ kind: 'KeysUnresolved', field: at.field, reason: 'InvalidKeys', detail });
  }
  const keySet: KeySet = { kind: 'KeySet', state: 'Available', id, keys: read.keys, refreshable: false };
  return { kind: 'Found', keySet, remote: null, pending: null };
}

function unresolved(problem: Problem): UnresolvedKeys {
  return { kind: 'Unresolved', problem };
}

function fromRemote(read: Read, at: KeysPlace, remote: RemoteJwks): FoundKeys {
  return fromSource(read, at, remote, remoteSource(read, at, remote));
}

/** What it takes to believe an issuer, and for how long. */
export interface IssuerTerms {
  readonly caRef?: RemoteJwks['caRef'];
  readonly maxStale: string;
}

/** The keys of the issuer at `at`, where its configuration says; a Service that is told is asked in its place. */
export function findIssuerKeys(
  read: Read,
  at: KeysPlace,
  terms: IssuerTerms,
  through: ServiceAddress | null,
): FoundKeys {
  const { issuer } = at;
  const direct = { type: 'Discovery', issuer } as const;
  const source = through === null ? direct : { ...direct, through };
  const name = `Discovery/${issuer}${through === null ? '' : ` by=${nameOf(through)}`}`;
  return fromSource(read, at, terms, { kind: 'Source', source, name, title: issuer });
}

function fromSource(read: Read, at: KeysPlace, remote: IssuerTerms, found: RemoteSource): FoundKeys {
  const place = { namespace: at.policy.namespace, field: `${at.field}.caRef` };
  const trusted = namedAuthorities(read, place, remote.caRef);
  if (trusted.kind === 'Unresolved') {
    return trusted;
  }
  const { authorities } = trusted;
  const staleMsMax = durationMs(remote.maxStale);
  // What is fetched in another way is a source of its own: one tenant's authorities say nothing of another's keys.
  const terms = `${trusted.term === '' ? '' : ` ca=${trusted.term}`}${staleMsMax === usualStaleMs ? '' : ` maxStale=${String(staleMsMax)}`}`;
  if (found.kind === 'Unresolved') {
    return found;
  }
  const { source, name, title } = found;
  return fetched(read, { id: `${name}${terms}`, source, authorities, staleMsMax }, title);
}

/** How long keys hold unless the policy says otherwise: a day. */
const usualStaleMs = 86_400_000;

/** Where keys are fetched, under a name that no other place has and a title for people. */
type RemoteSource =
  | {
      readonly kind: 'Source';
      readonly source: RemoteKeys['source'];
      readonly name: string;
      readonly title: string;
    }
  | UnresolvedKeys;

function remoteSource(read: Read, at: KeysPlace, remote: RemoteJwks): RemoteSource {
  switch (remote.type) {
    case 'URI': {
      const { uri } = remote;
      return { kind: 'Source', source: { type: 'Uri', uri }, name: `Uri/${uri}`, title: uri };
    }
    case 'Discovery': {
      const { issuer } = at;
      return {
        kind: 'Source',
        source: { type: 'Discovery', issuer },
        name: `Discovery/${issuer}`,
        title: issuer,
      };
    }
    case 'Backend':
      return backendSource(read, at, remote.backend);
    default:
      return remote satisfies never;
  }
}

function backendSource(
  read: Read,
  at: KeysPlace,
  { backendRef, path, tls }: Extract<RemoteJwks, { type: 'Backend' }>['backend'],
): RemoteSource {
  const referrer = { object: at.policy, group: 'turnpike.dev', field: `${at.field}.backend.backendRef` };
  const resolved = resolveBackend(read, referrer, backendRef);
  if (resolved.kind === 'Unresolved') {
    return unresolved(resolved.problem);
  }
  const { namespace, service } = resolved.backend.source;
  if (resolved.backend.cluster.protocol === 'HTTP2') {
    const detail = `names Service ${namespace}/${service}, whose port speaks HTTP/2; keys are fetched by HTTP/1.1: name another port`;
    return unresolved({ kind: 'KeysUnresolved', field: referrer.field, reason: 'KeysNotFound', detail });
  }
  const port = backendRef.port ?? 0;
  const serverName = tls === undefined ? null : (tls.hostname ?? `${service}.${namespace}.svc`);
  return {
    kind: 'Source',
    source: { type: 'Backend', namespace, service, port, path, serverName },
    name: `Backend/${namespace}/${service}/${String(port)}${path}${serverName === null ? '' : ` tls=${serverName}`}`,
    title: `${path} of Service ${namespace}/${service}`,
  };
}

function nameOf({ namespace, service, port, serverName }: ServiceAddress): string {
  return `${namespace}/${service}/${String(port)}${serverName === null ? '' : ` tls=${serverName}`}`;
}

function fetched(read: Read, remote: RemoteKeys, title: string): FoundKeys {
  const id = resourceId('KeySet', remote.id);
  const answer = read.fetchedKeys(remote.id);
  if (answer === undefined || answer.keys === null) {
    return {
      kind: 'Found',
      keySet: { kind: 'KeySet', state: 'Unavailable', id, refreshable: true },
      remote,
      pending: { kind: 'KeysPending', source: title, detail: answer?.problem ?? null },
    };
  }
  const keySet: KeySet = { kind: 'KeySet', state: 'Available', id, keys: answer.keys, refreshable: true };
  return { kind: 'Found', keySet, remote, pending: null };
}
