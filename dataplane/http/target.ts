// The request target (RFC 9112 section 3.2), read and normalised once: what is matched is what is forwarded.
import { normalisePath } from '#snapshot/request-path.ts';

/** A target that was understood. */
export interface Target {
  /** Normalised; begins with `/`, or is `*`. */
  readonly path: string;
  /** Behind the first `?`, as received; null without `?`. */
  readonly query: string | null;
  /** Of an absolute-form target, as received; null for the other forms. */
  readonly authority: string | null;
}

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
