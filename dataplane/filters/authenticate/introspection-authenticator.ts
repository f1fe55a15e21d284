// Tokens that their issuer is asked about (RFC 7662).
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { CallService } from '../call-service.ts';
import type { CredentialPlaces } from '#snapshot/authentication.ts';
import type { IntrospectionAuthentication } from '#snapshot/introspection.ts';
import type { Admission, Authenticator, Finding, Outage, Refusal } from './authenticator.ts';
import type { CapacityShare } from '../capacity.ts';
import { Circuit } from './circuit.ts';
import type { Claims } from './claims.ts';
import { credentialIn } from './credential.ts';
import { admissionBy, badCredential, bearerChallenge, keysUnavailable, overloaded } from './findings.ts';
import { introspected, introspectionRequest } from './introspection-request.ts';
import type { TokenCache } from './token-cache.ts';

/** A token that is worth nothing is not asked about again for so long. */
const rejectedForMs = 10_000;

const answerBytesMax = 64 * 1024;
const tokenCharactersMax = 8192;

/** What the asked tokens of all authentications share. */
export interface IntrospectionSurroundings {
  readonly now: () => number;
  readonly call: CallService;
  readonly introspected: TokenCache<Authenticator, KnownToken>;
  readonly rejected: TokenCache<Authenticator, Refusal>;
  readonly calls: CapacityShare;
}

/** A token that has passed. It does so without a question until `freshUntilMs`, and then while there is no answer. */
export interface KnownToken {
  readonly admission: Admission;
  readonly freshUntilMs: number;
}

/**
 * The way in by a token that its issuer is asked about. One question is under way for a token at a time, however many
 * requests bring it.
 *
 * Hot path: a token that passed before is found by its spelling, at once and without a promise.
 */
export class IntrospectionAuthenticator implements Authenticator {
  readonly challenge = bearerChallenge;
  readonly credential: CredentialPlaces;
  readonly identityHeaders: readonly string[];
  readonly #rule: IntrospectionAuthentication;
  readonly #surroundings: IntrospectionSurroundings;
  readonly #circuit: Circuit;
  readonly #pending = new Map<string, Promise<Finding>>();

  constructor(rule: IntrospectionAuthentication, surroundings: IntrospectionSurroundings) {
    this.#rule = rule;
    this.#surroundings = surroundings;
    this.#circuit = new Circuit(surroundings.now);
    this.credential = rule.credential;
    this.identityHeaders = rule.claimsToHeaders.map(({ header }) => header);
  }

  authenticate({ request, forwarded }: Exchange): Finding | null | Promise<Finding> {
    const { sources } = this.credential;
    const text = credentialIn(sources, request);
    if (text === null) return null;
    if (text === undefined) return badCredential(this.#rule.name, 'several tokens where one is looked for');
    if (credentialIn(sources, forwarded) !== text) {
      const detail = 'a level before has removed the token, so nobody is asked about it';
      return { ...badCredential(this.#rule.name, detail), isGuess: false };
    }
    if (text.length > tokenCharactersMax) return badCredential(this.#rule.name, 'no token');
    const { introspected: known, rejected, now } = this.#surroundings;
    const nowMs = now();
    const token = known.get(this, text, nowMs);
    if (token !== null && nowMs < token.freshUntilMs) return token.admission;
    return rejected.get(this, text, nowMs) ?? this.#find(text, token);
  }

  /** `stale`: what is known of the token from before. */
  #find(text: string, stale: KnownToken | null): Finding | Promise<Finding> {
    const running = this.#pending.get(text);
    if (running !== undefined) return running;
    if (!/^[\x21-\x7e]+$/u.test(text)) return badCredential(this.#rule.name, 'no token');
    const { calls } = this.#surroundings;
    if (calls.isFull) return stale?.admission ?? overloaded;
    if (!this.#circuit.mayAsk()) return stale?.admission ?? this.#outage('the endpoint does not answer');
    const finding = calls.run(() => this.#ask(text, stale)).finally(() => this.#pending.delete(text));
    this.#pending.set(text, finding);
    return finding;
  }

  async #ask(text: string, stale: KnownToken | null): Promise<Finding> {
    const { call, now } = this.#surroundings;
    const { endpoint } = this.#rule;
    const request = introspectionRequest(this.#rule, text);
    const answer = await call(endpoint.cluster, request, { timeoutMs: endpoint.timeoutMs, answerBytesMax });
    // what it says of one token, if only that it is not well, is no reason not to ask it of others
    if (answer.kind === 'Failed') this.#circuit.failed();
    else this.#circuit.answered();
    const found = introspected(answer, this.#rule, now());
    switch (found.kind) {
      case 'Active':
        return this.#passed(text, found.claims, found.endMs);
      case 'Inactive':
        return this.#rejected(text, {
          ...badCredential(this.#rule.name, found.detail),
          isGuess: !found.isKnown && stale === null,
        });
      case 'Failed':
        return stale?.admission ?? this.#outage(found.detail);
      default:
        return found satisfies never;
    }
  }

  #passed(text: string, claims: Claims, endMs: number): Admission {
    const { introspected: known, now } = this.#surroundings;
    const admission = admissionBy('Introspection', claims, '', this.#rule.claimsToHeaders);
    const freshUntilMs = Math.min(endMs, now() + this.#rule.cacheMs);
    const untilMs = Math.min(endMs, freshUntilMs + this.#rule.staleMs);
    known.put(this, text, { value: { admission, freshUntilMs }, untilMs });
    return admission;
  }

  /** What was known of it from before holds no more. */
  #rejected(text: string, value: Refusal): Refusal {
    const { introspected: known, rejected, now } = this.#surroundings;
    known.forget(this, text);
    rejected.put(this, text, { value, untilMs: now() + rejectedForMs });
    return value;
  }

  #outage(detail: string): Outage {
    return keysUnavailable(`${this.#rule.name}: ${detail}`);
  }
}
