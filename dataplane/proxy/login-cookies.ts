import { fieldLine } from '#dataplane/http/fields.ts';
import { loginCookiePrefix } from '#snapshot/open-id-connect.ts';

/** Where a cookie of ours begins, also to such as part cookies by commas or blanks. */
const ours = new RegExp(`(?:^|[\\s,])(?:__Host-)?${loginCookiePrefix}`, 'u');

/**
 * What backends get of a line of cookies: none of a login, whichever policy it is of and whether or not one holds for
 * this request, for who has one is let in by it. Null: nothing is left.
 *
 * Hot path: one look at a line without any.
 */
export function withoutLogins(line: string): string | null {
  if (!line.includes(loginCookiePrefix)) return line;
  const kept = line
    .slice(line.indexOf(':') + 1, -2)
    .split(';')
    .flatMap(without);
  return kept.length === 0 ? null : fieldLine('Cookie', kept.join(';').trim());
}

function without(pair: string): readonly string[] {
  const trimmed = pair.trimStart();
  const begin = trimmed.search(ours);
  if (begin === -1) return [pair];
  const before = trimmed.slice(0, begin).replace(/[\s,]+$/u, '');
  return before === '' ? [] : [` ${before}`];
}
