// The way to the provider and back (OpenID Connect Core 1.0 section 3.1): what a browser is sent off with, and what it
// must bring when it returns.
import { hash } from 'node:crypto';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { keysUnavailable } from '../findings.ts';
import { attemptIn, attemptMs, idIn, newAttempt, targetCharactersMax, type Attempt } from './attempt.ts';
import { originOf, redirectTo, type LoginContext } from './login-context.ts';
import type { LoginCookies } from './login-cookies.ts';
import type { PageAnswer } from './login-pages.ts';
import type { LoginSeal } from './login-seal.ts';
import type { LoginSessions, SessionSurroundings } from './login-sessions.ts';
import { isNavigation } from './navigation.ts';
import type { SessionMaker } from './new-session.ts';
import type { SpentStates } from './spent-states.ts';
import { counted, tallyMs } from './tally.ts';
import type { Told, TokenRequests } from './token-requests.ts';
import type { Session } from './session.ts';

/** What logins are made with. */
export interface LoginParts {
  readonly cookies: LoginCookies;
  /** Of attempts, and of tallies. */
  readonly seals: { readonly attempt: LoginSeal; readonly tally: LoginSeal };
  readonly spent: SpentStates;
  readonly sessions: LoginSessions;
  readonly requests: TokenRequests;
  readonly maker: SessionMaker;
  readonly around: Pick<SessionSurroundings, 'now' | 'calls'>;
}

/** Logs in at one provider. */
export class LoginFlow {
  readonly #rule: OpenIdConnectAuthentication;
  readonly #authorizationEndpoint: string;
  readonly #parts: LoginParts;

  constructor(rule: OpenIdConnectAuthentication, authorizationEndpoint: string, parts: LoginParts) {
    this.#rule = rule;
    this.#authorizationEndpoint = authorizationEndpoint;
    this.#parts = parts;
  }

  /** Sends a browser off; null where the request is nothing that a login would help. */
  begin(context: LoginContext): PageAnswer | null {
    const { request } = context.exchange;
    if (!isNavigation(request)) return null;
    const { cookies, seals } = this.#parts;
    const nowMs = Math.round(this.#parts.around.now());
    const told = cookies.tally(context);
    const tally = counted(told === null ? null : seals.tally.open(told, request.host), nowMs);
    if (tally === null) return refusal('the browser logs in again and again, and brings no session');
    const attempt = newAttempt({
      target: this.#targetOf(context),
      redirectUri: `${originOf(context)}${this.#rule.redirectPath}`,
      begunMs: nowMs,
    });
    const sealed = seals.attempt.seal(JSON.stringify(attempt), request.host);
    const sealedTally = seals.tally.seal(JSON.stringify(tally), request.host);
    if (sealed === null || sealedTally === null)
      return keysUnavailable('there is no key to seal cookies by yet');
    cookies.keepAttempt(context, idIn(attempt.state), sealed, attemptMs / 1000);
    cookies.keepTally(context, sealedTally, tallyMs / 1000);
    return redirectTo(this.#urlFor(attempt));
  }

  /** Takes a browser that comes back, and begins its session. */
  async end(context: LoginContext): Promise<PageAnswer> {
    const { request } = context.exchange;
    if (request.method !== 'GET') return refusal('the answer of the provider must be in the query');
    const parameters = new URLSearchParams(request.query ?? '');
    const attempt = this.#attemptOf(parameters, context);
    if (attempt === null) {
      // one tab of very many, or somebody who went back: they are in already
      if (this.#parts.sessions.isGood(context)) return redirectTo(`${originOf(context)}/`);
      return refusal('the browser began no such login, or long ago');
    }
    this.#parts.cookies.forgetAttempt(context, idIn(attempt.state));
    const made = await this.#session(parameters, attempt);
    if (made.kind === 'Refused') return refusal(made.detail);
    if (made.kind === 'Failed') return keysUnavailable(`${this.#rule.name}: ${made.detail}`);
    if (!this.#parts.sessions.begin(context, made.value)) {
      return refusal('the session is too large for cookies: ask for fewer claims');
    }
    return redirectTo(`${originOf(context)}${attempt.target}`);
  }

  /** Where to come back to. The cookies of all attempts and of a session must fit into a head (32 KiB unless told). */
  #targetOf(context: LoginContext): string {
    const target = targetOf(context.exchange.request);
    const few = this.#parts.cookies.attemptCount(context) < 2;
    return target.length > (few ? targetCharactersMax : targetCharactersMax / 4) ? '/' : target;
  }

  #attemptOf(parameters: URLSearchParams, context: LoginContext): Attempt | null {
    const { cookies, seals, spent } = this.#parts;
    const state = parameters.get('state') ?? '';
    const text = cookies.attempt(context, idIn(state));
    const content = text === null ? null : seals.attempt.open(text, context.exchange.request.host);
    const attempt = content === null ? null : attemptIn(content, this.#parts.around.now());
    // The cookie is secret, and only who has it learns by time what is in it.
    return attempt?.state === state && spent.spend(state) ? attempt : null;
  }

  async #session(parameters: URLSearchParams, attempt: Attempt): Promise<Told<Session>> {
    const { requests, maker, around } = this.#parts;
    const answered = requests.answered(parameters, attempt);
    if (answered.kind !== 'Told') return answered;
    // Anybody may come back with a code that he has made up.
    if (around.calls.isFull) {
      return { kind: 'Failed', detail: 'too many questions are under way' };
    }
    return around.calls.run(async () => {
      const tokens = await requests.redeem(answered.value, attempt);
      return tokens.kind === 'Told' ? maker.first(tokens.value) : tokens;
    });
  }

  #urlFor({ redirectUri, state, nonce, verifier }: Attempt): string {
    const url = new URL(this.#authorizationEndpoint);
    const parameters = {
      response_type: 'code',
      client_id: this.#rule.client.id,
      redirect_uri: redirectUri,
      scope: this.#rule.scopes.join(' '),
      state,
      nonce,
      code_challenge: hash('sha256', verifier, 'base64url'),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }
}

/** Path and query, which stand behind an origin of our own when they are come back to: `//elsewhere` is a path then. */
function targetOf({ path, query }: { readonly path: string; readonly query: string | null }): string {
  const target = query === null ? path : `${path}?${query}`;
  // oxlint-disable-next-line no-control-regex -- all that cannot stand in a URL
  return target.replaceAll(
    /[^\x21-\x7e]/gu,
    (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function refusal(detail: string): PageAnswer {
  return { kind: 'Refusal', detail, isGuess: false };
}
