import type { HTTPPathModifier } from '#crds/gateway-api.ts';
import type { PathRewrite } from '#snapshot/route.ts';

/** How a redirect or a rewrite changes the path; null for not at all. */
export function pathRewrite(modifier: HTTPPathModifier | undefined): PathRewrite | null {
  if (modifier === undefined) {
    return null;
  }
  return modifier.type === 'ReplaceFullPath'
    ? { kind: 'Full', value: modifier.replaceFullPath }
    : { kind: 'Prefix', value: modifier.replacePrefixMatch };
}
