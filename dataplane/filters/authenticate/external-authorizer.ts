// Asks a service whether a request may pass (GEP-1494): when, how often, and what an answer is worth. How it is put into
// words is for external-by-http.ts and external-by-grpc.ts.
import { hash } from 'node:crypto';
import type { Exchange, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ForwardedHead } from '#dataplane/http/message.ts';
import type { RequestContent } from '#dataplane/http/request-content.ts';
import type { ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import type { CallService } from '../call-service.ts';
import type { CapacityShare } from '../capacity.ts';
import { Circuit } from './circuit.ts';
import { follow, UnsendableField, UnusableAnswer, type Decision } from './decision.ts';
import { ExternalByGrpc } from './external-by-grpc.ts';
import { ExternalByHttp } from './external-by-http.ts';
import type { TokenCache } from './token-cache.ts';

/** Of an answer so much is read. */
const answerBytesMax = 64 * 1024;
/** A refusal with more content is told, and not kept. */
const keptBytesMax = 4 * 1024;

/** What the services of all policies share. */
export interface DecisionSurroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly call: CallService;
  readonly decisions: TokenCache<ExternalAuthorizer, Decision>;
  readonly calls: CapacityShare;
  /** Octets that they tell of requests' content. */
  readonly contents: CapacityShare;
}

/**
 * What levels before have left in the places of credentials of which a service is told unasked. It hears what its own
 * level removes for the backend's sake, and nothing of what another does.
 */
export interface LeftCredentials {
  /** Authorization; undefined without. */
  readonly authorization: string | undefined;
  readonly query: string | null;
}

/** What is left in `forwarded` for now. */
export function leftIn({ fields, query }: ForwardedHead): LeftCredentials {
  return { authorization: fields.joined('authorization'), query };
}

/** What a service is asked about. */
export interface Asked {
  readonly exchange: Exchange;
  readonly left: LeftCredentials;
  /** Null: it is told nothing of that. */
  readonly content: RequestContent | null;
}

/** How a service is asked, and understood. */
export interface AuthorizationProtocol {
  question(asked: Asked): ServiceRequest;
  /** What a question tells of the client beside the request: decisions hold for no other. */
  told(exchange: Exchange): readonly string[];
  /** Throws {@link UnusableAnswer} for an answer that decides nothing, and {@link UnsendableField}. */
  decision(answer: Extract<ServiceAnswer, { kind: 'Answered' }>): Decision;
}

/** One service, and what it was asked. */
export class ExternalAuthorizer {
  /** Names (lower case) of fields that it decides; clients may not send them. */
  readonly ownFields: readonly string[];
  readonly #policy: string;
  readonly #terms: ExternalAuthorization;
  readonly #protocol: AuthorizationProtocol;
  readonly #surroundings: DecisionSurroundings;
  readonly #circuit: Circuit;

  /** `policy`: for logs. */
  constructor(policy: string, terms: ExternalAuthorization, surroundings: DecisionSurroundings) {
    this.#policy = policy;
    this.#terms = terms;
    this.#surroundings = surroundings;
    this.#circuit = new Circuit(surroundings.now);
    this.ownFields = terms.headersToBackend ?? [];
    this.#protocol =
      terms.protocol === 'GRPC'
        ? new ExternalByGrpc(policy, terms, surroundings.now)
        : new ExternalByHttp(policy, terms);
  }

  /** Why `exchange` may not pass; null when it may, with what the service says of fields. */
  authorize(exchange: Exchange, left: LeftCredentials): Verdict | Promise<Verdict> {
    const { body } = this.#terms;
    const asked = { exchange, left, content: null };
    return body === null ? this.#decide(asked) : this.#decideWith(asked, body);
  }

  async #decideWith(asked: Asked, body: NonNullable<ExternalAuthorization['body']>): Promise<Verdict> {
    const content = await asked.exchange.content(body);
    return 'kind' in content ? content : this.#decide({ ...asked, content });
  }

  #decide(asked: Asked): Verdict | Promise<Verdict> {
    const { decisions, now, calls } = this.#surroundings;
    const { exchange } = asked;
    const key = this.#keyOf(asked);
    const known = key === null ? null : decisions.get(this, key, now());
    if (known !== null) return follow(exchange, known);
    if (calls.isFull) return this.#undecided('too many questions are under way');
    if (!this.#circuit.mayAsk()) return this.#undecided('the service does not answer');
    if (octetsOf(asked) > 0 && this.#surroundings.contents.isFull) return { kind: 'Overloaded' };
    return this.#ask(asked, key);
  }

  async #ask(asked: Asked, key: string | null): Promise<Verdict> {
    const { exchange } = asked;
    const { call, calls, contents } = this.#surroundings;
    const question = this.#protocol.question(asked);
    const { cluster, timeoutMs } = this.#terms.service;
    const ask = () => call(cluster, question, { timeoutMs, answerBytesMax });
    const answer = await calls.run(() => contents.run(ask, octetsOf(asked)));
    if (answer.kind === 'Failed') {
      this.#circuit.failed();
      return this.#undecided(answer.detail);
    }
    // what it says of one request, if only that it is not well, is no reason not to ask it about others
    this.#circuit.answered();
    // it may be a refusal, which clients may have made as long as it is
    if (answer.kind === 'Unread') {
      return answer.status >= 500 ? this.#undecided(answer.detail) : this.#unavailable(answer.detail);
    }
    try {
      const decision = this.#protocol.decision(answer);
      this.#keep(key, decision);
      return follow(exchange, decision);
    } catch (error) {
      if (error instanceof UnusableAnswer) return this.#undecided(`the service answered ${error.message}`);
      if (error instanceof UnsendableField) return this.#unavailable('it sets a field that cannot be sent');
      throw error;
    }
  }

  #keep(key: string | null, decision: Decision): void {
    const { cache } = this.#terms;
    const { refusal } = decision;
    if (key === null || cache === null) return;
    if (refusal?.kind === 'DeniedByService' && refusal.content.length > keptBytesMax) return;
    if (tellsCookies(decision)) return;
    const { decisions, now } = this.#surroundings;
    decisions.put(this, key, { value: decision, untilMs: now() + cache.forMs });
  }

  #undecided(detail: string): Verdict {
    return this.#terms.failOpen ? null : this.#unavailable(detail);
  }

  #unavailable(detail: string): Failure {
    return { kind: 'AuthorizationUnavailable', detail: `${this.#policy}: ${detail}` };
  }

  /** Null: decisions are not kept. Parts are told apart by their lengths. */
  #keyOf({ exchange, left, content }: Asked): string | null {
    const { cache } = this.#terms;
    if (cache === null) return null;
    const { request, forwarded } = exchange;
    const { method, authority, path } = request;
    const parts = [method, authority, path, left.query, left.authorization, ...this.#protocol.told(exchange)];
    for (const name of cache.headers) parts.push(forwarded.fields.joined(name));
    if (content !== null) parts.push(`${content.isWhole}${hash('sha256', content.octets, 'base64')}`);
    const text = parts.map((part) => (part === undefined || part === null ? '-' : `${part.length}:${part}`));
    return hash('sha256', text.join(''), 'base64');
  }
}

/** A cookie is for one browser, whatever it was asked. */
function tellsCookies({ refusal, answerLines }: Decision): boolean {
  return (
    answerLines.includes('set-cookie') ||
    (refusal?.kind === 'DeniedByService' && refusal.fields.has('set-cookie'))
  );
}

function octetsOf({ content }: Asked): number {
  return content === null ? 0 : content.octets.length;
}
