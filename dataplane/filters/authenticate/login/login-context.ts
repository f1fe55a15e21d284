import type { Answered, Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import type { CookieContext } from './login-cookies.ts';

/** A request as its browser knows it. */
export type LoginContext = CookieContext;

/** `exchange` by the way in of this rule. */
export function contextOf(
  exchange: Exchange,
  { scheme }: Pick<OpenIdConnectAuthentication, 'scheme'>,
): LoginContext {
  const secure = scheme === null ? exchange.client.secure : scheme === 'https';
  return { exchange, secure };
}

/** Scheme and authority by which the browser asked. */
export function originOf({ exchange, secure }: LoginContext): string {
  return `${secure ? 'https' : 'http'}://${exchange.request.authority}`;
}

/** Sends the browser to an absolute URL; nobody is to keep that. */
export function redirectTo(location: string): Answered {
  const fields = new Fields();
  fields.append('location', location, 'Location');
  fields.append('cache-control', 'no-store', 'Cache-Control');
  return { kind: 'Answered', status: 302, fields, body: Buffer.alloc(0) };
}
