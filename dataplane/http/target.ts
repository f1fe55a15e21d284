// The request target (RFC 9112 section 3.2), read and normalised once: what is matched is what is forwarded.

/** A target that was understood. */
export interface Target {
  /** Normalised; begins with `/`, or is `*`. */
  readonly path: string;
  /** Behind the first `?`, as received; null without `?`. */
  readonly query: string | null;
  /** Of an absolute-form target, as received; null for the other forms. */
  readonly authority: string | null;
}

const plain = 0;
const needsCare = 1;
const refused = 2;

/** For each ASCII character of a path: plain, refused, or one that can begin something to normalise. */
const pathCharacters: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code <= 0x20 || code === 0x7f) return refused;
  const character = String.fromCharCode(code);
  if (character === '#' || character === '\\') return refused;
  return character === '%' || character === '.' || character === '/' || character === ';' ? needsCare : plain;
});

/**
 * The parts of a request target, or null when it is to be refused (400): not of a form that `method` allows,
 * or not to be read in one way only (RFC 9112 section 3.2; RFC 3986 section 6.2.2).
 *
 * The path has percent-encoded unreserved characters decoded, other escapes in upper case, dot segments removed,
 * slashes merged. An encoded slash, backslash or NUL, and a dot segment with parameters (`..;`), are refused:
 * backends disagree on them.
 */
export function decodeTarget(target: string, method: string): Target | null {
  if (target.charCodeAt(0) === 0x2f) return decodeOrigin(target, null);
  if (target === '*') return method === 'OPTIONS' ? { path: '*', query: null, authority: null } : null;
  const scheme = /^https?:\/\//iu.exec(target);
  if (scheme === null) return null;
  const start = scheme[0].length;
  let end = start;
  while (end < target.length && !'/?#'.includes(target.charAt(end))) end += 1;
  const authority = target.slice(start, end);
  const rest = target.slice(end);
  if (rest === '') return { path: method === 'OPTIONS' ? '*' : '/', query: null, authority };
  return decodeOrigin(rest.startsWith('?') ? `/${rest}` : rest, authority);
}

function decodeOrigin(target: string, authority: string | null): Target | null {
  const mark = target.indexOf('?');
  const query = mark === -1 ? null : target.slice(mark + 1);
  if (query !== null && !isQuery(query)) return null;
  const path = normalisePath(mark === -1 ? target : target.slice(0, mark));
  return path === null ? null : { path, query, authority };
}

/** Whether `query` is of visible ASCII without `#`. */
function isQuery(query: string): boolean {
  const { length } = query;
  for (let at = 0; at < length; at += 1) {
    const code = query.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f || code === 0x23) return false;
  }
  return true;
}

/**
 * `path` (which begins with `/`) in the one form in which it is matched and forwarded, or null when it is to be
 * refused. Normalising twice changes nothing.
 *
 * Hot path: most paths are normal already; one scan finds that out and the path itself is returned.
 */
export function normalisePath(path: string): string | null {
  let previous = 0;
  let normal = true;
  const { length } = path;
  for (let at = 0; at < length; at += 1) {
    const code = path.charCodeAt(at);
    if (code > 0x7e) return null;
    const kind = pathCharacters[code];
    if (kind === refused) return null;
    if (kind === needsCare && code !== 0x3b) {
      // `//`, `/.` and any escape; a dot or a slash elsewhere is nothing special
      if (code === 0x25 || (previous === 0x2f && code !== 0x25)) normal = false;
    }
    previous = code;
  }
  return normal ? path : normaliseWithCare(path);
}

function normaliseWithCare(path: string): string | null {
  const decoded = decodeUnreserved(path);
  return decoded === null ? null : removeDotSegments(decoded);
}

/** Escapes of unreserved characters decoded, others in upper case; null for a broken or refused one. */
function decodeUnreserved(path: string): string | null {
  if (!path.includes('%')) return path;
  let decoded = '';
  let from = 0;
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', at + 3)) {
    const digits = path.slice(at + 1, at + 3);
    if (!/^[0-9A-Fa-f]{2}$/u.test(digits)) return null;
    const code = Number.parseInt(digits, 16);
    if (code === 0x2f || code === 0x5c || code === 0) return null;
    const character = String.fromCharCode(code);
    decoded += path.slice(from, at);
    decoded += /[A-Za-z0-9\-._~]/u.test(character) ? character : `%${digits.toUpperCase()}`;
    from = at + 3;
  }
  return decoded + path.slice(from);
}

/** RFC 3986 section 5.2.4, with empty segments merged; null for a dot segment with parameters. */
function removeDotSegments(path: string): string | null {
  const kept: string[] = [];
  const segments = path.split('/');
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else if (segment.startsWith('.;') || segment.startsWith('..;')) return null;
    else kept.push(segment);
  }
  const last = segments.at(-1);
  const isFolder = last === '' || last === '.' || last === '..';
  return kept.length === 0 ? '/' : `/${kept.join('/')}${isFolder ? '/' : ''}`;
}

/**
 * The host of an authority (Host field, or of an absolute-form target) in lower case, without port and without
 * trailing dot; null when it is not `host [":" port]` (RFC 9110 section 7.2), for example for `user@host`, an
 * empty host, or two hosts.
 */
export function hostOf(authority: string): string | null {
  if (authority.length > 260) return null;
  const parts = /^(?<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_\-.]{1,254})(?::(?<port>[0-9]{1,5}))?$/u.exec(
    authority,
  )?.groups;
  const host = parts?.['host'];
  if (host === undefined || Number(parts?.['port'] ?? 0) > 65_535) return null;
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
  return name === '' || name.startsWith('.') || name.endsWith('.') || name.includes('..') ? null : name;
}

/**
 * Remembers the last authority and its host.
 *
 * Hot path: one for each connection, whose requests nearly always name the same host.
 */
export class HostMemo {
  #authority = '';
  #host: string | null = null;

  /** As {@link hostOf}. */
  hostOf(authority: string): string | null {
    if (authority !== this.#authority) {
      this.#host = hostOf(authority);
      this.#authority = authority;
    }
    return this.#host;
  }
}
