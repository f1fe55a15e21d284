// The end of a session: here, and at the provider (OpenID Connect RP-Initiated Logout 1.0).
import type { LoginProvider, OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { originOf, redirectTo, type LoginContext } from './login-context.ts';
import type { PageAnswer } from './login-pages.ts';
import type { LoginSessions } from './login-sessions.ts';
import { isFromElsewhere } from './navigation.ts';
import type { Session } from './session.ts';

/** Logs out. Others cannot have anybody logged out: a browser that they send here is refused. */
export class Logout {
  readonly #rule: OpenIdConnectAuthentication;
  readonly #provider: LoginProvider | null;
  readonly #sessions: LoginSessions;

  constructor(rule: OpenIdConnectAuthentication, sessions: LoginSessions) {
    this.#rule = rule;
    this.#provider = rule.provider;
    this.#sessions = sessions;
  }

  end(context: LoginContext): PageAnswer {
    const { request } = context.exchange;
    if (isFromElsewhere(request)) {
      return {
        kind: 'Forbidden',
        challenge: null,
        detail: 'another site, and not the person, asks for the logout',
      };
    }
    const session = this.#sessions.end(context);
    const after = `${originOf(context)}${this.#rule.afterLogout}`;
    return redirectTo(session === null ? after : this.#atProvider(session, after));
  }

  #atProvider({ idToken }: Session, after: string): string {
    const endpoint = this.#provider?.endSessionEndpoint ?? '';
    if (endpoint === '') return after;
    const url = new URL(endpoint);
    url.searchParams.set('id_token_hint', idToken);
    url.searchParams.set('client_id', this.#rule.client.id);
    url.searchParams.set('post_logout_redirect_uri', after);
    return url.href;
  }
}
