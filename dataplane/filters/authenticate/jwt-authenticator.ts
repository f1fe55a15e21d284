// Tokens that are JSON Web Tokens (RFC 7519), signed by a key of a known set.
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { CredentialPlaces, JwtAuthentication } from '#snapshot/authentication.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Admission, Authenticator, Finding, Outage, Refusal } from './authenticator.ts';
import { endOf, problemOfClaims } from './claims.ts';
import { credentialIn } from './credential.ts';
import { admissionBy, bearerChallenge, keysUnavailable, overloaded } from './findings.ts';
import { candidateKeys, lacksKid, type ReadyKeySet, type VerificationKey } from './keys.ts';
import type { Revocations, RevokedTokens } from './revocations.ts';
import { isSignature } from './signature.ts';
import type { TokenCache } from './token-cache.ts';
import { parseToken, type UnverifiedToken } from './token.ts';

/** A token is verified anew after this long at most. */
const verifiedForMs = 60_000;

/** A signature that no key made is not checked again for so long. */
const rejectedForMs = 10_000;

/** What the tokens of all authentications share. */
export interface TokenSurroundings {
  readonly now: () => number;
  readonly onMissingKey: (keySet: ResourceId, kid: string) => void;
  readonly revocations: Revocations;
  readonly verified: TokenCache<Authenticator, VerifiedToken>;
  readonly rejected: TokenCache<Authenticator, Refusal>;
  readonly verificationsMax: number;
  readonly verifications: { running: number };
}

/** What a token is worth that passed a rule, as long as that rule's list does not name it. */
interface VerifiedToken {
  readonly admission: Admission;
  readonly revoked: RevokedTokens | null;
}

/** A rule that a token may pass, the key that may have signed it. */
interface Attempt {
  readonly rule: JwtAuthentication;
  readonly key: VerificationKey;
}

/**
 * All ways in by a JWT that is carried in the same places: a token is looked at once for all of them.
 *
 * Hot path: a token that passed before is found by its spelling, at once and without a promise.
 */
export class JwtAuthenticator implements Authenticator {
  readonly challenge = bearerChallenge;
  readonly credential: CredentialPlaces;
  readonly identityHeaders: readonly string[];
  readonly #rules: readonly JwtAuthentication[];
  readonly #keySets: ReadonlyMap<ResourceId, ReadyKeySet>;
  readonly #surroundings: TokenSurroundings;
  readonly #revoked: ReadonlyMap<JwtAuthentication, RevokedTokens>;
  readonly #pending = new Map<string, Promise<Finding>>();

  /** `rules`: at least one, all with the same credential. */
  constructor(
    credential: CredentialPlaces,
    rules: readonly JwtAuthentication[],
    keySets: ReadonlyMap<ResourceId, ReadyKeySet>,
    surroundings: TokenSurroundings,
  ) {
    this.credential = credential;
    this.#rules = rules;
    this.#keySets = keySets;
    this.#surroundings = surroundings;
    this.#revoked = new Map(
      rules.flatMap((rule) =>
        rule.revocation === null ? [] : [[rule, surroundings.revocations.get(rule.revocation)]],
      ),
    );
    this.identityHeaders = rules.flatMap((rule) => rule.claimsToHeaders.map(({ header }) => header));
  }

  authenticate({ request }: Exchange): Finding | null | Promise<Finding> {
    const text = credentialIn(this.credential.sources, request);
    if (text === null) return null;
    if (text === undefined) return refusal('several tokens where one is looked for');
    const { verified, rejected, now } = this.#surroundings;
    const nowMs = now();
    const known = verified.get(this, text, nowMs);
    if (known !== null) return this.#unlessRevoked(known);
    return rejected.get(this, text, nowMs) ?? this.#examine(text, nowMs);
  }

  #unlessRevoked({ admission, revoked }: VerifiedToken): Finding {
    if (revoked === null) return admission;
    const standing = revoked.standing(admission.identity.claims, this.#surroundings.now());
    if (standing === 'Good') return admission;
    if (standing === 'Revoked') return { ...refusal('it is revoked'), isGuess: false };
    return keysUnavailable(revoked.id);
  }

  #examine(text: string, nowMs: number): Finding | Promise<Finding> {
    const running = this.#pending.get(text);
    if (running !== undefined) return running;
    const parsed = parseToken(text);
    if (!parsed.ok) return refusal(parsed.problem);
    const attempts = this.#attempts(parsed.token, nowMs);
    if ('kind' in attempts) return attempts;
    const { verifications, verificationsMax } = this.#surroundings;
    if (verifications.running >= verificationsMax) return overloaded;
    return this.#verify(parsed.token, attempts);
  }

  // Claims come first: they cost nothing, and a token that could not pass anyway is worth no signature check. Nor is it
  // a guess then, well signed or not: what never passes tells nobody whether a signature is right.
  #attempts(token: UnverifiedToken, nowMs: number): readonly Attempt[] | Refusal | Outage {
    const attempts: Attempt[] = [];
    const problems: string[] = [];
    let isGuess = false;
    let outage: Outage | null = null;
    for (const rule of this.#rules) {
      const problem = problemOfClaims(token.claims, rule, nowMs);
      const keySet = this.#keySets.get(rule.keySet);
      if (problem !== null) problems.push(`${rule.name}: ${problem}`);
      else if (keySet === undefined || keySet.keys === null) {
        outage = keysUnavailable(rule.keySet);
      } else {
        const keys = candidateKeys(keySet.keys, token);
        if (keys.length === 0) problems.push(`${rule.name}: no key fits its kid and algorithm`);
        for (const key of keys) attempts.push({ rule, key });
        const mayComeYet = keySet.refreshable && token.kid !== null && lacksKid(keySet.keys, token);
        if (mayComeYet) this.#surroundings.onMissingKey(keySet.id, token.kid);
        else isGuess = true;
      }
    }
    if (attempts.length > 0) return attempts;
    return outage ?? { ...refusal(problems.join('; ')), isGuess };
  }

  #verify(token: UnverifiedToken, attempts: readonly Attempt[]): Promise<Finding> {
    const { verifications } = this.#surroundings;
    verifications.running += 1;
    const verification = this.#tryAll(token, attempts).finally(() => {
      verifications.running -= 1;
      this.#pending.delete(token.text);
    });
    this.#pending.set(token.text, verification);
    return verification;
  }

  async #tryAll(token: UnverifiedToken, attempts: readonly Attempt[]): Promise<Finding> {
    const { verified, rejected, now } = this.#surroundings;
    for (const { rule, key } of attempts) {
      if (!(await isSignature(key, token.content, token.signature))) continue;
      const revoked = this.#revoked.get(rule) ?? null;
      const admission = admissionBy('JWT', token.claims, token.kid ?? '', rule.claimsToHeaders);
      const value = { admission, revoked };
      const untilMs = Math.min(endOf(token.claims, rule), now() + verifiedForMs);
      verified.put(this, token.text, { value, untilMs });
      return this.#unlessRevoked(value);
    }
    const value = refusal('no key made its signature');
    rejected.put(this, token.text, { value, untilMs: now() + rejectedForMs });
    return value;
  }
}

function refusal(detail: string): Refusal {
  return { kind: 'Refusal', detail, isGuess: true };
}
