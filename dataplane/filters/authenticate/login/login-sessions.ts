// The sessions of one way in: opened from the cookies that requests bring, refreshed ahead of their end, and ended.
import { nobody, type Identity } from '#dataplane/http/exchange.ts';
import { fieldLine } from '#dataplane/http/fields.ts';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import type { Admission, Finding } from '../authenticator.ts';
import type { CapacityShare } from '../../capacity.ts';
import { Circuit } from '../circuit.ts';
import { claimAt, isObject, own, type Claims } from '../claims.ts';
import { keysUnavailable } from '../findings.ts';
import { identityLines } from '../identity-fields.ts';
import { parseToken } from '../token.ts';
import type { TokenCache } from '../token-cache.ts';
import { endKeysOf, type EndedSessions, type EndKeys } from './ended-sessions.ts';
import type { LoginContext } from './login-context.ts';
import type { LoginCookies } from './login-cookies.ts';
import type { LoginSeal } from './login-seal.ts';
import type { RenewalOutcome, RenewalTurns } from './renewal-turns.ts';
import { sessionIn, type Session } from './session.ts';

/** A session that could not be refreshed is not tried again for so long. */
const retryMs = 10_000;

/** One that another data plane refreshes is looked after again so soon. */
const lookAgainMs = 500;

/** Gets a session's next one. `Ended`: the provider will not have it go on; `Failed`: there is none for now. */
export type RenewSession = (session: Session) => Promise<Session | 'Ended' | 'Failed'>;

/** What is known of the text of a cookie. */
export interface OpenedSession {
  readonly text: string;
  readonly session: Session;
  /** Where it was begun, and is good. */
  readonly host: string;
  readonly admission: Admission;
  readonly endKeys: EndKeys;
  /** Whether it had ended at the last look, and how many changes ago that was: see {@link EndedSessions.changes}. */
  looked: { readonly changes: number; readonly isOver: boolean };
  /** What the browser is to keep instead. */
  next: OpenedSession | null;
  renewal: Promise<void> | null;
  /** When it may be refreshed, by the clock; infinity when that is in vain. */
  renewMs: number;
}

/** What the sessions of all ways in share. */
export interface SessionSurroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sessions: TokenCache<LoginSessions, OpenedSession>;
  /** Questions to providers, with those to others. */
  readonly calls: CapacityShare;
}

/** What sessions are made with. */
export interface SessionParts {
  readonly cookies: LoginCookies;
  readonly seal: LoginSeal;
  readonly ended: EndedSessions;
  readonly renew: RenewSession;
  readonly turns: RenewalTurns;
}

/**
 * Hot path: a session that was opened before is found by the text of its cookie, at once and without a promise.
 */
export class LoginSessions {
  readonly #rule: OpenIdConnectAuthentication;
  readonly #parts: SessionParts;
  readonly #around: SessionSurroundings;
  readonly #circuit: Circuit;

  constructor(rule: OpenIdConnectAuthentication, parts: SessionParts, around: SessionSurroundings) {
    this.#rule = rule;
    this.#parts = parts;
    this.#around = around;
    this.#circuit = new Circuit(around.now);
  }

  /** Whose session the request brings; null without one that is good. */
  find(context: LoginContext): Finding | null | Promise<Finding | null> {
    const opened = this.of(context);
    if (opened === null) return null;
    const nowMs = this.#around.now();
    if (nowMs >= opened.renewMs) return this.#renewed(opened, context, nowMs);
    return nowMs < opened.session.untilMs ? opened.admission : overBy(opened);
  }

  /** Whether the request brings a session that is good. */
  isGood(context: LoginContext): boolean {
    const opened = this.of(context);
    return opened !== null && this.#around.now() < opened.session.untilMs;
  }

  /** The session that the request brings, good or over, that nobody has ended. */
  of(context: LoginContext): OpenedSession | null {
    const text = this.#parts.cookies.session(context);
    if (text === null) return null;
    const nowMs = this.#around.now();
    const { host } = context.exchange.request;
    const found = this.#around.sessions.get(this, text, nowMs) ?? this.#open(text, host, nowMs);
    if (found === null || found.host !== host) return null;
    const opened = this.#latest(found, context);
    return this.#isEnded(opened) ? null : opened;
  }

  /** Has the browser bring `session` from now on; false when it is too large for that. */
  begin(context: LoginContext, session: Session): boolean {
    const kept = this.#kept(session, context.exchange.request.host);
    return kept !== null && this.#parts.cookies.keepSession(context, kept.text);
  }

  /** Nobody is let in by the session any more, here; and the browser forgets it. */
  end(context: LoginContext): Session | null {
    const opened = this.of(context);
    if (opened !== null) this.#parts.ended.end(opened.session.id);
    this.#parts.cookies.keepSession(context, null);
    return opened?.session ?? null;
  }

  #open(text: string, host: string, nowMs: number): OpenedSession | null {
    const content = this.#parts.seal.open(text, host);
    const session = content === null ? null : sessionIn(content);
    if (session === null || nowMs >= this.#endMs(session)) return null;
    return this.#remember(text, session, host);
  }

  #remember(text: string, session: Session, host: string): OpenedSession {
    const admission = admissionOf(session, this.#rule);
    const renewMs = session.refreshToken === '' ? Number.POSITIVE_INFINITY : session.renewMs;
    const { issuer, client } = this.#rule;
    const endKeys = endKeysOf(session, admission.identity.claims, { issuer, client: client.id });
    const looked = { changes: -1, isOver: false };
    const parts = { text, session, host, admission, endKeys, looked, renewMs };
    const opened: OpenedSession = { ...parts, next: null, renewal: null };
    this.#around.sessions.put(this, text, { value: opened, untilMs: this.#endMs(session) });
    return opened;
  }

  /** Hot path: as long as nothing has ended since the last look, nothing is looked up. */
  #isEnded(opened: OpenedSession): boolean {
    const { ended } = this.#parts;
    const { changes } = ended;
    if (opened.looked.changes !== changes) {
      const isOver = ended.has(opened.endKeys, opened.session.begunMs);
      opened.looked = { changes, isOver };
    }
    return opened.looked.isOver;
  }

  #endMs({ begunMs }: Session): number {
    return begunMs + this.#rule.sessionMs;
  }

  /** One that was refreshed since: browsers bring the old one until they have heard of it. */
  #latest(found: OpenedSession, context: LoginContext): OpenedSession {
    let { next } = found;
    if (next === null) return found;
    while (next.next !== null) next = next.next;
    this.#parts.cookies.keepSession(context, next.text);
    return next;
  }

  /** One request waits for it and tells the browser; others wait only where the session is over. */
  #renewed(
    opened: OpenedSession,
    context: LoginContext,
    nowMs: number,
  ): Finding | null | Promise<Finding | null> {
    const isGood = nowMs < opened.session.untilMs;
    if (opened.renewal !== null) {
      return isGood ? opened.admission : this.#after(opened.renewal, opened, context);
    }
    const { calls } = this.#around;
    if (calls.isFull || !this.#circuit.mayAsk()) return isGood ? opened.admission : providerDown;
    opened.renewal = calls
      .run(() => this.#renew(opened))
      .finally(() => {
        opened.renewal = null;
      });
    return this.#after(opened.renewal, opened, context);
  }

  async #after(
    renewal: Promise<void>,
    opened: OpenedSession,
    context: LoginContext,
  ): Promise<Finding | null> {
    await renewal;
    const latest = this.#latest(opened, context);
    if (this.#isEnded(latest)) return null;
    return this.#around.now() < latest.session.untilMs ? latest.admission : overBy(latest);
  }

  async #renew(opened: OpenedSession): Promise<void> {
    const { turns } = this.#parts;
    const { text, session } = opened;
    const isGood = this.#around.now() < session.untilMs;
    const turn = await (isGood ? turns.take(text) : turns.await(text));
    switch (turn.kind) {
      case 'Ours':
        await turns.end(text, await this.#renewHere(opened));
        break;
      case 'Renewed':
        this.#goOn(opened, turn.text === null ? null : this.#openNext(turn.text, opened));
        break;
      case 'Failed':
        opened.renewMs = this.#around.now() + retryMs;
        break;
      case 'Busy':
        opened.renewMs = this.#around.now() + lookAgainMs;
        break;
      default:
        turn satisfies never;
    }
  }

  async #renewHere(opened: OpenedSession): Promise<RenewalOutcome> {
    const renewed = await this.#parts.renew(opened.session);
    if (renewed === 'Failed') {
      this.#circuit.failed();
      opened.renewMs = this.#around.now() + retryMs;
      return { kind: 'Failed' };
    }
    this.#circuit.answered();
    const next = renewed === 'Ended' ? null : this.#kept(renewed, opened.host);
    this.#goOn(opened, next);
    return { kind: 'Renewed', text: next?.text ?? null };
  }

  /** What another data plane has made of `opened`; null: it has not. */
  #openNext(text: string, { host, session }: OpenedSession): OpenedSession | null {
    const next = this.#open(text, host, this.#around.now());
    return next?.session.id === session.id && next.session.renewMs > session.renewMs ? next : null;
  }

  #goOn(opened: OpenedSession, next: OpenedSession | null): void {
    opened.renewMs = Number.POSITIVE_INFINITY;
    opened.next = next;
  }

  /** What the browser keeps, remembered; null when it is too long or cannot be sealed. */
  #kept(session: Session, host: string): OpenedSession | null {
    const text = this.#parts.seal.seal(JSON.stringify(session), host);
    if (text === null || this.#parts.cookies.sessionLines(true, text) === null) return null;
    return this.#remember(text, session, host);
  }
}

/** Null where nothing more is to be hoped for than another login. */
function overBy({ renewMs }: OpenedSession): Finding | null {
  return renewMs === Number.POSITIVE_INFINITY ? null : providerDown;
}

const providerDown = keysUnavailable('the session is over, and the provider does not answer');

function admissionOf(session: Session, rule: OpenIdConnectAuthentication): Admission {
  const claims = claimsOf(session);
  const subject = own(claims, 'sub');
  const groups = claimAt(claims, rule.groupsClaim);
  const identity: Identity = {
    ...nobody,
    method: 'OpenIDConnect',
    subject: typeof subject === 'string' ? subject : '',
    groups: Object.freeze(Array.isArray(groups) ? groups.filter((one) => typeof one === 'string') : []),
    scopes: session.scopes,
    claims,
  };
  const token = rule.forwardAccessToken
    ? ['authorization', fieldLine('Authorization', `Bearer ${session.accessToken}`)]
    : [];
  return Object.freeze({
    kind: 'Admission',
    identity: Object.freeze(identity),
    lines: [...token, ...identityLines(claims, rule.claimsToHeaders)],
  });
}

/** What is signed counts for more than what was told beside it. */
function claimsOf({ idToken, userinfo }: Session): Claims {
  const parsed = parseToken(idToken);
  const signed = parsed.ok ? parsed.token.claims : {};
  if (userinfo === '') return signed;
  const told: unknown = JSON.parse(userinfo);
  return Object.freeze({ ...(isObject(told) ? told : {}), ...signed });
}
