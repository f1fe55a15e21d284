// People who log in at a provider by their browsers, and bring a cookie from then on. Put together here; what it is made
// of stands beside.
import { hash } from 'node:crypto';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { CredentialPlaces } from '#snapshot/authentication.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { loginTag, type OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import type { CallService } from '../../call-service.ts';
import type { SharedMemory } from '../../shared-memory.ts';
import type { Authenticator, Challenge, Finding } from '../authenticator.ts';
import { keysUnavailable } from '../findings.ts';
import type { ReadyKeySet } from '../keys.ts';
import { policyNamespace } from '../../policy-namespace.ts';
import { BackChannel } from './back-channel.ts';
import { IdTokens } from './id-tokens.ts';
import { contextOf } from './login-context.ts';
import { LoginCookies } from './login-cookies.ts';
import { LoginFlow } from './login-flow.ts';
import type { LoginPages, PageAnswer } from './login-pages.ts';
import type { LoginSecrets } from './login-seal.ts';
import { LoginSessions, type RenewSession, type SessionSurroundings } from './login-sessions.ts';
import { Logout } from './logout.ts';
import { isNavigation } from './navigation.ts';
import { SessionMaker } from './new-session.ts';
import { RenewalTurns } from './renewal-turns.ts';
import type { EndedByNamespace } from './shared-ends.ts';
import type { SpentStates } from './spent-states.ts';
import { TokenRequests } from './token-requests.ts';

/** What the logins of all policies share. */
export interface LoginSurroundings extends SessionSurroundings {
  readonly call: CallService;
  readonly onMissingKey: (keySet: ResourceId, kid: string) => void;
  readonly secrets: LoginSecrets;
  readonly spent: SpentStates;
  readonly ended: EndedByNamespace;
  readonly memory: SharedMemory;
}

/** What one way in is made with. */
export interface LoginOptions {
  /** `<namespace>/<name>`. */
  readonly policy: string;
  /** Null: it is not in the snapshot. */
  readonly keySet: ReadyKeySet | null;
}

/** The way in by a session, and the pages by which there is one. */
export class OpenIdConnectAuthenticator implements Authenticator, LoginPages {
  // the scheme of draft-broyer-http-cookie-auth: none is registered for what only a browser can get
  readonly challenge: Challenge = { missing: 'Cookie', invalid: 'Cookie' };
  readonly credential: CredentialPlaces;
  readonly identityHeaders: readonly string[];
  readonly pages: LoginPages = this;
  readonly #rule: OpenIdConnectAuthentication;
  readonly #sessions: LoginSessions;
  readonly #flow: LoginFlow | null;
  readonly #logout: Logout;
  readonly #backChannel: BackChannel;

  constructor(
    rule: OpenIdConnectAuthentication,
    { policy, keySet }: LoginOptions,
    around: LoginSurroundings,
  ) {
    this.#rule = rule;
    this.identityHeaders = rule.claimsToHeaders.map(({ header }) => header);
    // What the backend finds in Authorization is the token, or what another way in lets through, or nothing.
    this.credential = { sources: rule.forwardAccessToken ? [anyAuthorization] : [], forwarded: false };
    const { now, secrets, spent } = around;
    const ended = around.ended.of(policyNamespace(policy));
    const tag = loginTag(policy, rule.name);
    const cookies = new LoginCookies(tag);
    // Another provider has nothing to do with what one has said, nor gets its codes and tokens.
    const whose = hash(
      'sha256',
      JSON.stringify([policy, rule.name, rule.issuer, rule.client.id]),
      'base64url',
    );
    const sealOf = (what: string) => secrets.sealFor(`${what} ${whose}`);
    const requests = rule.provider === null ? null : new TokenRequests(rule, rule.provider, around);
    const idTokens = new IdTokens(keySet, around.onMissingKey);
    const maker = requests === null ? null : new SessionMaker(rule, { requests, idTokens, now });
    const turns = new RenewalTurns(around.memory, renewalMsMax(rule));
    const parts = { cookies, seal: sealOf('session'), ended, renew: renewBy(maker), turns };
    const sessions = new LoginSessions(rule, parts, around);
    this.#sessions = sessions;
    this.#logout = new Logout(rule, sessions);
    this.#backChannel = new BackChannel(rule, { idTokens, ended, now });
    const seals = { attempt: sealOf('attempt'), tally: sealOf('tally') };
    this.#flow =
      rule.provider === null || requests === null || maker === null
        ? null
        : new LoginFlow(rule, rule.provider.authorizationEndpoint, {
            cookies,
            seals,
            spent,
            sessions,
            requests,
            maker,
            around,
          });
  }

  authenticate(exchange: Exchange): Finding | null | Promise<Finding | null> {
    return this.#sessions.find(contextOf(exchange, this.#rule));
  }

  answer(exchange: Exchange): PageAnswer | Promise<PageAnswer> | null {
    const { path } = exchange.request;
    if (path === this.#rule.redirectPath) {
      return this.#flow?.end(contextOf(exchange, this.#rule)) ?? this.#notYet();
    }
    if (path === this.#rule.backChannelPath) return this.#backChannel.hear(exchange);
    if (path === this.#rule.logoutPath) return this.#logout.end(contextOf(exchange, this.#rule));
    return null;
  }

  invite(exchange: Exchange): PageAnswer | null {
    if (this.#flow === null) return isNavigation(exchange.request) ? this.#notYet() : null;
    return this.#flow.begin(contextOf(exchange, this.#rule));
  }

  #notYet(): PageAnswer {
    return keysUnavailable(`${this.#rule.name}: the provider has not told yet where to log in`);
  }
}

const anyAuthorization = { kind: 'Header', header: 'authorization', scheme: '' } as const;

/** No refresh takes longer. */
function renewalMsMax({ provider }: OpenIdConnectAuthentication): number {
  return 1000 + (provider?.token.timeoutMs ?? 0) + (provider?.userinfo?.timeoutMs ?? 0);
}

function renewBy(maker: SessionMaker | null): RenewSession {
  return async (session) => {
    const next = maker === null ? null : await maker.next(session);
    if (next === null || next.kind === 'Failed') return 'Failed';
    return next.kind === 'Refused' ? 'Ended' : next.value;
  };
}
