import type { HTTPRouteFilter } from '#crds/gateway-api.ts';
import type { RewriteFilter } from '#snapshot/filter.ts';
import { pathRewrite } from './path-modifier.ts';

type URLRewrite = Extract<HTTPRouteFilter, { type: 'URLRewrite' }>['urlRewrite'];

/** The change that a URLRewrite filter makes to the forwarded request. */
export function rewriteFilter(rewrite: URLRewrite): RewriteFilter {
  return { kind: 'Rewrite', hostname: rewrite.hostname ?? null, path: pathRewrite(rewrite.path) };
}
