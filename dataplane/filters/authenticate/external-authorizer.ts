// Asks a service whether a request may pass (GEP-1494, by HTTP). It is told the head, never the content.
import { hash } from 'node:crypto';
import { isHopByHop } from '#dataplane/http/hop-by-hop.ts';
import type { Exchange, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { isReservedField } from '#snapshot/reserved-fields.ts';
import type { CallService } from '../call-service.ts';
import { Circuit } from './circuit.ts';
import type { TokenCache } from './token-cache.ts';

/** Of a refusal so much is read and told to the client. */
const answerBytesMax = 64 * 1024;

/** What every refusal may need to be understood. */
const refusalFields = [
  'content-type',
  'www-authenticate',
  'location',
  'set-cookie',
  'cache-control',
  'retry-after',
];

/** What the services of all policies share. */
export interface DecisionSurroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly call: CallService;
  readonly decisions: TokenCache<ExternalAuthorizer, Decision>;
  /** Questions under way at a time, with those of others. */
  readonly callsMax: number;
  readonly calls: { running: number };
}

/** What was said of a request. Frozen, for it is kept. */
export interface Decision {
  /** Null: it may pass. */
  readonly refusal: Failure | null;
  /** For the backend: name and value by turns. */
  readonly fields: readonly string[];
}

/** One service, and what it was asked. */
export class ExternalAuthorizer {
  /** Names (lower case) of fields that it decides; clients may not send them. */
  readonly ownFields: readonly string[];
  readonly #policy: string;
  readonly #terms: ExternalAuthorization;
  readonly #clientFields: readonly string[];
  readonly #surroundings: DecisionSurroundings;
  readonly #circuit: Circuit;

  /** `policy`: for logs. */
  constructor(policy: string, terms: ExternalAuthorization, surroundings: DecisionSurroundings) {
    this.#policy = policy;
    this.#terms = terms;
    this.#surroundings = surroundings;
    this.#circuit = new Circuit(surroundings.now);
    this.ownFields = terms.headersToBackend;
    this.#clientFields = [...new Set([...refusalFields, ...terms.headersToClient])].filter(
      (name) => !isReservedField(name) && !isHopByHop(name),
    );
  }

  /** Why `exchange` may not pass; null when it may, with the service's fields for the backend. */
  authorize(exchange: Exchange): Verdict | Promise<Verdict> {
    const { decisions, now, calls, callsMax } = this.#surroundings;
    const key = this.#keyOf(exchange);
    const known = key === null ? null : decisions.get(this, key, now());
    if (known !== null) return follow(exchange, known);
    if (calls.running >= callsMax) return this.#undecided('too many questions are under way');
    if (!this.#circuit.mayAsk()) return this.#undecided('the service does not answer');
    return this.#ask(exchange, key);
  }

  async #ask(exchange: Exchange, key: string | null): Promise<Verdict> {
    const { call, calls, decisions, now } = this.#surroundings;
    const { service, cache } = this.#terms;
    calls.running += 1;
    const answer = await call(service.cluster, this.#question(exchange), {
      timeoutMs: service.timeoutMs,
      answerBytesMax,
    });
    calls.running -= 1;
    const decision = this.#decisionBy(answer);
    if (typeof decision === 'string') {
      this.#circuit.failed();
      return this.#undecided(decision);
    }
    this.#circuit.answered();
    if (key !== null && cache !== null) {
      decisions.put(this, key, { value: decision, untilMs: now() + cache.forMs });
    }
    return follow(exchange, decision);
  }

  #question({ request, forwarded }: Exchange): ServiceRequest {
    const { service, headersToService } = this.#terms;
    const fields = new Fields();
    const authorization = request.fields.joined('authorization');
    if (authorization !== undefined) fields.append('authorization', authorization, 'Authorization');
    for (const name of headersToService) {
      // what an authentication has set or removed counts, not what the client sent
      const value =
        name === 'authorization' || isReservedField(name) ? undefined : forwarded.fields.joined(name);
      if (value !== undefined) fields.append(name, value);
    }
    return {
      method: request.method === 'CONNECT' ? 'GET' : request.method,
      path: `${service.path}${request.path.startsWith('/') ? request.path : '/'}`,
      query: request.query,
      authority: request.authority,
      fields,
      content: Buffer.alloc(0),
    };
  }

  /** Why there is no decision, if that is so. */
  #decisionBy(answer: ServiceAnswer): Decision | string {
    if (answer.kind === 'Failed') return answer.detail;
    const { status, fields, content } = answer;
    if (status === 200) {
      const told = this.#terms.headersToBackend.flatMap((name) => {
        const value = fields.joined(name);
        return value === undefined ? [] : [name, value];
      });
      return Object.freeze({ refusal: null, fields: told });
    }
    if (status < 300 || status > 499) return `the service answered ${status}`;
    const lines = new Fields();
    for (let line = 0; line < fields.size; line += 1) {
      const name = fields.nameAt(line);
      if (this.#clientFields.includes(name)) lines.append(name, fields.valueAt(line));
    }
    const detail = `${this.#policy}: the service answered ${status}`;
    const refusal: Failure = { kind: 'DeniedByService', status, fields: lines, content, detail };
    return Object.freeze({ refusal, fields: [] });
  }

  #undecided(detail: string): Verdict {
    if (this.#terms.failOpen) return null;
    return { kind: 'AuthorizationUnavailable', detail: `${this.#policy}: ${detail}` };
  }

  /** Null: decisions are not kept. Parts are told apart by their lengths. */
  #keyOf({ request, forwarded }: Exchange): string | null {
    const { cache } = this.#terms;
    if (cache === null) return null;
    const { method, authority, path, query } = request;
    const parts = [method, authority, path, query, request.fields.joined('authorization')];
    for (const name of cache.headers) parts.push(forwarded.fields.joined(name));
    const text = parts.map((part) => (part === undefined || part === null ? '-' : `${part.length}:${part}`));
    return hash('sha256', text.join(''), 'base64');
  }
}

function follow(exchange: Exchange, { refusal, fields }: Decision): Verdict {
  for (let at = 0; at < fields.length; at += 2) {
    exchange.forwarded.fields.append(fields[at] ?? '', fields[at + 1] ?? '');
  }
  return refusal;
}
