// Resources as bytes: the same content has the same bytes, hence the same hash and version, whoever made it.
// The encoded text reveals secrets: it is for the wire (TLS) and the data plane's 0600 file only.
import { authenticationDefaults, jwtDefaults } from './authentication.ts';
import {
  clientDefaults,
  listenerDefaults,
  listenerTlsDefaults,
  requestListenerDefaults,
} from './client-defaults.ts';
import {
  backendDefaults,
  clusterDefaults,
  endpointDefaults,
  forwardDefaults,
  hostnameDefaults,
  retryDefaults,
  timeoutDefaults,
} from './cluster-defaults.ts';
import { credentialSetDefaults } from './credential-set.ts';
import { digest } from './digest.ts';
import { externalDefaults } from './external-authorization.ts';
import { fleetDefaults } from './fleet.ts';
import { protectionDefaults } from './protection.ts';
import { addressKeyDefaults, rateLimitDefaults } from './rate-limit.ts';
import { sharedRedisDefaults } from './redis-address.ts';
import { Secret } from './secret.ts';
import { SetVersions } from './set-version.ts';
import { ShelvedMap } from './shelved-map.ts';
import type { Resource } from './snapshot.ts';
import { revocationDefaults } from './token-revocations.ts';

/**
 * Canonical JSON on one line: keys sorted by code unit, no spaces, secrets revealed. What is as it is by default is
 * left out: most of a cluster, ten thousand times over. Pure; throws on what JSON cannot tell.
 */
export function encodeResource(resource: Resource): string {
  return canonical(resource);
}

/** The hash of an encoded resource: SHA-256 cut to 128 bits, base64url, 22 characters. */
export function hashResource(encoded: string): string {
  return digest(encoded);
}

/** The version of the set of these (id, hash) pairs, in any order: a hash of the same form as {@link hashResource}. */
export function versionOf(entries: Iterable<readonly [id: string, hash: string]>): string {
  const hashed = Array.from(entries, ([id, hash]) => [id, { hash }] as const);
  return new SetVersions().of(ShelvedMap.of(hashed));
}

/** What an object need not tell: members by name, and the bytes that equal ones have. */
type Untold = ReadonlyMap<string, { readonly value: unknown; readonly encoded: string }>;

const nothing: Untold = new Map();

/** Makes canonical JSON without what objects need not tell: by their kind, or by the member that holds them. */
function encoder(
  ofKind: ReadonlyMap<unknown, Untold>,
  ofMember: ReadonlyMap<string, Untold>,
): (value: unknown, untold?: Untold) => string {
  function canonical(value: unknown, untold = nothing): string {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null)
      return JSON.stringify(value);
    if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map((item) => canonical(item, untold)).join(',')}]`;
    if (value instanceof Secret) return canonical(value.reveal());
    if (typeof value === 'object') return `{${canonicalMembers(value, untold)}}`;
    throw new TypeError(`a resource holds a value of type ${typeof value}, which JSON cannot tell`);
  }

  function canonicalMembers(value: object, untoldHere: Untold): string {
    const record = value as Readonly<Record<string, unknown>>;
    const untold = ofKind.get(record['kind']) ?? untoldHere;
    const members: string[] = [];
    for (const key of Object.keys(record).sort()) {
      const usual = untold.get(key);
      // Mostly it is the very same, and needs no encoding to see that.
      if (usual !== undefined && usual.value === record[key]) continue;
      const encoded = canonical(record[key], ofMember.get(key));
      if (usual?.encoded !== encoded) members.push(`${JSON.stringify(key)}:${encoded}`);
    }
    return members.join(',');
  }

  return canonical;
}

const whole = encoder(new Map(), new Map());

const canonical = encoder(
  new Map([
    ['Cluster', encodedMembers(clusterDefaults)],
    ['ClientSettings', encodedMembers(clientDefaults)],
    ['Protection', encodedMembers(protectionDefaults)],
    [
      'Listener',
      encodedMembers({ ...listenerDefaults, ...requestListenerDefaults, tls: listenerTlsDefaults }),
    ],
    ['Forward', encodedMembers(forwardDefaults)],
    ['Fleet', encodedMembers(fleetDefaults)],
    ['Authentication', encodedMembers(authenticationDefaults)],
    ['CredentialSet', encodedMembers(credentialSetDefaults)],
    ['RateLimit', encodedMembers(rateLimitDefaults)],
    ['RateLimitStore', encodedMembers(sharedRedisDefaults)],
    ['ClientAddress', encodedMembers(addressKeyDefaults)],
    ['JWT', encodedMembers(jwtDefaults)],
    ['TokenRevocations', encodedMembers(revocationDefaults)],
  ]),
  // These have no kind: they are known by the member that holds them.
  new Map([
    ['endpoints', encodedMembers(endpointDefaults)],
    ['backends', encodedMembers(backendDefaults)],
    ['hostnames', encodedMembers(hostnameDefaults)],
    ['timeouts', encodedMembers(timeoutDefaults)],
    ['retry', encodedMembers(retryDefaults)],
    ['external', encodedMembers(externalDefaults)],
  ]),
);

function encodedMembers(members: object): Untold {
  return new Map(Object.entries(members).map(([name, value]) => [name, { value, encoded: whole(value) }]));
}
