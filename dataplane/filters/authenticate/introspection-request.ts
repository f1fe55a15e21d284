// The question of RFC 7662 section 2.1, and what its answer (section 2.2) comes to.
import { Fields } from '#dataplane/http/fields.ts';
import type { ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import type { IntrospectionAuthentication } from '#snapshot/introspection.ts';
import { audienceFits, isObject, own, type Claims } from './claims.ts';

/** Asks what `token` is worth. */
export function introspectionRequest(
  { endpoint, client }: IntrospectionAuthentication,
  token: string,
): ServiceRequest {
  const fields = new Fields();
  fields.append('accept', 'application/json', 'Accept');
  fields.append('content-type', 'application/x-www-form-urlencoded', 'Content-Type');
  fields.append('user-agent', 'turnpike', 'User-Agent');
  const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
  if (client?.method === 'Post') {
    form.set('client_id', client.id);
    form.set('client_secret', client.secret.reveal());
  } else if (client !== null) {
    const [id, secret] = [client.id, client.secret.reveal()].map((text) => encodeURIComponent(text));
    fields.append(
      'authorization',
      `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'Authorization',
    );
  }
  return {
    method: 'POST',
    path: endpoint.path,
    query: null,
    authority: endpoint.authority,
    fields,
    content: [Buffer.from(form.toString())],
  };
}

/** What the endpoint says of a token: its claims, or that it is worth nothing, or that nothing is to be learnt. */
export type Introspected =
  | { readonly kind: 'Active'; readonly claims: Claims; readonly endMs: number }
  | { readonly kind: 'Inactive'; readonly detail: string; readonly isKnown: boolean }
  | { readonly kind: 'Failed'; readonly detail: string };

/** Reads the answer for `rule` at `nowMs` (since 1970). `endMs`: when the token ends; infinity where that is not told. `isKnown`: the issuer vouches for the token, which passes the rule nevertheless not. */
export function introspected(
  answer: ServiceAnswer,
  rule: IntrospectionAuthentication,
  nowMs: number,
): Introspected {
  if (answer.kind !== 'Answered') return { kind: 'Failed', detail: answer.detail };
  if (answer.status !== 200) return { kind: 'Failed', detail: `the endpoint answered ${answer.status}` };
  const claims = objectIn(answer.content);
  if (claims === null || typeof own(claims, 'active') !== 'boolean') {
    return { kind: 'Failed', detail: 'the answer of the endpoint is none of RFC 7662' };
  }
  if (own(claims, 'active') !== true) {
    return { kind: 'Inactive', detail: 'the token is not active', isKnown: false };
  }
  const problem = problemOf(claims, rule, nowMs);
  if (problem !== null) return { kind: 'Inactive', detail: problem, isKnown: true };
  const end = own(claims, 'exp');
  return { kind: 'Active', claims, endMs: typeof end === 'number' ? end * 1000 : Number.POSITIVE_INFINITY };
}

function objectIn(content: Buffer): Claims | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
    return isObject(value) ? deepFreeze(value) : null;
  } catch {
    return null;
  }
}

function problemOf(claims: Claims, rule: IntrospectionAuthentication, nowMs: number): string | null {
  if (rule.issuer !== '' && own(claims, 'iss') !== rule.issuer) return 'iss is not the issuer asked for';
  if (!audienceFits(own(claims, 'aud'), rule.audiences)) return 'aud holds none of the audiences asked for';
  for (const name of ['exp', 'nbf']) {
    const value = own(claims, name);
    if (value !== undefined && typeof value !== 'number') return `${name} is no number`;
  }
  const [end, start] = [own(claims, 'exp'), own(claims, 'nbf')];
  if (typeof end === 'number' && end * 1000 <= nowMs) return 'exp is over';
  return typeof start === 'number' && start * 1000 > nowMs ? 'nbf is still to come' : null;
}

/** `value`, frozen all through. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
