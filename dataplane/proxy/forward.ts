import { Attempt } from './attempt.ts';
import { forwardedTrailers } from './forwarded.ts';
import { Hedging } from './hedging.ts';
import { HeldBack, holdsBack } from './held-back.ts';
import { KeptContent } from './kept-content.ts';
import { startMirrors } from './mirrors.ts';
import type { Mirrors } from './mirrors.ts';
import { causeInAnswer, causeInFailure, isIdempotent, isSafe, purposeOf, Retries } from './retry.ts';
import { Wait } from './wait.ts';
import type { AttemptOwner } from './attempt.ts';
import type { Downstream } from './downstream.ts';
import type { ForwardEvents, ForwardTerms } from './forward-events.ts';
import type { NextAttempt, RetryCause } from './retry.ts';
import type { CollectedContent } from './collected-content.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { Mirror } from '#dataplane/runtime.ts';
import type { Hedge } from '#snapshot/route.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';
import type { Outcome } from '#dataplane/upstream/health/endpoint-health.ts';
import type { SentRequest } from '#dataplane/upstream/sent-request.ts';
import type { Blame, Caller } from '#dataplane/upstream/transport.ts';
import type { Reached } from '#dataplane/upstream/upstream-exchange.ts';

/**
 * The backend's side of one exchange: one attempt at an endpoint after the other, until one is answered or no other
 * may follow (retry.ts). All within the time that the exchange has.
 *
 *     start         at once, or held back while connections are scarce (held-back.ts)
 *     #begin        counts with its cluster, which picks an endpoint
 *     #try          an attempt there (attempt.ts): a connection, and the request on it; attemptSends gives the content
 *     responseHead  goes to the client, or is in vain by the rule; other ways to fail are attemptUnconnected,
 *                   responseFailed and attemptTimedOut
 *     #next, #goOn  whether and where another attempt follows
 *     #end          once, whatever became of it
 *
 * Hot path: beside itself and one attempt it makes nothing until something fails.
 */
export class Forwarding implements AttemptOwner {
  readonly request: SentRequest;
  /** Requests sent to a backend. */
  attempts = 0;

  readonly #terms: ForwardTerms;
  readonly #downstream: Downstream;
  readonly #events: ForwardEvents;
  #attempt: Attempt | null = null;
  #retries: Retries | null = null;
  #backoff: Wait | null = null;
  #hedging: Hedging | null = null;
  #mirrors: Mirrors | null = null;
  #hash = 0;
  /** What came before the request might go to a backend; null once that has it, and when it might at once. */
  #heldBack: HeldBack | null = null;
  #contentSent = false;
  /** Null where nothing can follow once content has gone. */
  #kept: KeptContent | null = null;
  #contentEnded = false;
  /** The head of an answer has gone to the client. */
  #answering = false;
  #trailers: Fields | null = null;
  #isOpen = false;

  constructor(request: SentRequest, terms: ForwardTerms, downstream: Downstream, events: ForwardEvents) {
    this.request = request;
    this.#terms = terms;
    this.#downstream = downstream;
    this.#events = events;
  }

  /** Whose request it is, as policies count it. */
  get caller(): Caller {
    return { source: this.#events.client, destination: this.#downstream.destination };
  }

  get cluster(): UpstreamCluster {
    return this.#terms.cluster;
  }

  /** Octets that are held: content that may be sent once more, and what is on its way to or from the backend. */
  get buffered(): number {
    const kept = (this.#kept?.held ?? 0) + (this.#heldBack?.held ?? 0);
    return kept + (this.#attempt?.buffered ?? 0) + (this.#mirrors?.buffered ?? 0);
  }

  /** Content that came before the present attempt, and can be sent by another. */
  get collected(): Buffer {
    return this.#kept?.octets ?? nothing;
  }

  /** The endpoint of the present or last attempt. */
  get endpoint(): UpstreamEndpoint | null {
    return this.#attempt?.endpoint ?? null;
  }

  // ---- the exchange's side

  /** Begins, or has content come first. `contentEnded`: the request is whole already, with what was `collected`. */
  start(contentEnded: boolean, collected: CollectedContent | null): void {
    this.#contentEnded = contentEnded;
    if (collected !== null && collected.held > 0) this.#kept = new KeptContent(collected.take());
    this.#trailers = collected?.trailersBehind(this.request.head.fields) ?? null;
    const { cluster, watch } = this.#terms;
    if (contentEnded || this.request.upgrade !== '' || !holdsBack(cluster)) {
      this.#begin();
      return;
    }
    this.#heldBack = new HeldBack(cluster, watch, () => this.#beginUnfinished());
    this.#downstream.want();
  }

  /** Begins though more of the request is to come, which waits for a connection now. */
  #beginUnfinished(): void {
    this.#downstream.hold();
    this.#begin();
  }

  #begin(): void {
    this.#heldBack?.end();
    const { cluster, mirrors, session, action } = this.#terms;
    const { retry, hedge } = action;
    const hasContent = !this.#contentEnded || this.#heldBack !== null;
    if (hasContent && (retry !== null || cluster.speaksHttp2)) this.#kept ??= new KeptContent();
    if (!cluster.began()) {
      this.#events.forwardFailed({ kind: 'Overloaded' });
      return;
    }
    this.#isOpen = true;
    const held = session?.endpoint ?? null;
    // what a session has to say to its endpoint is nothing to another one
    if (hedge !== null && held === null) this.#hedge(hedge);
    if (mirrors.length > 0 && this.request.upgrade === '') this.#mirror(mirrors);
    this.#hash = cluster.hashOf(this.request.head.fields, this.#events.client.address);
    const endpoint = held ?? cluster.pick(this.#hash, none);
    if (endpoint === null) this.#fail({ kind: 'NoEndpoint' });
    else this.#try(endpoint, 'Kept');
  }

  contentData(data: Buffer): void {
    if (this.#heldBack !== null) {
      this.#heldBack.push(data);
      return;
    }
    this.#contentSent = true;
    this.#kept?.add(data);
    this.#mirrors?.data(data);
    if (this.#attempt?.data(data) === false) this.#downstream.hold();
  }

  contentFlush(): void {
    if (this.#heldBack !== null && !this.#isOpen) {
      if (this.#heldBack.mayBegin) this.#beginUnfinished();
      return;
    }
    this.#mirrors?.flush();
    if (!this.#contentEnded && this.#attempt?.flush() === false) this.#downstream.hold();
  }

  contentEnd(trailers: Fields | null): void {
    this.#contentEnded = true;
    if (trailers !== null) this.#trailers = forwardedTrailers(trailers, this.request.head.fields);
    if (this.#heldBack !== null && !this.#isOpen) {
      this.#begin();
      return;
    }
    this.#mirrors?.end(this.#trailers);
    const attempt = this.#attempt;
    if (attempt === null) return;
    attempt.end(this.#trailers);
    if (attempt.isSending) this.#hedging?.sent(attempt);
  }

  /** The client is slow, or no longer. */
  pause(): void {
    this.#attempt?.pause();
  }

  resume(): void {
    this.#attempt?.resume();
  }

  /** The present attempt has had its time; false when no other follows. */
  attemptTimedOut(): boolean {
    const attempt = this.#attempt;
    if (attempt === null) return false;
    const next = this.#next({ kind: 'Timeout' }, attempt);
    if (next === null) return false;
    attempt.abort('TimedOut');
    this.#hedging?.abort();
    this.#goOn(next);
    return true;
  }

  /** Gives the request up for this; nothing more is told. */
  abort(failure: Failure): void {
    this.#attempt?.abort(this.#outcomeOf(failure));
    this.#hedging?.abort();
    this.#end();
  }

  /** After a switch: what comes and goes then; null when the connection is gone. {@link switchedEnds} follows. */
  takeOver(): Channel | null {
    return this.#attempt?.takeOver() ?? null;
  }

  /** What came of a switch is over. */
  switchedEnds(): void {
    this.#attempt?.abort('Answered');
    this.#end();
  }

  // ---- the attempt's side

  attemptSends(attempt: Attempt): void {
    this.attempts += 1;
    if (this.collected.length > 0) {
      this.#contentSent = true;
      attempt.data(this.collected);
    }
    const heldBack = this.#heldBack;
    this.#heldBack = null;
    if (heldBack !== null && heldBack.held > 0) {
      this.#contentSent = true;
      this.#kept?.add(heldBack.octets);
      attempt.data(heldBack.octets);
    }
    if (!this.#contentEnded) {
      this.#downstream.want();
      return;
    }
    attempt.end(this.#trailers);
    this.#hedging?.sent(attempt);
  }

  attemptUnconnected(attempt: Attempt, failure: Failure, blame: Blame): void {
    if (this.#othersRun(attempt)) return;
    const next = blame === 'Nobody' ? null : this.#next({ kind: 'ConnectFailure' }, attempt);
    if (next !== null) this.#goOn(next);
    else if (failure.kind !== 'ConnectFailed') this.#fail(failure);
    else this.#fail({ kind: 'ConnectFailed', detail: `${attempt.endpoint.name}: ${failure.detail}` });
  }

  interimHead(attempt: Attempt, response: ReceivedResponse): void {
    if (attempt === this.#attempt) this.#events.interimHead(response);
  }

  responseHead(attempt: Attempt, response: ReceivedResponse): void {
    const next = this.#nextAfter(attempt, response);
    if (next === null) {
      this.#attempt = attempt;
      this.#hedging?.won(attempt);
      this.#kept?.drop();
      this.#answering = true;
      this.#events.responseHead(response);
      return;
    }
    this.#hedging?.won(attempt);
    attempt.drop();
    this.#goOn(next, 'Kept');
  }

  responseSwitched(_attempt: Attempt, response: ReceivedResponse): void {
    this.#events.responseSwitched(response);
  }

  responseData(_attempt: Attempt, data: Buffer): void {
    this.#events.responseData(data);
  }

  responseFlush(): void {
    this.#events.responseFlush();
  }

  responseEnd(_attempt: Attempt, trailers: Fields | null): void {
    this.#end();
    this.#events.responseEnd(trailers);
  }

  responseFailed(attempt: Attempt, failure: Failure, reached: Reached): void {
    if (reached !== 'Answering' && this.#othersRun(attempt)) return;
    // an answer that the client has a part of is nobody else's to go on with
    const cause = this.#answering ? null : causeInFailure(reached);
    const next = cause === null ? null : this.#next(cause, attempt);
    if (next === null) this.#fail(failure);
    else this.#goOn(next);
  }

  requestReady(): void {
    if (!this.#contentEnded) this.#downstream.want();
  }

  keepsData(): boolean {
    return this.#downstream.keepsData();
  }

  // ---- one attempt after the other

  #try(endpoint: UpstreamEndpoint, connection: 'Kept' | 'New'): void {
    const attempt = new Attempt(endpoint, this);
    this.#attempt = attempt;
    this.#events.attemptBegins();
    attempt.start(purposeOf(this.request), connection);
  }

  /** Hot path: a rule without retries asks nothing here. */
  #nextAfter(attempt: Attempt, response: ReceivedResponse): NextAttempt | null {
    const { retry } = this.#terms.action;
    const cause = retry === null ? null : causeInAnswer(retry, response);
    return cause === null ? null : this.#next(cause, attempt);
  }

  #next(cause: RetryCause, { endpoint }: Attempt): NextAttempt | null {
    const { action, cluster, watch } = this.#terms;
    this.#retries ??= new Retries(action.retry, cluster, this.#hash);
    const request = {
      isIdempotent: isIdempotent(this.request.head.method),
      contentSent: this.#contentSent,
      contentLost: this.#contentSent && this.#kept?.isWhole !== true,
      contentEnded: this.#contentEnded,
    };
    return this.#retries.next(cause, endpoint, request, { nowMs: watch.now(), random: Math.random });
  }

  /** After a failure only a new connection tells whether the endpoint is there. */
  #goOn({ endpoint, waitMs }: NextAttempt, connection: 'Kept' | 'New' = 'New'): void {
    this.#terms.cluster.counts.retries += 1;
    // content that comes while there is no connection would have nowhere to go
    if (!this.#contentEnded) this.#downstream.hold();
    if (waitMs === 0) {
      this.#try(endpoint, connection);
      return;
    }
    this.#events.attemptEnds();
    this.#backoff = new Wait(this.#terms.watch, waitMs, () => this.#try(endpoint, connection));
  }

  #mirror(mirrors: readonly Mirror[]): void {
    this.#mirrors = startMirrors(this, mirrors, { watch: this.#terms.watch, random: Math.random });
    if (this.#heldBack !== null && this.#heldBack.held > 0) this.#mirrors?.data(this.#heldBack.octets);
    if (this.#contentEnded) this.#mirrors?.end(this.#trailers);
  }

  #hedge(hedge: Hedge): void {
    if (!isSafe(this.request.head.method) || this.request.upgrade !== '') return;
    this.#hedging = new Hedging(hedge, this.#terms.watch, (running) => this.#rival(running));
  }

  /** One more attempt beside those that run, elsewhere and within what the cluster bears. */
  #rival(running: readonly Attempt[]): Attempt | null {
    const { cluster, watch } = this.#terms;
    if (this.#contentSent && this.#kept?.isWhole !== true) return null;
    const tried = running.map(({ endpoint }) => endpoint);
    const endpoint = cluster.pick(this.#hash, tried);
    if (endpoint === null || tried.includes(endpoint)) return null;
    this.#retries ??= new Retries(this.#terms.action.retry, cluster, this.#hash);
    if (!this.#retries.mayRepeat(watch.now())) return null;
    const attempt = new Attempt(endpoint, this);
    attempt.start('Idempotent', 'Kept');
    cluster.counts.hedges += 1;
    return attempt.isOver ? null : attempt;
  }

  /** Whether another attempt is under way, which then is the one. */
  #othersRun(failed: Attempt): boolean {
    const other = this.#hedging?.lost(failed) ?? null;
    if (other !== null && this.#attempt === failed) this.#attempt = other;
    return other !== null;
  }

  /** What a time-out says of the endpoint: nothing when the caller chose the time, sends still, or reads slowly. */
  #outcomeOf({ kind }: Failure): Outcome | null {
    if (!this.#contentEnded || this.#answering) return null;
    return kind === 'BackendTimedOut' || kind === 'RequestTimedOut' ? 'TimedOut' : null;
  }

  #fail(failure: Failure): void {
    this.#end();
    this.#events.forwardFailed(failure);
  }

  #end(): void {
    this.#heldBack?.end();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#backoff?.cancel();
    this.#hedging?.end();
    this.#mirrors?.originalEnds();
    this.#retries?.end();
    this.#terms.cluster.ended();
  }
}

const none: readonly UpstreamEndpoint[] = [];
const nothing = Buffer.alloc(0);
