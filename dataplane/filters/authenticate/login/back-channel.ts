// The provider says who has logged out there (OpenID Connect Back-Channel Logout 1.0): this data plane lets these
// sessions in no more.
import { Fields } from '#dataplane/http/fields.ts';
import type { ContentDemand } from '#dataplane/http/request-content.ts';
import type { Answered, Exchange } from '#dataplane/http/exchange.ts';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { audienceFits, isObject, own, type Claims } from '../claims.ts';
import { keysUnavailable } from '../findings.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { IdTokens } from './id-tokens.ts';
import type { PageAnswer } from './login-pages.ts';

const demand: ContentDemand = { bytesMax: 16 * 1024, beyond: 'Refuse' };

/** A logout token is looked at so long after it was made: who replays an older one ends nothing. */
const freshMs = 300_000;

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** Hears of logouts at one provider. */
export class BackChannel {
  readonly #rule: OpenIdConnectAuthentication;
  readonly #parts: {
    readonly idTokens: IdTokens;
    readonly ended: EndedSessions;
    /** Milliseconds since 1970. */
    readonly now: () => number;
  };

  constructor(
    rule: OpenIdConnectAuthentication,
    parts: { readonly idTokens: IdTokens; readonly ended: EndedSessions; readonly now: () => number },
  ) {
    this.#rule = rule;
    this.#parts = parts;
  }

  /** Takes a logout token (section 2.5) and answers as section 2.8 has it. */
  async hear(exchange: Exchange): Promise<PageAnswer> {
    if (exchange.request.method !== 'POST') return refused('no POST');
    const collected = await exchange.content(demand);
    if ('kind' in collected) return collected;
    const told = new URLSearchParams(collected.octets.toString('latin1')).getAll('logout_token');
    const [token] = told;
    if (token === undefined || told.length > 1) return refused('not one logout_token');
    const verified = await this.#parts.idTokens.verify(token);
    if (verified.kind === 'Unknown') return keysUnavailable(`${this.#rule.name}: ${verified.detail}`);
    if (verified.kind === 'Forged') return refused(verified.detail);
    const problem = this.#end(verified.claims);
    return problem === null ? done() : refused(problem);
  }

  /** Ends what the claims (section 2.4) name; or why not. */
  #end(claims: Claims): string | null {
    const { issuer, client } = this.#rule;
    if (own(claims, 'iss') !== issuer) return 'iss is not the provider';
    if (!audienceFits(own(claims, 'aud'), [client.id])) return 'aud is not this client';
    const events = own(claims, 'events');
    if (!isObject(events) || !isObject(own(events, logoutEvent))) return 'no logout is among its events';
    if (own(claims, 'nonce') !== undefined) return 'it has a nonce, so it is no logout token';
    const madeMs = this.#madeMs(claims);
    if (madeMs === null) return 'it was not made just now';
    const [subject = '', sessionId = ''] = [own(claims, 'sub'), own(claims, 'sid')];
    if (typeof subject !== 'string' || typeof sessionId !== 'string' || subject + sessionId === '') {
      return 'it names nobody';
    }
    // of the second that iat is
    this.#parts.ended.endAtProvider({ issuer, client: client.id, subject, sessionId }, madeMs + 1000);
    return null;
  }

  #madeMs(claims: Claims): number | null {
    const nowMs = this.#parts.now();
    const { clockSkewMs } = this.#rule;
    const [made, end] = [own(claims, 'iat'), own(claims, 'exp')];
    if (typeof made !== 'number' || !Number.isFinite(made)) return null;
    if (typeof end === 'number' && end * 1000 + clockSkewMs <= nowMs) return null;
    const ageMs = nowMs - made * 1000;
    return ageMs > freshMs + clockSkewMs || ageMs < -clockSkewMs - 1000 ? null : made * 1000;
  }
}

function refused(detail: string): PageAnswer {
  return { kind: 'MalformedRequest', detail: `back-channel logout: ${detail}` };
}

function done(): Answered {
  const fields = new Fields();
  fields.append('cache-control', 'no-store', 'Cache-Control');
  return { kind: 'Answered', status: 200, fields, body: Buffer.alloc(0) };
}
