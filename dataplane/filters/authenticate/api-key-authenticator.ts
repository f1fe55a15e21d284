// API keys: long random strings, of which only the hash is known here.
import { hash } from 'node:crypto';
import { nobody, type Exchange, type Identity } from '#dataplane/http/exchange.ts';
import type { ApiKeyAuthentication, CredentialPlaces, IdentityValue } from '#snapshot/authentication.ts';
import { ownerOf, type Credential } from '#snapshot/credential-set.ts';
import type { Admission, Authenticator, Challenge, Finding, Refusal } from './authenticator.ts';
import { credentialIn } from './credential.ts';
import { badCredential, bearerChallenge, keysUnavailable } from './findings.ts';
import type { FoundCredential } from './credential-index.ts';
import { identityLine } from './identity-fields.ts';
import type { Credentials, CredentialSets } from './credentials.ts';

/** What is known of who has a key. */
type Owner = Omit<Credential, 'sha256'>;

/** What is longer is no key, and is not read. */
const keyLengthMax = 256;

/**
 * The way in by an API key. A key is known by its SHA-256: being random and long, it needs no slow hash.
 *
 * Hot path: one hash of the key and one look-up, however many sets there are.
 */
export class ApiKeyAuthenticator implements Authenticator {
  readonly credential: CredentialPlaces;
  readonly identityHeaders: readonly string[];
  readonly challenge: Challenge;
  readonly #way: ApiKeyAuthentication;
  /** The policy's. */
  readonly #namespace: string;
  readonly #all: CredentialSets;
  /** Those of the way, in its order. */
  readonly #sets: readonly Credentials[];
  readonly #now: () => number;

  constructor(way: ApiKeyAuthentication, namespace: string, all: CredentialSets, now: () => number) {
    this.credential = way.credential;
    this.identityHeaders = way.identityToHeaders.map(({ header }) => header);
    this.challenge = challengeOf(way.credential);
    this.#way = way;
    this.#namespace = namespace;
    this.#all = all;
    this.#sets = way.keys.map((id) => all.get(id));
    this.#now = now;
  }

  authenticate({ request }: Exchange): Finding | null {
    const key = credentialIn(this.credential.sources, request);
    if (key === null) return null;
    if (key === undefined) return badCredential(this.#way.name, 'several keys where one is looked for');
    if (key.length > keyLengthMax)
      return badCredential(this.#way.name, `longer than ${keyLengthMax} characters`);
    const found = this.#all.find(hash('sha256', key, 'base64url'), this.#sets);
    if (found !== null) return this.#finding(ownerOf(found.told), found);
    const missing = this.#sets.find(({ table }) => table === null);
    if (missing === undefined) return badCredential(this.#way.name, 'no key that is known');
    return keysUnavailable(missing.id);
  }

  #finding(owner: Owner, { table: { namespace }, limits }: FoundCredential): Admission | Refusal {
    const { prefix, expiresS, plan, groups } = owner;
    const title = `${namespace}/${owner.consumer}`;
    // Whoever names Consumers in another namespace must not be able to name one of the policy's own.
    const consumer = namespace === this.#namespace ? owner.consumer : title;
    if (expiresS !== 0 && this.#now() >= expiresS * 1000) {
      const detail = `key ${prefix} of ${title} has expired`;
      return { ...badCredential(this.#way.name, detail), isGuess: false };
    }
    const identity: Identity = {
      method: 'APIKey',
      subject: consumer,
      consumer: title,
      plan,
      limits,
      groups,
      scopes: nobody.scopes,
      claims: nobody.claims,
      keyId: prefix,
    };
    return { kind: 'Admission', identity, lines: this.#lines(identity) };
  }

  #lines(identity: Identity): readonly string[] {
    const { identityToHeaders } = this.#way;
    if (identityToHeaders.length === 0) return noLines;
    return identityToHeaders.flatMap(({ value, header }) => {
      const text = valueOf(identity, value);
      return text === '' ? [] : identityLine(header, text);
    });
  }
}

const noLines: readonly string[] = Object.freeze([]);

function valueOf({ subject, groups, plan, keyId }: Identity, value: IdentityValue): string {
  switch (value) {
    case 'Consumer':
      return subject;
    case 'Groups':
      return groups.join(',');
    case 'Plan':
      return plan;
    case 'KeyId':
      return keyId;
    default:
      return value satisfies never;
  }
}

/** A scheme where keys stand behind one; else a name that no client knows, for an answer 401 must have one (RFC 9110). */
function challengeOf({ sources }: CredentialPlaces): Challenge {
  const schemes = sources.flatMap((source) =>
    source.kind === 'Header' && source.scheme !== '' ? source.scheme : [],
  );
  const [scheme = 'ApiKey'] = schemes;
  return scheme === 'bearer' ? bearerChallenge : { missing: scheme, invalid: scheme };
}
