// One request's life, from its head to the end of its answer. Read this file first, in this order:
//
//   start            whose listener it is, by its Host
//   #filter          the filters of the listener, in its order; some ask for the request's content first
//   #route           which rule's it is (routing.ts)
//   #filter          ... whose filters come next, in the order that filters/order.ts tells
//   #act             what the rule says: a redirect, a refusal, or one of its backends, ...
//   #filter          ... whose own filters come last
//   #forward         to an endpoint, and to another if need be (forward.ts); contentData and contentEnd follow
//   responseHead     the answer, back through the filters of backend and rule; responseData and responseEnd follow
//   #finish          once, whatever became of it: told to logs and metrics
//
// Each step may #fail instead, and a filter may answer by itself (#settle). `forwarded` is the head as backends shall have
// it: filters change that one, never `request`. It knows neither sockets nor framing: the client's side is a Downstream,
// which calls what RunningExchange names; the backend's is a Forwarding, which calls what ForwardEvents names, and only
// to ask for content speaks to the Downstream itself.
import type { Fields } from '#dataplane/http/fields.ts';
import { answerTo, grpcAnswerTo, statusOf } from './answer.ts';
import { answerOf, verdictOf } from './request-filters.ts';
import { addToAnswer, addToOwnAnswer, filteredHead } from './response-filters.ts';
import { editsAreSane } from './edits.ts';
import { Forwarding } from './forward.ts';
import { forwardedHead, forwardedTrailers, removeOwnFields } from './forwarded.ts';
import { removeNominated } from '#dataplane/http/hop-by-hop.ts';
import { endpointLabel, exchangeRecord } from './record.ts';
import { listenerOf, noRoute, refusalAt, ruleFor, type Routed } from './routing.ts';
import { Tunnel } from './tunnel.ts';
import { acceptsSwitch, mustSwitch } from './upgrade.ts';
import { Notes } from './notes.ts';
import { OutgoingRequest } from './outgoing.ts';
import { grpcStatusOf } from '#dataplane/http/grpc.ts';
import { noContent } from '#dataplane/http/framing.ts';
import { clientOf, unservedRules } from './client-address.ts';
import { AllowedTime, type TimeKeeper } from './allowed-time.ts';
import { CollectedContent } from './collected-content.ts';
import type { Downstream, RunningExchange } from './downstream.ts';
import type { ForwardEvents } from './forward-events.ts';
import type { Surroundings } from './surroundings.ts';
import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ForwardedHead, ResponseHead } from '#dataplane/http/message.ts';
import type { ReceivedRequest, ReceivedResponse } from '#dataplane/http/received.ts';
import type { ContentDemand, RequestContent } from '#dataplane/http/request-content.ts';
import type { Session } from '#dataplane/upstream/sessions/sessions.ts';
import type { Backend, Forward, Port, Rule } from '#dataplane/runtime.ts';

/** Drives one request; see the head of this file. */
export class ProxiedExchange extends Notes implements Exchange, RunningExchange, ForwardEvents, TimeKeeper {
  readonly request: ReceivedRequest;
  readonly forwarded: ForwardedHead;
  readonly client: Exchange['client'];
  readonly startedMs: number;
  matchedPrefix = -1;
  rule: Rule | null = null;

  readonly #around: Surroundings;
  readonly #port: Port | null;
  readonly #downstream: Downstream;
  // each null until it is found
  #routed: Routed | null = null;
  #session: Session<Backend> | null = null;
  #backend: Backend | null = null;
  #forwarding: Forwarding | null = null;
  #time: AllowedTime | null = null;
  #collected: CollectedContent | null = null;
  #contentEnded: boolean;
  #contentBytesMax = Number.POSITIVE_INFINITY;
  #finished = false;
  /** Of the answer that the client gets; 0 until its head is sent. */
  #status = 0;
  #grpcStatus: number | null = null;
  #bytesIn = 0;

  /** `port`: the request's, as the runtime of the moment has it; null when it has it no more. To be started at once. */
  constructor(around: Surroundings, port: Port | null, request: ReceivedRequest, downstream: Downstream) {
    super();
    this.#around = around;
    this.#port = port;
    this.#downstream = downstream;
    this.request = request;
    const rules = port?.client ?? unservedRules;
    this.startedMs = around.now();
    this.client = clientOf(request.fields, downstream.client, rules.address);
    this.forwarded = forwardedHead(request, this.client, downstream.clientLines, rules.forwarded);
    this.#contentEnded = request.length === noContent || request.length === 0;
  }

  get destination(): Exchange['destination'] {
    return this.#downstream.destination;
  }

  get buffered(): number {
    return this.#forwarding?.buffered ?? this.#collected?.held ?? 0;
  }

  // ---- the request: filter, route, filter, act, forward

  start(): void {
    this.#routed = listenerOf(this.#port, this.request.host);
    const refusal = refusalAt(this, this.#port, this.#routed, this.#around.bans);
    if (refusal !== null) this.#fail(refusal);
    else this.#filter(this.#routed?.listener.requestFilters ?? [], 0);
  }

  #route(): void {
    const match = this.#routed === null ? noRoute : ruleFor(this, this.#routed, this.#around.now);
    if ('kind' in match) {
      this.#fail(match);
      return;
    }
    this.rule = match.rule;
    this.matchedPrefix = match.matchedPrefix;
    const { action, requestFilters } = match.rule;
    if (action.kind === 'Forward') this.#setBounds(action);
    const known = Math.max(this.request.length, this.#bytesIn);
    if (known > this.#contentBytesMax) this.#fail({ kind: 'BodyTooLarge' });
    else this.#filter(requestFilters, 0);
  }

  /** From now on its time runs, and what it may send is counted. */
  #setBounds(action: Forward): void {
    if (action.bodyBytesMax > 0) this.#contentBytesMax = action.bodyBytesMax;
    const endsMs = this.startedMs + (this.request.grpc?.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#time = new AllowedTime(this.#around, action, { startedMs: this.startedMs, endsMs }, this);
  }

  /**
   * Asks the filters from `from` on, and goes on when all let it through.
   *
   * Hot path: a plain loop; a promise is awaited only where a filter gives one.
   */
  #filter(filters: readonly RequestFilter[], from: number): void {
    for (let at = from; at < filters.length; at += 1) {
      const filter = filters[at];
      if (filter === undefined) break;
      const verdict = verdictOf(filter, this);
      if (verdict === null) continue;
      if (verdict instanceof Promise) void this.#await(verdict, filters, at + 1);
      else this.#settle(verdict);
      return;
    }
    // those of the listener come before there is a rule, the rule's before there is a backend, and its own then
    if (this.rule === null) this.#route();
    else if (this.#backend === null) this.#act();
    else this.#forward(this.#backend);
  }

  async #await(pending: Promise<Verdict>, filters: readonly RequestFilter[], next: number): Promise<void> {
    const verdict = await pending;
    if (this.#finished) return;
    if (verdict === null) this.#filter(filters, next);
    else this.#settle(verdict);
  }

  #act(): void {
    const action = this.rule?.action;
    switch (action?.kind) {
      case 'Forward':
        this.#pick(action);
        break;
      case 'Redirect':
      case 'ResourceMetadata':
        this.#settle(answerOf(action, this));
        break;
      case 'Closed':
        this.#fail({ kind: 'RouteClosed', detail: action.reason });
        break;
      case undefined:
        this.#fail(noRoute);
        break;
    }
  }

  #pick(action: Forward): void {
    this.#session = action.sessions?.of(this.request.fields) ?? null;
    this.#backend = this.#session?.backend ?? action.pick();
    if (this.#backend === null) this.#fail({ kind: 'NoBackend' });
    else this.#filter(this.#backend.requestFilters, 0);
  }

  #forward(backend: Backend): void {
    const action = this.rule?.action;
    if (backend.cluster === null || action?.kind !== 'Forward') {
      this.#fail({ kind: 'InvalidBackend' });
      return;
    }
    if (!editsAreSane(this.request, this.forwarded)) {
      this.#fail({ kind: 'FilterBroke', detail: 'a rewrite made a request that cannot be sent' });
      return;
    }
    const outgoing = new OutgoingRequest(this.request, this.forwarded);
    const { cluster, mirrors } = backend;
    const terms = { cluster, action, mirrors, session: this.#session, watch: this.#around };
    this.#forwarding = new Forwarding(outgoing, terms, this.#downstream, this);
    const trailers = this.#collected?.trailers ?? null;
    if (trailers !== null) this.#removeOwnFields(trailers);
    if (this.#contentEnded) this.atSent();
    this.#forwarding.start(this.#contentEnded, this.#collected);
  }

  // ---- the request's content: comes when a filter or the forwarding wants it; once all is over it is another request's

  content(demand: ContentDemand): Promise<RequestContent | Failure> {
    if (this.#finished) return Promise.resolve({ kind: 'ClientGone' });
    const declared = this.request.length;
    this.#collected ??= new CollectedContent(this.#downstream, { declared, ended: this.#contentEnded });
    return this.#collected.ask(demand);
  }

  contentData(data: Buffer): void {
    this.#bytesIn += data.length;
    if (this.#bytesIn > this.#contentBytesMax) this.#fail({ kind: 'BodyTooLarge' });
    else if (this.#forwarding === null) this.#collected?.push(data);
    else this.#forwarding.contentData(data);
  }

  contentFlush(): void {
    this.#forwarding?.contentFlush();
  }

  contentEnd(trailers: Fields | null): void {
    if (this.#contentEnded) return;
    this.#contentEnded = true;
    if (this.#forwarding === null) {
      this.#collected?.end(trailers);
      return;
    }
    if (this.#status === 0) this.#time?.requestEnded();
    if (trailers !== null) this.#removeOwnFields(trailers);
    this.atSent();
    this.#forwarding.contentEnd(trailers);
  }

  #removeOwnFields(trailers: Fields): void {
    removeOwnFields(trailers, [this.#routed?.listener ?? null, this.rule, this.#backend]);
  }

  // ---- the answer

  interimHead(response: ReceivedResponse): void {
    // 100 was ours to give, and was given when the content was wanted
    if (response.status === 100) return;
    removeNominated(response.fields, response.connectionOptions);
    this.#downstream.inform(response.status, response.fields);
  }

  responseHead(response: ReceivedResponse): void {
    if (mustSwitch(this.request) && response.status < 300) {
      this.#fail({ kind: 'MalformedResponse', detail: 'an answer in place of the switch' });
      return;
    }
    const head = this.#filteredHead(response);
    if (head === null) return;
    if (!head.fields.has('date')) head.fields.appendLine('date', this.#around.dateLine());
    this.#status = head.status;
    this.#time?.answerBegins();
    if (this.request.grpc !== null) this.#grpcStatus = grpcStatusOf(head.fields);
    this.#downstream.begin(head.status, head.fields, response.length, response.declaredLength);
  }

  /** The answer's head as the client shall have it; null when a filter broke, which then is dealt with. */
  #filteredHead(response: ReceivedResponse): ResponseHead | null {
    const head = filteredHead(this, response, this.#backend, this.rule);
    if ('kind' in head) {
      this.#fail(head);
      return null;
    }
    this.#session?.tell(head.fields, this.#backend, this.#forwarding?.endpoint ?? null, this.client);
    addToAnswer(head.fields, this.answerFields);
    return head;
  }

  responseData(data: Buffer): void {
    this.bytesOut += data.length;
    if (!this.#downstream.data(data)) this.#forwarding?.pause();
  }

  responseFlush(): void {
    if (!this.#downstream.flush()) this.#forwarding?.pause();
  }

  clientReady(): void {
    this.#forwarding?.resume();
  }

  responseEnd(trailers: Fields | null): void {
    // a filter may have refused the answer whose rest this is
    if (this.#finished) return;
    this.trailers = trailers;
    if (this.request.grpc !== null && trailers !== null) this.#grpcStatus = grpcStatusOf(trailers);
    this.#finish(null);
    this.#downstream.end(trailers === null ? null : forwardedTrailers(trailers, null));
  }

  responseSwitched(response: ReceivedResponse): void {
    if (!acceptsSwitch(this.request.upgrade, response.upgrade)) {
      this.#fail({ kind: 'MalformedResponse', detail: '101 that nobody asked for' });
      return;
    }
    const head = this.#filteredHead(response);
    const backend = head === null ? null : (this.#forwarding?.takeOver() ?? null);
    if (head === null || backend === null) return;
    this.#status = 101;
    this.#time?.end();
    const client = this.#downstream.switch(head.fields, response.upgrade);
    const { deadlines, now } = this.#around;
    const { tunnelTimes: times } = this.#downstream;
    const tunnel = new Tunnel({ client, backend }, { deadlines, times, now }, (totals) => {
      this.#bytesIn += totals.bytesIn;
      this.bytesOut += totals.bytesOut;
      this.#forwarding?.switchedEnds();
      this.#finish(null);
    });
    tunnel.start();
  }

  // ---- attempts, and their time

  attemptBegins(): void {
    this.#time?.attemptBegins(this.#contentEnded);
  }

  attemptEnds(): void {
    this.#time?.attemptEnds();
  }

  timeRanOut(failure: Failure): void {
    const isAttempt = failure.kind === 'BackendTimedOut' && this.#status === 0;
    if (isAttempt && this.#forwarding?.attemptTimedOut() === true) return;
    this.#fail(failure);
  }

  // ---- the ends

  requestFailed(failure: Failure): void {
    this.#fail(failure);
  }

  forwardFailed(failure: Failure): void {
    this.#fail(failure);
  }

  /** Ends the exchange by `failure`: answered where no answer has begun, else cut off. */
  #fail(failure: Failure): void {
    if (this.#finished) return;
    this.#forwarding?.abort(failure);
    if (this.#status !== 0 || failure.kind === 'ClientGone') {
      this.#finish(failure);
      this.#downstream.cut(failure);
      return;
    }
    const { status, fields, body } =
      this.request.grpc === null ? answerTo(failure, this) : grpcAnswerTo(failure);
    this.#answerOurselves(status, fields, body, failure);
  }

  #settle(verdict: NonNullable<Verdict>): void {
    if (verdict.kind !== 'Answered') this.#fail(verdict);
    else this.#answerOurselves(verdict.status, verdict.fields, verdict.body);
  }

  /** An answer of no backend: of a filter or a redirect, or what a failure is answered by. */
  #answerOurselves(status: number, fields: Fields, body: Buffer, failure: Failure | null = null): void {
    addToOwnAnswer(this, { status, fields });
    fields.appendLine('date', this.#around.dateLine());
    this.#status = status;
    if (this.request.grpc !== null) this.#grpcStatus = grpcStatusOf(fields);
    const { method, grpc } = this.request;
    const hasContent = method !== 'HEAD' && grpc === null;
    this.bytesOut = hasContent ? body.length : 0;
    this.#finish(failure);
    const { length } = body;
    this.#downstream.begin(status, fields, hasContent ? length : noContent, grpc === null ? length : -1);
    if (hasContent) this.#downstream.data(body);
    this.#downstream.end(null);
  }

  #finish(failure: Failure | null): void {
    if (this.#finished) return;
    this.#finished = true;
    const { observer, now } = this.#around;
    this.#time?.end();
    this.atEnd(failure);
    if (failure !== null) this.#collected?.fail(failure);
    observer.exchangeFinished(
      exchangeRecord(this, {
        port: this.#downstream.port,
        listener: this.#routed?.listener.name ?? null,
        cluster: this.#backend?.cluster?.name ?? null,
        endpoint: endpointLabel(this.#forwarding),
        status: this.#status === 0 && failure !== null ? statusOf(failure) : this.#status,
        grpcStatus: this.#grpcStatus,
        failure,
        bytesIn: this.#bytesIn,
        durationMs: now() - this.startedMs,
        attempts: this.#forwarding?.attempts ?? 0,
      }),
    );
  }
}
