import { removeFields } from '#dataplane/http/aliases.ts';
import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Authentication, CredentialSource } from '#snapshot/authentication.ts';
import type { Admission, Authenticator, Finding } from './authenticator.ts';
import { removeCredentials, removedSources } from './credential.ts';

/** What the ways in that were tried have said. */
interface Findings {
  /** Why credentials were refused; null while there was none. */
  readonly refusal: string | null;
  /** Why a way in could not tell. */
  readonly outage: Failure | null;
}

const none: Findings = { refusal: null, outage: null };

/**
 * Lets a request pass when one of the alternatives admits it, or, where that is optional, when it brings no credential
 * at all. Removes the client's own fields that tell backends who calls, whatever comes of it, and writes those of the
 * way that admitted it; of several levels that name one field the nearest, which comes last, decides, and so it is
 * with the identity.
 *
 * Hot path: no promise where a way in knows at once, nothing new made for a request that is admitted.
 */
export class AuthenticationFilter implements RequestFilter {
  readonly kind = 'Authentication';
  readonly ownFields: readonly string[];
  readonly #policy: string;
  readonly #optional: boolean;
  readonly #ways: readonly Authenticator[];
  readonly #identityHeaders: readonly string[];
  readonly #removed: readonly CredentialSource[];
  readonly #missing: Failure;
  readonly #invalidChallenges: readonly string[];

  /** `ways`: in the order in which they are tried. */
  constructor({ policy, optional }: Authentication, ways: readonly Authenticator[]) {
    this.#policy = policy;
    this.#optional = optional;
    this.#ways = ways;
    this.#identityHeaders = [...new Set(ways.flatMap((way) => way.identityHeaders))];
    this.#removed = ways.flatMap(({ credential }) => removedSources(credential));
    const removed = this.#removed.flatMap((source) => (source.kind === 'Header' ? [source.header] : []));
    this.ownFields = [...new Set([...this.#identityHeaders, ...removed])];
    const challenges = [...new Set(ways.map(({ challenge }) => challenge.missing))];
    const detail = `${policy}: no credential`;
    this.#missing = { kind: 'Unauthenticated', error: 'missing', challenges, detail };
    this.#invalidChallenges = [...new Set(ways.map(({ challenge }) => challenge.invalid))];
  }

  apply(exchange: Exchange): Verdict | Promise<Verdict> {
    removeFields(exchange.forwarded.fields, this.#identityHeaders);
    return this.#tryFrom(0, exchange, none);
  }

  #tryFrom(first: number, exchange: Exchange, before: Findings): Verdict | Promise<Verdict> {
    let findings = before;
    for (let at = first; at < this.#ways.length; at += 1) {
      const finding = this.#ways[at]?.authenticate(exchange) ?? null;
      if (finding === null) continue;
      if (finding instanceof Promise) return this.#goOn(at + 1, exchange, findings, finding);
      if (finding.kind === 'Admission') return this.#admit(exchange, finding);
      findings = joined(findings, finding);
    }
    return this.#verdict(findings);
  }

  async #goOn(
    next: number,
    exchange: Exchange,
    before: Findings,
    awaited: Promise<Finding>,
  ): Promise<Verdict> {
    const finding = await awaited;
    if (finding.kind === 'Admission') return this.#admit(exchange, finding);
    return this.#tryFrom(next, exchange, joined(before, finding));
  }

  #admit(exchange: Exchange, { identity, fields }: Admission): Verdict {
    exchange.identity = identity;
    for (let at = 0; at < fields.length; at += 2) {
      exchange.forwarded.fields.append(fields[at] ?? '', fields[at + 1] ?? '');
    }
    removeCredentials(this.#removed, exchange.forwarded);
    return null;
  }

  /** Of a request that nobody admitted. An outage comes first: what could not be asked might have let it pass. */
  #verdict({ refusal, outage }: Findings): Verdict {
    if (outage !== null) return outage;
    if (refusal === null) return this.#optional ? null : this.#missing;
    const detail = `${this.#policy}: ${refusal}`;
    return { kind: 'Unauthenticated', error: 'invalid', challenges: this.#invalidChallenges, detail };
  }
}

function joined({ refusal, outage }: Findings, finding: Exclude<Finding, Admission>): Findings {
  if (finding.kind === 'Outage') return { refusal, outage: outage ?? finding.failure };
  return { refusal: refusal === null ? finding.detail : `${refusal}; ${finding.detail}`, outage };
}
