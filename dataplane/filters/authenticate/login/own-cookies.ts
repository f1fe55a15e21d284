import { fieldLine, type Fields } from '#dataplane/http/fields.ts';
import { loginCookiePrefix } from '#snapshot/open-id-connect.ts';

/** Where a cookie of ours begins, also to such as part cookies by commas or blanks. */
const ours = new RegExp(`(?:^|[\\s,])(?:__Host-)?${loginCookiePrefix}`, 'iu');

/**
 * Removes all cookies of logins, those of other policies too: who has one is let in by it, so no backend gets any. A
 * line without others goes whole.
 *
 * Hot path: one look at lines without any.
 */
export function removeLoginCookies(fields: Fields): void {
  const { flat } = fields;
  for (let at = flat.length - 2; at >= 0; at -= 2) {
    if (flat[at] !== 'cookie' || !ours.test(flat[at + 1] ?? '')) continue;
    const kept = fields
      .valueAt(at / 2)
      .split(';')
      .flatMap(without);
    if (kept.length === 0) flat.splice(at, 2);
    else flat[at + 1] = fieldLine('Cookie', kept.join(';').trim());
  }
}

function without(pair: string): readonly string[] {
  const trimmed = pair.trimStart();
  const begin = trimmed.search(ours);
  if (begin === -1) return [pair];
  const before = trimmed.slice(0, begin).replace(/[\s,]+$/u, '');
  return before === '' ? [] : [` ${before}`];
}
