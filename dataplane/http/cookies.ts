import { fieldLine, type Fields } from './fields.ts';

/** The value of the first cookie `name` of a request (RFC 6265 section 5.4); several lines are read as one. */
export function cookieIn(fields: Fields, name: string): string | undefined {
  const cookies = fields.joined('cookie');
  if (cookies === undefined) return undefined;
  for (const pair of cookies.split(/[;,]/u)) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/**
 * The value of the one cookie `name`; null without one, undefined when there are several. Blanks around the name count
 * for nothing, as to most who read cookies.
 */
export function onlyCookie(fields: Fields, name: string): string | null | undefined {
  let only: string | null = null;
  for (let line = 0; line < fields.size; line += 1) {
    if (fields.nameAt(line) !== 'cookie') continue;
    const cookies = fields.valueAt(line);
    // Hot path: a browser's cookies are many and long, so they are not taken apart.
    for (let at = cookies.indexOf(name); at !== -1; at = cookies.indexOf(name, at + name.length)) {
      let equals = at + name.length;
      while (isBlank(cookies, equals)) equals += 1;
      if (cookies[equals] !== '=' || !beginsPair(cookies, at)) continue;
      if (only !== null) return undefined;
      const end = cookies.indexOf(';', equals);
      only = cookies.slice(equals + 1, end === -1 ? cookies.length : end).trim();
    }
  }
  return only;
}

function beginsPair(cookies: string, at: number): boolean {
  let before = at - 1;
  while (isBlank(cookies, before)) before -= 1;
  return before === -1 || cookies[before] === ';';
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

/**
 * Removes all cookies `name` of a request; a line without others goes whole. A value ends where it would begin another
 * cookie of this name to whoever parts cookies by commas or blanks.
 */
export function removeCookie(fields: Fields, name: string): void {
  const { flat } = fields;
  for (let at = flat.length - 2; at >= 0; at -= 2) {
    if (flat[at] !== 'cookie' || !(flat[at + 1] ?? '').includes(name)) continue;
    const cookies = fields.valueAt(at / 2);
    const kept = cookies.split(';').flatMap((pair) => without(pair, name));
    const rest = kept.join(';');
    if (rest === cookies) continue;
    if (kept.length === 0) flat.splice(at, 2);
    else flat[at + 1] = fieldLine('Cookie', rest.trim());
  }
}

/** What is left of `pair`, if anything is. */
function without(pair: string, name: string): readonly string[] {
  for (let at = pair.indexOf(name); at !== -1; at = pair.indexOf(name, at + 1)) {
    const before = pair.slice(0, at);
    const isFirst = before.trim() === '';
    const behind = pair.slice(at + name.length).trimStart();
    const isName = behind.startsWith('=') || (isFirst && behind === '');
    if (isName && isFirst) return [];
    if (isName && /[\s,]$/u.test(before)) return [before.replace(/[\s,]+$/u, '')];
  }
  return [pair];
}
