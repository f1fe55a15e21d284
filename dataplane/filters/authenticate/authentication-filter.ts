import { removeFields } from '#dataplane/http/aliases.ts';
import type { Denial } from '#dataplane/http/denial.ts';
import type { Exchange, Identity, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Authentication, CredentialSource } from '#snapshot/authentication.ts';
import type { Admission, Authenticator, Finding, Outage, Refusal } from './authenticator.ts';
import type { Authorizer } from './authorizer.ts';
import { Challenges } from './challenges.ts';
import { forwardedField, placeRead, placesOf, removeCredentials } from './credential.ts';
import { denialOf } from '../denial.ts';
import { leftIn, type ExternalAuthorizer } from './external-authorizer.ts';
import type { GuessGuard } from './guess-guard.ts';
import type { LoginPages, PageAnswer } from './login/login-pages.ts';

/** What a way in has said that did not let the request in. */
interface Denied {
  readonly by: Authenticator;
  readonly finding: Refusal | Outage;
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

/** A request that waits for what `by` finds. */
interface Waiting {
  readonly exchange: Exchange;
  readonly denied: readonly Denied[];
  readonly by: Authenticator;
  /** The way after it. */
  readonly next: number;
}

const nothingSaid: readonly Denied[] = [];
const nothingTold: readonly string[] = [];

/**
 * Lets a request pass when one of the alternatives admits it, or, where that is optional, when it brings no credential
 * at all, or where there is no alternative but what callers may do is told; and then if the authorizer has nothing
 * against it. Removes the client's own fields that tell backends who calls, whatever comes of it, and writes those of the
 * way that admitted it; of several levels that name one field the nearest, which comes last, decides, and so it is
 * with the identity; but a Consumer whom a level before has found out stays one, with its plan. Of credentials goes on what let the request in, if its way says so, and no other: backends could
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
  readonly #pages: LoginPages | null;

  /** `ways`: in the order in which they are tried. */
  constructor(
    authentication: Authentication,
    ways: readonly Authenticator[],
    { guard, external, authorizer }: Beside,
  ) {
    const { policy, optional, alternatives, authorize, denial } = authentication;
    this.#guard = guard;
    this.#policy = policy;
    this.#optional = optional || (alternatives.length === 0 && (external !== null || authorize.length > 0));
    this.#external = external;
    this.#authorizer = authorizer;
    this.#ways = ways;
    this.#pages = ways.find(({ pages }) => pages !== undefined)?.pages ?? null;
    this.#identityHeaders = [...new Set(ways.flatMap((way) => way.identityHeaders))];
    this.#places = placesOf(ways.map(({ credential }) => credential));
    const fields = this.#places.flatMap((place) => (place.kind === 'Header' ? [place.header] : []));
    this.ownFields = [...new Set([...this.#identityHeaders, ...(external?.ownFields ?? []), ...fields])];
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
    const block = this.#blocked(exchange);
    if (block !== null) return block;
    return (
      (this.#pages === null ? null : this.#ownPage(this.#pages, exchange)) ??
      this.#tryFrom(0, exchange, nothingSaid)
    );
  }

  #blocked({ client, startedMs }: Exchange): Failure | null {
    const blockedMs = this.#guard?.blockedMs(client.address, startedMs) ?? 0;
    return blockedMs > 0 ? blocked(this.#policy, blockedMs) : null;
  }

  #tryFrom(first: number, exchange: Exchange, before: readonly Denied[]): Verdict | Promise<Verdict> {
    let denied = before;
    for (let at = first; at < this.#ways.length; at += 1) {
      const by = this.#ways[at];
      const finding = by?.authenticate(exchange) ?? null;
      if (by === undefined || finding === null) continue;
      if (finding instanceof Promise) return this.#goOn({ exchange, denied, by, next: at + 1 }, finding);
      if (finding.kind === 'Admission') return this.#admit(exchange, by, finding);
      denied = denied.concat({ by, finding });
    }
    return this.#verdict(exchange, denied);
  }

  /** The answer of a page that a way in has; null for all other requests. */
  #ownPage(pages: LoginPages, exchange: Exchange): Verdict | Promise<Verdict> {
    const answer = pages.answer(exchange);
    if (answer === null) return null;
    return answer instanceof Promise
      ? answer.then((one) => this.#verdictOfPage(one, exchange))
      : this.#verdictOfPage(answer, exchange);
  }

  #verdictOfPage(answer: PageAnswer, exchange: Exchange): NonNullable<Verdict> {
    if (answer.kind === 'Refusal') return this.#unauthenticated('invalid', exchange, answer.detail);
    return answer.kind === 'Outage' ? answer.failure : answer;
  }

  async #goOn({ exchange, denied, by, next }: Waiting, awaited: Promise<Finding | null>): Promise<Verdict> {
    const finding = await awaited;
    // Of many guesses at once some may have counted while this one waited: what it is worth is not for them to know.
    const block = this.#blocked(exchange);
    if (block !== null) return block;
    if (finding === null) return this.#tryFrom(next, exchange, denied);
    if (finding.kind === 'Admission') return this.#admit(exchange, by, finding);
    return this.#tryFrom(next, exchange, denied.concat({ by, finding }));
  }

  #admit(
    exchange: Exchange,
    { credential }: Authenticator,
    { identity, lines }: Admission,
  ): Verdict | Promise<Verdict> {
    exchange.identity = stillConsumer(identity, exchange.identity);
    return this.#pass(exchange, forwardedField(credential, exchange.request), lines);
  }

  /** Lets it on with the credential in the field `kept` alone, and with `lines`, if nobody has anything against it. */
  #pass(exchange: Exchange, kept: string | null, lines: readonly string[]): Verdict | Promise<Verdict> {
    const { forwarded } = exchange;
    const external = this.#external;
    const left = external === null ? null : leftIn(forwarded);
    removeCredentials(this.#places, forwarded, kept);
    if (external !== null) removeFields(forwarded.fields, external.ownFields);
    for (let at = 0; at < lines.length; at += 2) {
      forwarded.fields.appendLine(lines[at] ?? '', lines[at + 1] ?? '');
    }
    if (external === null || left === null) return this.#allowed(exchange);
    const verdict = external.authorize(exchange, left);
    if (verdict instanceof Promise) return this.#authorizeAfter(verdict, exchange);
    return verdict ?? this.#allowed(exchange);
  }

  /** Of a request that nobody admitted. An outage comes first: what could not be asked might have let it pass. */
  #verdict(exchange: Exchange, denied: readonly Denied[]): Verdict | Promise<Verdict> {
    if (denied.length === 0) return this.#withoutCredential(exchange);
    const slowed = this.#count(exchange, denied);
    const failure = this.#failure(exchange, denied);
    return slowed === null ? failure : slowed.then(() => failure);
  }

  #failure(exchange: Exchange, denied: readonly Denied[]): Failure {
    const refusals: string[] = [];
    for (const { finding } of denied) {
      if (finding.kind === 'Outage') return finding.failure;
      refusals.push(finding.detail);
    }
    return this.#unauthenticated('invalid', exchange, refusals.join('; '));
  }

  #withoutCredential(exchange: Exchange): Verdict | Promise<Verdict> {
    if (!this.#optional) {
      const invited = this.#pages?.invite(exchange) ?? null;
      return invited === null
        ? this.#unauthenticated('missing', exchange)
        : this.#verdictOfPage(invited, exchange);
    }
    // nor does go on what a backend may take for a credential although it is none here
    return this.#pass(exchange, null, nothingTold);
  }

  /**
   * Counts a bad credential, whatever else is out: 503 for it and 200 for the right one would tell guessers enough. One
   * that another way could not look at may be good.
   */
  #count({ client, request, startedMs }: Exchange, denied: readonly Denied[]): Promise<void> | null {
    if (this.#guard === null) return null;
    const unknown = new Set<string | null>();
    for (const { by, finding } of denied) {
      if (finding.kind === 'Outage') unknown.add(placeRead(by.credential, request));
    }
    const accounts = new Set<string>();
    let isGuess = false;
    for (const { by, finding } of denied) {
      if (finding.kind === 'Outage' || !finding.isGuess) continue;
      if (unknown.has(placeRead(by.credential, request))) continue;
      isGuess = true;
      if (finding.account !== undefined) accounts.add(finding.account);
    }
    return isGuess ? this.#guard.failed(client.address, [...accounts], startedMs) : null;
  }

  #unauthenticated(error: 'missing' | 'invalid', exchange: Exchange, why = 'no credential'): Failure {
    const challenges = (error === 'missing' ? this.#missing : this.#invalid).of(exchange);
    return { kind: 'Unauthenticated', error, challenges, detail: `${this.#policy}: ${why}` };
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

/** Whoever has a plan does not get rid of it by a credential that is no Consumer's. */
function stillConsumer(identity: Identity, before: Identity | null): Identity {
  if (before === null || before.consumer === '' || identity.consumer !== '') return identity;
  const { consumer, plan, limits } = before;
  return { ...identity, consumer, plan, limits };
}

function blocked(policy: string, blockedMs: number): Failure {
  return {
    kind: 'GuessingBlocked',
    retryAfterS: blockedMs / 1000,
    detail: `${policy}: the address brought too many bad credentials`,
  };
}
