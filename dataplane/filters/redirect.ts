import type { Answered, Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { RedirectAction } from '#snapshot/route.ts';
import { rewritePath } from './path.ts';

const wellKnownPorts = { http: 80, https: 443 } as const;

/** Answers with `status` and the Location that `location` tells. */
export function redirecting(status: number, location: (exchange: Exchange) => string) {
  return {
    kind: 'Redirect',
    apply(exchange: Exchange): Answered {
      const fields = new Fields();
      fields.append('location', location(exchange), 'Location');
      return { kind: 'Answered', status, fields, body: nothing };
    },
  } as const;
}

const nothing = Buffer.alloc(0);

/**
 * The Location of a redirect (Gateway API HTTPRequestRedirectFilter), an absolute URI with the request's query, but
 * for what filters took out of it: credentials are not for other hosts.
 * Port: the one given; else the well-known one of the scheme given; else the listener's. 80 for http and 443 for https
 * are left out. A request without a host (HTTP/1.0) gets the path alone.
 */
export function redirectLocation(
  action: Omit<RedirectAction, 'kind' | 'status'>,
  listenerPort: number,
): (exchange: Exchange) => string {
  const port = action.port ?? (action.scheme === null ? listenerPort : wellKnownPorts[action.scheme]);
  const newPath = action.path === null ? null : rewritePath(action.path);
  return (exchange) => {
    const { request, forwarded, client, matchedPrefix } = exchange;
    const scheme = action.scheme ?? (client.secure ? 'https' : 'http');
    const host = action.hostname ?? request.host;
    const path = newPath === null ? request.path : newPath(request.path, matchedPrefix);
    const target = forwarded.query === null ? path : `${path}?${forwarded.query}`;
    // Without a host in front, a path that begins with `//` would name one.
    if (host === '') return target.replace(/^\/+/u, '/');
    const authority = port === wellKnownPorts[scheme] ? host : `${host}:${port}`;
    return `${scheme}://${authority}${target}`;
  };
}
