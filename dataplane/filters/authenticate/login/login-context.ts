import type { Answered, Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import type { CookieContext } from './login-cookies.ts';

/** A request as its browser knows it. */
export interface LoginContext extends CookieContext {
  /** Scheme and authority. */
  readonly origin: string;
}

/** `exchange` by the way in of this rule. */
export function contextOf(
  exchange: Exchange,
  { scheme }: Pick<OpenIdConnectAuthentication, 'scheme'>,
): LoginContext {
  const secure = scheme === null ? exchange.client.secure : scheme === 'https';
  return { exchange, secure, origin: `${secure ? 'https' : 'http'}://${exchange.request.authority}` };
}

/** Sends the browser to an absolute URL; nobody is to keep that. */
export function redirectTo(location: string): Answered {
  const fields = new Fields();
  fields.append('location', location, 'Location');
  fields.append('cache-control', 'no-store', 'Cache-Control');
  return { kind: 'Answered', status: 302, fields, body: Buffer.alloc(0) };
}
