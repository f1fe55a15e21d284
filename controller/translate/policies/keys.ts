// Where the keys of a JWT authentication come from. Each source is a KeySet of its own, shared by all policies
// that name it (but inline keys, which are their policy's).
import type { Jwks, RemoteJwks } from '#crds/jwks.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import { resolveBackend } from '../backends.ts';
import { decodeBase64, entryOf } from '../data.ts';
import type { Read } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { ObjectRef, RemoteKeys } from '../translation.ts';
import { readKeys, readKeySet, type ReadKeySet } from './key-set.ts';

/** A set of keys, or why there is none and the policy cannot be enforced. */
export type FoundKeys =
  | {
      readonly kind: 'Found';
      readonly keySet: KeySet;
      readonly remote: RemoteKeys | null;
      /** It has not been fetched yet. */
      readonly pending: Problem | null;
    }
  | { readonly kind: 'Unresolved'; readonly problem: Problem };

/** The policy that names the keys, the authentication in it, and the field. */
export interface KeysPlace {
  readonly policy: ObjectRef;
  readonly authentication: string;
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
      const text = entryOf(read.get('ConfigMap', namespace, name)?.data, key);
      const id = resourceId('KeySet', 'ConfigMap', namespace, name, key);
      return fromText({ ...at, field: `${at.field}.configMapRef` }, id, text);
    }
    case 'Secret': {
      const { name, key } = jwks.secretRef;
      const encoded = entryOf(read.get('Secret', namespace, name)?.data, key);
      const id = resourceId('KeySet', 'Secret', namespace, name, key);
      const text = encoded === null ? null : (decodeBase64(encoded) ?? '');
      return fromText({ ...at, field: `${at.field}.secretRef` }, id, text);
    }
    case 'Remote':
      return fromRemote(read, { ...at, field: `${at.field}.remote` }, jwks.remote);
    default:
      return jwks satisfies never;
  }
}

function fromText(at: KeysPlace, id: ResourceId, text: string | null): FoundKeys {
  if (text === null) {
    const detail = `names ${titleOf(id)}, which does not exist; create it with that key`;
    return unresolved({ kind: 'KeysUnresolved', field: at.field, reason: 'KeysNotFound', detail });
  }
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

function unresolved(problem: Problem): FoundKeys {
  return { kind: 'Unresolved', problem };
}

function fromRemote(read: Read, at: KeysPlace, remote: RemoteJwks): FoundKeys {
  if (remote.type === 'URI') {
    const { uri } = remote;
    return fetched(read, { id: `Uri/${uri}`, source: { type: 'Uri', uri } }, uri);
  }
  const { backendRef, path } = remote.backend;
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
  const id = `Backend/${namespace}/${service}/${String(port)}${path}`;
  const title = `${path} of Service ${namespace}/${service}`;
  return fetched(read, { id, source: { type: 'Backend', namespace, service, port, path } }, title);
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
