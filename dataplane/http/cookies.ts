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

/** The value of the one cookie `name`; null without one, undefined when there are several. */
export function onlyCookie(fields: Fields, name: string): string | null | undefined {
  let only: string | null = null;
  for (let line = 0; line < fields.size; line += 1) {
    if (fields.nameAt(line) !== 'cookie') continue;
    const cookies = fields.valueAt(line);
    // Hot path: a browser's cookies are many and long, so they are not taken apart.
    for (let at = cookies.indexOf(name); at !== -1; at = cookies.indexOf(name, at + name.length)) {
      const from = at + name.length + 1;
      if (cookies[from - 1] !== '=' || !beginsPair(cookies, at)) continue;
      if (only !== null) return undefined;
      const end = cookies.indexOf(';', from);
      only = cookies.slice(from, end === -1 ? cookies.length : end).trim();
    }
  }
  return only;
}

function beginsPair(cookies: string, at: number): boolean {
  let before = at - 1;
  while (cookies[before] === ' ' || cookies[before] === '\t') before -= 1;
  return before === -1 || cookies[before] === ';';
}

/** Removes all cookies `name` of a request; a line without others goes whole. */
export function removeCookie(fields: Fields, name: string): void {
  const { flat } = fields;
  for (let at = flat.length - 2; at >= 0; at -= 2) {
    if (flat[at] !== 'cookie') continue;
    const pairs = fields.valueAt(at / 2).split(';');
    const others = pairs.filter((pair) => nameOf(pair) !== name);
    if (others.length === pairs.length) continue;
    if (others.length === 0) flat.splice(at, 2);
    else flat[at + 1] = fieldLine('Cookie', others.join(';').trim());
  }
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return (equals === -1 ? pair : pair.slice(0, equals)).trim();
}
