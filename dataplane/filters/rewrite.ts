import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { RewriteFilter } from '#snapshot/filter.ts';
import { rewritePath } from './path.ts';

/**
 * Changes Host and path of the forwarded request (Gateway API URLRewrite). The path is made from the one that was
 * matched, so that no filter before it can shift what the prefix was; the query stays.
 */
export function rewrite({ hostname, path }: RewriteFilter): RequestFilter {
  const newPath = path === null ? null : rewritePath(path);
  return {
    kind: 'Rewrite',
    apply(exchange) {
      const { forwarded, request, matchedPrefix } = exchange;
      if (hostname !== null) forwarded.authority = hostname;
      if (newPath !== null) forwarded.path = newPath(request.path, matchedPrefix);
      return null;
    },
  };
}
