import { isToken } from '#dataplane/http/octets.ts';
import { hostOf } from '#dataplane/http/target.ts';
import { normalisePath } from '#snapshot/request-path.ts';
import type { ForwardedHead, RequestHead } from '#dataplane/http/message.ts';

/**
 * Whether what filters made of a request's start line and Host can be sent: a rewritten path must be normal already
 * (else the backend would read another one than was decided on), the rest must be well-formed.
 *
 * Hot path: what no filter has touched is the very same string.
 */
export function editsAreSane(request: RequestHead, forwarded: ForwardedHead): boolean {
  const { method, path, query, authority } = forwarded;
  if (path !== request.path && (!path.startsWith('/') || normalisePath(path) !== path)) return false;
  if (query !== request.query && query !== null && !/^[!"$-~]*$/u.test(query)) return false;
  if (authority !== request.authority && hostOf(authority) === null) return false;
  return method === request.method || isToken(method);
}
