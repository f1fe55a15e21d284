import type { Fields } from '#dataplane/http/fields.ts';

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
