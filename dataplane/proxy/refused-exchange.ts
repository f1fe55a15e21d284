import { Fields } from '#dataplane/http/fields.ts';
import { noContent } from '#dataplane/http/framing.ts';
import { answerTo, grpcAnswerTo, type OwnAnswer } from './answer.ts';
import { clientOf, isTrustedHop } from './client-address.ts';
import type { Downstream, RunningExchange } from './downstream.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';
import type { Port } from '#dataplane/runtime.ts';

/** What matters of a request that is refused. */
export type RefusedRequest = Pick<ReceivedRequest, 'fields' | 'method' | 'grpc'>;

/** One that could not be understood: its connection's client has sent it. */
export const unreadRequest: RefusedRequest = Object.freeze({ fields: new Fields(), method: '', grpc: null });

/** Why a request is refused before anybody knows what it asks for; null: it is not. */
export function refusalOf(port: Port | null, { fields }: RefusedRequest, client: Client): Failure | null {
  if (port?.guard?.judgesRequests !== true) return null;
  const whose = clientOf(fields, client, port.client.address);
  return isTrustedHop(whose, port.client) ? null : port.guard.judge(whose.address, client.address);
}

/** Answers to requests that are refused: for each failure that is the same object one a second is made. */
export class RefusedAnswers {
  readonly #dateLine: () => string;
  readonly #made = new WeakMap<Failure, { readonly dateLine: string; readonly answer: OwnAnswer }>();

  constructor(dateLine: () => string) {
    this.#dateLine = dateLine;
  }

  /** To be read only: others get the same. */
  answerTo(failure: Failure): OwnAnswer {
    const dateLine = this.#dateLine();
    const known = this.#made.get(failure);
    if (known?.dateLine === dateLine) return known.answer;
    const answer = answerTo(failure);
    answer.fields.appendLine('date', dateLine);
    this.#made.set(failure, { dateLine, answer });
    return answer;
  }

  /** The same to a call of gRPC, made for it alone: gRPC-Web changes it. */
  answerToCall(failure: Failure): OwnAnswer {
    const answer = grpcAnswerTo(failure);
    answer.fields.appendLine('date', this.#dateLine());
    return answer;
  }
}

/**
 * A request that is refused: answered as cheaply as can be, and recorded by nobody but whoever refused it, since there
 * may be a flood of them. One whose client goes on nevertheless is cut with its connection.
 */
export class RefusedExchange implements RunningExchange {
  readonly buffered = 0;
  readonly #failure: Failure;
  readonly #request: RefusedRequest;
  readonly #downstream: Downstream;
  readonly #answers: RefusedAnswers;

  constructor(failure: Failure, request: RefusedRequest, downstream: Downstream, answers: RefusedAnswers) {
    this.#failure = failure;
    this.#request = request;
    this.#downstream = downstream;
    this.#answers = answers;
  }

  start(): void {
    const downstream = this.#downstream;
    const isCall = this.#request.grpc !== null;
    if (this.#failure.kind === 'Flooding') {
      downstream.cut(this.#failure);
      return;
    }
    const answer = isCall ? this.#answers.answerToCall(this.#failure) : this.#answers.answerTo(this.#failure);
    const { status, fields, body } = answer;
    const hasContent = !isCall && this.#request.method !== 'HEAD';
    downstream.begin(status, fields, hasContent ? body.length : noContent, isCall ? -1 : body.length);
    if (hasContent) downstream.data(body);
    downstream.end(null);
  }

  contentData(): void {}

  contentEnd(): void {}

  contentFlush(): void {}

  clientReady(): void {}

  /** Before its answer has begun: nobody misses it. */
  requestFailed(failure: Failure): void {
    this.#downstream.cut(failure);
  }
}
