import type { Exchange, Identity, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Authentication, JwtAuthentication } from '#snapshot/authentication.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { compactVerify, errors } from 'jose';
import { endOf, own, problemOfClaims } from './claims.ts';
import { removeFields } from '#dataplane/http/aliases.ts';
import { identityFields } from './identity-fields.ts';
import { candidateKeys, lacksKid, type ReadyKeySet, type VerificationKey } from './keys.ts';
import type { TokenCache } from './token-cache.ts';
import { bearerToken, parseToken, type UnverifiedToken } from './token.ts';

/** A token is verified anew after this long at most. */
const verifiedForMs = 60_000;

/** A signature that no key of this filter made is not checked again for so long. */
const rejectedForMs = 10_000;

const longestScheme = 'Bearer '.length;

/** What all filters share. */
export interface Surroundings {
  readonly now: () => number;
  readonly onMissingKey: (keySet: ResourceId, kid: string) => void;
  readonly verified: TokenCache<AuthenticationFilter, Verified>;
  readonly rejected: TokenCache<AuthenticationFilter, Failure>;
  readonly verificationsMax: number;
  readonly verifications: { running: number };
}

/** What is known of a token that passed. */
export interface Verified {
  readonly identity: Identity;
  /** Name and value by turns. */
  readonly fields: readonly string[];
}

/** A rule that a token may pass, the key that may have signed it. */
interface Attempt {
  readonly rule: JwtAuthentication;
  readonly key: VerificationKey;
}

/**
 * Lets a request pass when its one bearer token passes one of the alternatives. Removes the client's own fields that
 * carry any alternative's claims, whatever comes of it, and writes those of the alternative that passed; of several
 * levels that name one field the nearest, which comes last, decides.
 *
 * Hot path: a token that passed before is found by its spelling, at once and without a promise.
 */
export class AuthenticationFilter implements RequestFilter {
  readonly kind = 'Authentication';
  readonly #authentication: Authentication;
  readonly #keySets: ReadonlyMap<ResourceId, ReadyKeySet>;
  readonly #surroundings: Surroundings;
  readonly ownFields: readonly string[];
  readonly #pending = new Map<string, Promise<Verified | Failure>>();

  constructor(
    authentication: Authentication,
    keySets: ReadonlyMap<ResourceId, ReadyKeySet>,
    surroundings: Surroundings,
  ) {
    this.#authentication = authentication;
    this.#keySets = keySets;
    this.#surroundings = surroundings;
    const mappings = authentication.alternatives.flatMap((rule) => rule.claimsToHeaders);
    this.ownFields = [...new Set(mappings.map(({ header }) => header))];
  }

  apply(exchange: Exchange): Verdict | Promise<Verdict> {
    removeFields(exchange.forwarded.fields, this.ownFields);
    const credential = exchange.request.fields.only('authorization');
    if (credential === null) return this.#refusal('missing', 'no Authorization field');
    if (credential === undefined) return this.#refusal('invalid', 'several Authorization fields');

    const { verified, rejected, now } = this.#surroundings;
    const nowMs = now();
    const known = verified.get(this, credential, nowMs);
    if (known !== null) return admit(exchange, known);
    return rejected.get(this, credential, nowMs) ?? this.#examine(exchange, credential, nowMs);
  }

  #examine(exchange: Exchange, credential: string, nowMs: number): Verdict | Promise<Verdict> {
    const running = this.#pending.get(credential);
    if (running !== undefined) return outcome(exchange, running);
    const text = bearerToken(credential);
    if (text === null) return this.#refusal('missing', 'no bearer token');
    const parsed = parseToken(text);
    if (!parsed.ok) return this.#refusal('invalid', parsed.problem);
    const attempts = this.#attempts(parsed.token, nowMs);
    if (!Array.isArray(attempts)) return attempts;
    const { verifications, verificationsMax } = this.#surroundings;
    if (verifications.running >= verificationsMax) return { kind: 'Overloaded' };
    return outcome(exchange, this.#verify(credential, parsed.token, attempts));
  }

  // Claims come first: they cost nothing, and a token that could not pass anyway is worth no signature check.
  #attempts(token: UnverifiedToken, nowMs: number): Attempt[] | Failure {
    const attempts: Attempt[] = [];
    const problems: string[] = [];
    let unavailable: Failure | null = null;
    for (const rule of this.#authentication.alternatives) {
      const problem = problemOfClaims(token.claims, rule, nowMs);
      const keySet = this.#keySets.get(rule.keySet);
      if (problem !== null) problems.push(`${rule.name}: ${problem}`);
      else if (keySet === undefined || keySet.keys === null) {
        unavailable = { kind: 'KeysUnavailable', detail: `${this.#authentication.policy}: ${rule.keySet}` };
      } else {
        const keys = candidateKeys(keySet.keys, token);
        if (keys.length === 0) problems.push(`${rule.name}: no key fits its kid and algorithm`);
        for (const key of keys) attempts.push({ rule, key });
        if (keySet.refreshable && token.kid !== null && lacksKid(keySet.keys, token)) {
          this.#surroundings.onMissingKey(keySet.id, token.kid);
        }
      }
    }
    if (attempts.length > 0) return attempts;
    return unavailable ?? this.#refusal('invalid', problems.join('; '));
  }

  #verify(
    credential: string,
    token: UnverifiedToken,
    attempts: readonly Attempt[],
  ): Promise<Verified | Failure> {
    const { verifications } = this.#surroundings;
    verifications.running += 1;
    const verification = this.#tryAll(credential, token, attempts).finally(() => {
      verifications.running -= 1;
      this.#pending.delete(credential);
    });
    this.#pending.set(credential, verification);
    return verification;
  }

  async #tryAll(
    credential: string,
    token: UnverifiedToken,
    attempts: readonly Attempt[],
  ): Promise<Verified | Failure> {
    const { verified, rejected, now } = this.#surroundings;
    for (const { rule, key } of attempts) {
      if (!(await signedBy(token, key))) continue;
      const value = verifiedBy(token, rule);
      const untilMs = Math.min(endOf(token.claims, rule.clockSkewMs), now() + verifiedForMs);
      // more blanks than one are another spelling, of which one token has any number
      if (credential.length <= longestScheme + token.text.length)
        verified.put(this, credential, { value, untilMs });
      return value;
    }
    const failure = this.#refusal('invalid', 'no key made its signature');
    rejected.put(this, credential, { value: failure, untilMs: now() + rejectedForMs });
    return failure;
  }

  #refusal(error: 'missing' | 'invalid', detail: string): Failure {
    return { kind: 'Unauthenticated', error, detail: `${this.#authentication.policy}: ${detail}` };
  }
}

async function signedBy(token: UnverifiedToken, { key }: VerificationKey): Promise<boolean> {
  try {
    // candidateKeys() has compared the token's algorithm with the key's; jose compares it once more.
    await compactVerify(token.text, key, { algorithms: [token.alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

function verifiedBy({ claims }: UnverifiedToken, rule: JwtAuthentication): Verified {
  const subject = own(claims, 'sub');
  const identity: Identity = { method: 'JWT', subject: typeof subject === 'string' ? subject : '', claims };
  return Object.freeze({
    identity: Object.freeze(identity),
    fields: identityFields(claims, rule.claimsToHeaders),
  });
}

async function outcome(exchange: Exchange, verification: Promise<Verified | Failure>): Promise<Verdict> {
  const result = await verification;
  return 'identity' in result ? admit(exchange, result) : result;
}

function admit(exchange: Exchange, { identity, fields }: Verified): null {
  exchange.identity = identity;
  for (let at = 0; at < fields.length; at += 2) {
    exchange.forwarded.fields.append(fields[at] ?? '', fields[at + 1] ?? '');
  }
  return null;
}
