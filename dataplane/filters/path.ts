import type { PathRewrite } from '#snapshot/route.ts';

/** The path that `path` becomes; `matchedPrefix` is the length of what the rule's Prefix match matched of it, or -1. */
export type RewritePath = (path: string, matchedPrefix: number) => string;

/**
 * Full: the value, whatever the path was. Prefix: by the table of HTTPPathModifier.replacePrefixMatch; slashes at the
 * end of the value do not count, and where nothing is left in front, the path begins with exactly one slash (so that
 * no backend takes `//host` for a host). Without a matched prefix the path stays. The result always begins with `/`,
 * has no dot segments that the request's own path did not have, and no character that ends a path.
 */
export function rewritePath(rewrite: PathRewrite): RewritePath {
  if (rewrite.kind === 'Full') {
    const full = safePath(rewrite.value);
    return () => full;
  }
  const base = safePath(rewrite.value).replace(/\/+$/u, '');
  return (path, matchedPrefix) => {
    if (matchedPrefix < 0) return path;
    const rest = path.slice(matchedPrefix);
    if (base !== '') return base + rest;
    return rest.startsWith('/') ? rest.replace(/^\/+/u, '/') : `/${rest}`;
  };
}

/**
 * `text` as the path of a URI (RFC 3986 section 3.3): one slash in front, dot segments resolved, every character that
 * may not stand in a path percent-encoded as UTF-8. What is encoded already stays as it is.
 */
export function safePath(text: string): string {
  const kept: string[] = [];
  const segments = text.toWellFormed().replace(/^\/+/u, '').split('/');
  for (const [index, segment] of segments.entries()) {
    const dots = segment.replaceAll(/%2e/giu, '.');
    const last = index === segments.length - 1;
    if (dots === '..') kept.pop();
    else if (dots !== '.') kept.push(encodeSegment(segment));
    if (last && (dots === '.' || dots === '..')) kept.push('');
  }
  return `/${kept.join('/')}`.replace(/^\/+/u, '/');
}

function encodeSegment(segment: string): string {
  return segment.replaceAll(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@%]/gu, (character) =>
    character === '%' ? '%25' : encodeURIComponent(character),
  );
}
