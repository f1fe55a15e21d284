import { hash } from 'node:crypto';
import type { ClaimToHeader } from './authentication.ts';
import type { CalledService } from './called-service.ts';
import { resourceId, type ResourceId } from './ids.ts';
import type { Secret } from './secret.ts';

/** People log in at a provider (OpenID Connect Core 1.0, authorization code with PKCE) and bring a cookie from then on. */
export interface OpenIdConnectAuthentication {
  readonly kind: 'OpenIDConnect';
  readonly name: string;
  /** What `iss` must equal. */
  readonly issuer: string;
  readonly client: LoginClient;
  /** Asked for, `openid` among them. */
  readonly scopes: readonly string[];
  /** The keys of the provider. */
  readonly keySet: ResourceId;
  /** Null: it has not told yet where it is, so nobody can log in. */
  readonly provider: LoginProvider | null;
  /** Exact paths that the gateway answers itself; `''`: none. */
  readonly redirectPath: string;
  readonly logoutPath: string;
  readonly backChannelPath: string;
  /** Where browsers go once they are logged out: a path here. */
  readonly afterLogout: string;
  /** How browsers reach the gateway; null: as the listener is reached. */
  readonly scheme: 'http' | 'https' | null;
  /** A session ends so long after it began, however often it is refreshed. */
  readonly sessionMs: number;
  readonly clockSkewMs: number;
  /** Whether the provider is asked for more claims than the ID token has. */
  readonly userinfo: boolean;
  /** The claim (dots descend into objects) that lists the groups. */
  readonly groupsClaim: string;
  /** Whether the backend gets the access token, in Authorization. */
  readonly forwardAccessToken: boolean;
  readonly claimsToHeaders: readonly ClaimToHeader[];
}

/** Who the gateway is to the provider. Basic, Post: RFC 6749 section 2.3.1; without a secret: a public client. */
export interface LoginClient {
  readonly id: string;
  readonly secret: Secret<string> | null;
  readonly method: 'Basic' | 'Post';
}

/** What a provider says of itself (OpenID Connect Discovery 1.0 section 3), and how data planes reach it. */
export interface LoginProvider {
  /** For browsers, an absolute URL. */
  readonly authorizationEndpoint: string;
  /** For browsers; `''`: it has none. */
  readonly endSessionEndpoint: string;
  readonly token: CalledService;
  /** Null: it has none. */
  readonly userinfo: CalledService | null;
  /** Whether it says who it is when it sends browsers back (RFC 9207). */
  readonly tellsIssuer: boolean;
}

/**
 * What the data planes of a Gateway make the keys of login cookies of: what one has sealed all open. Sealed by `secret`;
 * what was sealed by the one before is opened as well, and by the next, which others may have heard of already.
 */
export interface LoginSecret {
  readonly kind: 'LoginSecret';
  readonly id: ResourceId;
  /** 32 octets, base64. */
  readonly secret: Secret<string>;
  readonly previous: Secret<string>;
  readonly next: Secret<string>;
}

/** There is one a Gateway. */
export const loginSecretId: ResourceId = resourceId('LoginSecret', 'logins');

/** How long a {@link LoginSecret} seals; and so no session may last longer: it would not be opened at its end. */
export const loginSecretPeriodMs = 7 * 86_400_000;

/** What all cookies of logins are called, behind `__Host-` over TLS, and nobody else's should be. */
export const loginCookiePrefix = 'turnpike-login-';

/** What tells the cookies of one way in (of a policy `<namespace>/<name>`) from those of another on the same host. */
export function loginTag(policy: string, way: string): string {
  return hash('sha256', `${policy} ${way}`, 'hex').slice(0, 10);
}
