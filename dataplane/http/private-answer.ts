import type { Fields } from './fields.ts';

/**
 * Keeps the answer with these fields from caches that many share (RFC 9111 section 5.2.2.7), whatever they say of that:
 * it is for one client alone. Set-Cookie by itself keeps no cache from it (section 7.3).
 */
export function makePrivate(fields: Fields): void {
  for (const name of fields.names()) {
    if (isOfSharedCaches(name)) fields.remove(name);
  }
  const told = fields.joined('cache-control') ?? '';
  if (told === 'no-store') return;
  const kept = told
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !replaced.test(one));
  fields.remove('cache-control');
  fields.append('cache-control', ['private', ...kept].join(', '), 'Cache-Control');
}

/** What `private` takes the place of. With names of fields it says less, and may stay. */
const replaced = /^(?:public|s-maxage|s-maxage=.*|private)$/iu;

/** Whether caches that know this field go by it and not by Cache-Control (RFC 9213). */
function isOfSharedCaches(name: string): boolean {
  return name.endsWith('-cache-control') || name === 'surrogate-control';
}
