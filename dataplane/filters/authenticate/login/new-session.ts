// From the provider's tokens to a session: the first one, and each that follows it.
import { randomBytes } from 'node:crypto';
import { isFieldValue } from '../../headers.ts';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { own, type Claims } from '../claims.ts';
import { parseToken } from '../token.ts';
import type { IdTokens } from './id-tokens.ts';
import type { Session } from './session.ts';
import type { Told, TokenRequests, Tokens } from './token-requests.ts';

/** Ahead of its end a session is refreshed by so much, or by a quarter of its time if that is less. */
const aheadMsMax = 60_000;

/** Makes sessions of one way in. */
export class SessionMaker {
  readonly #rule: OpenIdConnectAuthentication;
  readonly #requests: TokenRequests;
  readonly #idTokens: IdTokens;
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(
    rule: OpenIdConnectAuthentication,
    parts: { readonly requests: TokenRequests; readonly idTokens: IdTokens; readonly now: () => number },
  ) {
    this.#rule = rule;
    this.#requests = parts.requests;
    this.#idTokens = parts.idTokens;
    this.#now = parts.now;
  }

  /** The session that begins with these tokens, which the provider gave for a code. */
  first(tokens: Tokens): Promise<Told<Session>> {
    const none = { idToken: '', userinfo: '', scopes: this.#rule.scopes, refreshToken: '' };
    const id = randomBytes(16).toString('base64url');
    return this.#session(tokens, { ...none, id, begunMs: this.#now() });
  }

  /** The session that `before` becomes; what the provider does not tell anew stays as it was. */
  async next(before: Session): Promise<Told<Session>> {
    const answer = await this.#requests.refresh(before.refreshToken);
    return answer.kind === 'Told' ? this.#session(answer.value, before) : answer;
  }

  async #session(tokens: Tokens, before: Omit<Session, 'accessToken' | 'untilMs' | 'renewMs'>) {
    const signed = await this.#signed(tokens.idToken === '' ? before.idToken : tokens.idToken, tokens);
    if (signed.kind !== 'Told') return signed;
    const claims = signed.value;
    if (before.idToken !== '' && own(claims, 'sub') !== subjectOf(before.idToken)) {
      return refused('the provider refreshed it with tokens of somebody else');
    }
    const { accessToken } = tokens;
    const { forwardAccessToken, userinfo: isAsked } = this.#rule;
    if (!isFieldValue(accessToken)) return refused('the access token is none');
    const userinfo = isAsked ? await this.#requests.userinfo(accessToken, String(own(claims, 'sub'))) : null;
    if (userinfo !== null && userinfo.kind !== 'Told') return userinfo;
    const session: Session = {
      ...before,
      ...this.#times(tokens, claims),
      idToken: tokens.idToken === '' ? before.idToken : tokens.idToken,
      userinfo: userinfo?.value ?? '',
      scopes: tokens.scopes ?? before.scopes,
      accessToken: forwardAccessToken ? accessToken : '',
      refreshToken: tokens.refreshToken === '' ? before.refreshToken : tokens.refreshToken,
    };
    return { kind: 'Told', value: session } as const;
  }

  /** The claims of an ID token: signed by the provider, and for this client. One from before was looked at then. */
  async #signed(idToken: string, { idToken: told }: Tokens): Promise<Told<Claims>> {
    if (told === '') {
      const known = parseToken(idToken);
      return known.ok ? { kind: 'Told', value: known.token.claims } : refused(known.problem);
    }
    const verified = await this.#idTokens.verify(idToken);
    if (verified.kind === 'Unknown') return { kind: 'Failed', detail: verified.detail };
    if (verified.kind === 'Forged') return refused(verified.detail);
    const party = own(verified.claims, 'azp');
    if (party !== undefined && party !== this.#rule.client.id) return refused('the ID token is for another');
    return { kind: 'Told', value: verified.claims };
  }

  #times({ lifetimeMs }: Tokens, claims: Claims): Pick<Session, 'untilMs' | 'renewMs'> {
    const nowMs = Math.round(this.#now());
    const end = own(claims, 'exp');
    const endMs =
      lifetimeMs === null ? (typeof end === 'number' ? Math.round(end * 1000) : nowMs) : nowMs + lifetimeMs;
    // some providers say for ever in numbers that are none any more; no session lasts longer than this one may
    const untilMs = Math.min(Math.round(endMs), nowMs + this.#rule.sessionMs);
    const aheadMs = Math.min(aheadMsMax, Math.max(0, untilMs - nowMs) / 4);
    return { untilMs, renewMs: Math.round(untilMs - aheadMs) };
  }
}

function refused(detail: string): { readonly kind: 'Refused'; readonly detail: string } {
  return { kind: 'Refused', detail };
}

function subjectOf(idToken: string): unknown {
  const parsed = parseToken(idToken);
  return parsed.ok ? own(parsed.token.claims, 'sub') : undefined;
}
