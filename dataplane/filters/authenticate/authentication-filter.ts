import { removeFields } from '#dataplane/http/aliases.ts';
import type { Denial } from '#dataplane/http/denial.ts';
import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Authentication, CredentialSource } from '#snapshot/authentication.ts';
import type { Admission, Authenticator, Finding } from './authenticator.ts';
import type { Authorizer } from './authorizer.ts';
import { Challenges } from './challenges.ts';
import { forwardedField, placesOf, removeCredentials } from './credential.ts';
import { denialOf } from './denial.ts';
import type { ExternalAuthorizer } from './external-authorizer.ts';
import type { GuessGuard } from './guess-guard.ts';

/** What the ways in that were tried have said. */
interface Findings {
  /** Why credentials were refused; null while there was none. */
  readonly refusal: string | null;
  /** Whom the refused credentials claim to be, if one does. */
  readonly account: string | null;
  /** Why a way in could not tell. */
  readonly outage: Failure | null;
}

/** What stands beside the ways in. */
interface Beside {
  /** Null where nobody counts guesses. */
  readonly guard: GuessGuard | null;
  /** Null where no service is asked. */
  readonly external: ExternalAuthorizer | null;
  /** Null where callers may do all. */
  readonly authorizer: Authorizer | null;
}

const none: Findings = { refusal: null, account: null, outage: null };

/**
 * Lets a request pass when one of the alternatives admits it, or, where that is optional, when it brings no credential
 * at all, or where there is no alternative but what callers may do is told; and then if the authorizer has nothing
 * against it. Removes the client's own fields that tell backends who calls, whatever comes of it, and writes those of the
 * way that admitted it; of several levels that name one field the nearest, which comes last, decides, and so it is
 * with the identity. Of credentials goes on what let the request in, if its way says so, and no other: backends could
 * take for good what nobody has looked at.
 *
 * Hot path: no promise where a way in knows at once, nothing new made for a request that is admitted.
 */
export class AuthenticationFilter implements RequestFilter {
  readonly kind = 'Authentication';
  readonly ownFields: readonly string[];
  readonly #policy: string;
  readonly #optional: boolean;
  readonly #guard: GuessGuard | null;
  readonly #ways: readonly Authenticator[];
  readonly #identityHeaders: readonly string[];
  readonly #places: readonly CredentialSource[];
  readonly #denial: Denial | null;
  readonly #missing: Challenges;
  readonly #invalid: Challenges;
  readonly #external: ExternalAuthorizer | null;
  readonly #authorizer: Authorizer | null;

  /** `ways`: in the order in which they are tried. */
  constructor(
    authentication: Authentication,
    ways: readonly Authenticator[],
    { guard, external, authorizer }: Beside = { guard: null, external: null, authorizer: null },
  ) {
    const { policy, optional, alternatives, authorize, denial } = authentication;
    this.#guard = guard;
    this.#policy = policy;
    this.#optional = optional || (alternatives.length === 0 && (external !== null || authorize.length > 0));
    this.#external = external;
    this.#authorizer = authorizer;
    this.#ways = ways;
    const ofWays = ways.flatMap((way) => way.identityHeaders);
    this.#identityHeaders = [...new Set([...ofWays, ...(external?.ownFields ?? [])])];
    this.#places = placesOf(ways.map(({ credential }) => credential));
    const fields = this.#places.flatMap((place) => (place.kind === 'Header' ? [place.header] : []));
    this.ownFields = [...new Set([...this.#identityHeaders, ...fields])];
    this.#denial = denial === null ? null : denialOf(denial);
    const challenges = ways.map(({ challenge }) => challenge);
    this.#missing = new Challenges(
      authentication,
      challenges.map(({ missing }) => missing),
    );
    this.#invalid = new Challenges(
      authentication,
      challenges.map(({ invalid }) => invalid),
    );
  }

  apply(exchange: Exchange): Verdict | Promise<Verdict> {
    removeFields(exchange.forwarded.fields, this.#identityHeaders);
    exchange.denial = this.#denial;
    if (this.#guard !== null) {
      const blockedMs = this.#guard.blockedMs(exchange.client.address, exchange.startedMs);
      if (blockedMs > 0) return blocked(this.#policy, blockedMs);
    }
    return this.#tryFrom(0, exchange, none);
  }

  #tryFrom(first: number, exchange: Exchange, before: Findings): Verdict | Promise<Verdict> {
    let findings = before;
    for (let at = first; at < this.#ways.length; at += 1) {
      const finding = this.#ways[at]?.authenticate(exchange) ?? null;
      if (finding === null) continue;
      if (finding instanceof Promise) return this.#goOn(at, exchange, findings, finding);
      if (finding.kind === 'Admission') return this.#admit(exchange, at, finding);
      findings = joined(findings, finding);
    }
    return this.#verdict(exchange, findings);
  }

  async #goOn(at: number, exchange: Exchange, before: Findings, awaited: Promise<Finding>): Promise<Verdict> {
    const finding = await awaited;
    if (finding.kind === 'Admission') return this.#admit(exchange, at, finding);
    return this.#tryFrom(at + 1, exchange, joined(before, finding));
  }

  /** `by`: which of the ways did. */
  #admit(exchange: Exchange, by: number, { identity, fields }: Admission): Verdict | Promise<Verdict> {
    const way = this.#ways[by];
    const kept = way === undefined ? null : forwardedField(way.credential, exchange.request);
    exchange.identity = identity;
    removeCredentials(this.#places, exchange.forwarded, kept);
    for (let at = 0; at < fields.length; at += 2) {
      exchange.forwarded.fields.append(fields[at] ?? '', fields[at + 1] ?? '');
    }
    return this.#authorize(exchange);
  }

  /** Of a request that nobody admitted. An outage comes first: what could not be asked might have let it pass. */
  #verdict(exchange: Exchange, { refusal, account, outage }: Findings): Verdict | Promise<Verdict> {
    if (outage !== null) return outage;
    if (refusal === null) {
      if (!this.#optional) return this.#unauthenticated('missing', exchange);
      // what a backend may take for a credential although it is none here
      removeCredentials(this.#places, exchange.forwarded, null);
      return this.#authorize(exchange);
    }
    this.#guard?.failed(exchange.client.address, account, exchange.startedMs);
    return this.#unauthenticated('invalid', exchange, refusal);
  }

  #unauthenticated(error: 'missing' | 'invalid', exchange: Exchange, why = 'no credential'): Failure {
    const challenges = (error === 'missing' ? this.#missing : this.#invalid).of(exchange);
    return { kind: 'Unauthenticated', error, challenges, detail: `${this.#policy}: ${why}` };
  }

  #authorize(exchange: Exchange): Verdict | Promise<Verdict> {
    if (this.#external === null) return this.#allowed(exchange);
    const verdict = this.#external.authorize(exchange);
    if (verdict instanceof Promise) return this.#authorizeAfter(verdict, exchange);
    return verdict ?? this.#allowed(exchange);
  }

  async #authorizeAfter(external: Promise<Verdict>, exchange: Exchange): Promise<Verdict> {
    return (await external) ?? this.#allowed(exchange);
  }

  #allowed(exchange: Exchange): Verdict {
    const verdict = this.#authorizer === null ? null : this.#authorizer.verdict(exchange);
    if (verdict?.kind !== 'Forbidden' || verdict.challenge === null) return verdict;
    return { ...verdict, challenge: this.#invalid.complete(verdict.challenge, exchange) };
  }
}

function blocked(policy: string, blockedMs: number): Failure {
  return {
    kind: 'GuessingBlocked',
    retryAfterS: blockedMs / 1000,
    detail: `${policy}: the address brought too many bad credentials`,
  };
}

function joined(before: Findings, finding: Exclude<Finding, Admission>): Findings {
  if (finding.kind === 'Outage') return { ...before, outage: before.outage ?? finding.failure };
  const { detail, account = before.account } = finding;
  const refusal = before.refusal === null ? detail : `${before.refusal}; ${detail}`;
  return { ...before, refusal, account };
}
