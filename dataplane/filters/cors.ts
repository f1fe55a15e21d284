// Calls from pages of other origins (Gateway API CORS; the Fetch standard's CORS protocol). What is told here binds
// browsers only, and protects their users; who else calls is for authentication.
import type { Answered, Exchange, RequestFilter } from '#dataplane/http/exchange.ts';
import { crossOriginKind, requestedMethod } from '#dataplane/http/cross-origin.ts';
import { fieldLine, Fields } from '#dataplane/http/fields.ts';
import type { ResponseHead } from '#dataplane/http/message.ts';
import type { CorsFilter } from '#snapshot/filter.ts';

/**
 * Answers preflights, and tells browsers on all other answers, refusals among them, who may read them. One whose origin
 * is not allowed is answered alike, but for the fields that would allow it.
 *
 * Hot path: for a request without Origin a look for it, and a line that stands ready.
 */
export class CrossOrigin implements RequestFilter {
  readonly kind = crossOriginKind;
  /** Takes away what the backend says of origins: two answers to one question would be none. */
  readonly answerFilter = { kind: crossOriginKind, apply: removeOfBackend } as const;
  readonly #anyOrigin: boolean;
  readonly #exactly: ReadonlySet<string>;
  readonly #patterns: readonly OriginPattern[];
  readonly #rules: CorsFilter;
  /** Lines that stand on each answer to an allowed origin. */
  readonly #constant = new Fields();

  constructor(rules: CorsFilter) {
    this.#rules = rules;
    this.#anyOrigin = rules.origins.includes('*');
    const patterns = rules.origins.filter((origin) => origin !== '*');
    this.#exactly = new Set(patterns.filter((origin) => !origin.includes('*')));
    this.#patterns = patterns.filter((origin) => origin.includes('*')).map(originPattern);
    if (rules.credentials) this.#constant.append('access-control-allow-credentials', 'true');
    if (rules.exposed.length > 0) {
      this.#constant.append('access-control-expose-headers', rules.exposed.join(', '));
    }
  }

  apply({ request, answerFields }: Exchange): Answered | null {
    const origin = request.fields.only('origin');
    const sameForAll = this.#anyOrigin && !this.#rules.credentials;
    // What has no Origin is kept by caches too, and must not be given to who has one.
    if (!sameForAll) answerFields.appendLine('vary', varyLine);
    if (origin === null) return null;
    const allowed = origin !== undefined && (this.#anyOrigin || this.#allows(origin));
    if (allowed) {
      answerFields.append('access-control-allow-origin', sameForAll ? '*' : origin);
      answerFields.appendAll(this.#constant);
    }
    const method = requestedMethod(request);
    if (method === null) return null;
    if (allowed) this.#allow(method, request.fields.joined('access-control-request-headers'), answerFields);
    return { kind: 'Answered', status: 200, fields: new Fields(), body: nothing };
  }

  #allows(origin: string): boolean {
    const told = origin.toLowerCase();
    return this.#exactly.has(told) || this.#patterns.some((pattern) => fits(told, pattern));
  }

  /** `*` is answered by what was asked for: browsers do not take it with credentials, and never for Authorization. */
  #allow(method: string, headers: string | undefined, answer: Fields): void {
    const { methods, headers: allowed, maxAgeS } = this.#rules;
    const ofMethods = methods.includes('*') ? method : methods.join(', ');
    if (ofMethods !== '') answer.append('access-control-allow-methods', ofMethods);
    const ofHeaders = allowed.includes('*') ? (headers ?? '') : allowed.join(', ');
    if (ofHeaders !== '') answer.append('access-control-allow-headers', ofHeaders);
    answer.append('access-control-max-age', String(maxAgeS));
  }
}

const varyLine = fieldLine('Vary', 'Origin');
const nothing = Buffer.alloc(0);

/** An origin in whose place of `*` any host stands, or the beginning of one. */
interface OriginPattern {
  readonly before: string;
  readonly behind: string;
}

function originPattern(origin: string): OriginPattern {
  const at = origin.indexOf('*');
  return { before: origin.slice(0, at), behind: origin.slice(at + 1) };
}

function fits(origin: string, { before, behind }: OriginPattern): boolean {
  if (!origin.startsWith(before) || !origin.endsWith(behind)) return false;
  return host.test(origin.slice(before.length, origin.length - behind.length));
}

/** Of an origin: a name or an address, without a port. */
const host = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;

function removeOfBackend(_exchange: Exchange, { fields }: ResponseHead): void {
  for (let line = fields.size - 1; line >= 0; line -= 1) {
    if (fields.nameAt(line).startsWith('access-control-')) fields.flat.splice(line * 2, 2);
  }
}
