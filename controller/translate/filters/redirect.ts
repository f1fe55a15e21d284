import type { HTTPRouteFilter } from '#crds/gateway-api.ts';
import type { RedirectAction } from '#snapshot/route.ts';
import { pathRewrite } from './path-modifier.ts';

type RequestRedirect = Extract<HTTPRouteFilter, { type: 'RequestRedirect' }>['requestRedirect'];

/** The answer of a RequestRedirect filter. */
export function redirectAction(redirect: RequestRedirect): RedirectAction {
  return {
    kind: 'Redirect',
    status: redirect.statusCode,
    scheme: redirect.scheme ?? null,
    hostname: redirect.hostname ?? null,
    port: redirect.port ?? null,
    path: pathRewrite(redirect.path),
  };
}
