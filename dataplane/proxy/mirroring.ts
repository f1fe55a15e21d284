import { Attempt } from './attempt.ts';
import { isIdempotent } from './retry.ts';
import { KeptContent } from './kept-content.ts';
import type { TimeWatch } from './allowed-time.ts';
import type { AttemptOwner } from './attempt.ts';
import type { Timed } from './deadlines.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';
import type { SentRequest } from '#dataplane/upstream/sent-request.ts';
import type { Caller } from '#dataplane/upstream/transport.ts';

/** A copy has so long, whatever the request's own time. */
const mirrorTimeoutMs = 60_000;
/** Content that a slow mirror may be behind. */
const unsentBytesMax = 64 * 1024;
/** So much of an answer is read to its end, for the connection's sake and the backend's logs; longer ones are cut. */
const answerBytesMax = 1024 * 1024;

/** What is copied. */
export interface Original extends Pick<AttemptOwner, 'request' | 'caller'> {
  /** Content that came before it began; the rest is told. */
  readonly collected: Buffer;
}

/**
 * A copy of one request to another cluster, whose answer nobody gets: one attempt, without a second one. It never
 * makes the request itself wait, so a mirror that does not keep up is given up.
 */
export class Mirroring implements AttemptOwner, Timed {
  readonly cluster: UpstreamCluster;
  readonly request: SentRequest;
  readonly caller: Caller;
  deadlineMs: number;
  next: Timed | null = null;
  previous: Timed | null = null;

  readonly #watch: TimeWatch;
  readonly #attempt: Attempt;
  /** Until there is a connection. */
  #kept: KeptContent | null;
  #isFull = false;
  #unsent = 0;
  #ended = false;
  #isAnswered = false;
  #answerBytes = 0;
  #trailers: Fields | null = null;
  #isOver = false;

  /** The caller has counted it with the cluster ({@link UpstreamCluster.began}). */
  constructor(original: Original, cluster: UpstreamCluster, endpoint: UpstreamEndpoint, watch: TimeWatch) {
    this.#kept = new KeptContent(original.collected);
    this.request = original.request;
    this.caller = original.caller;
    this.cluster = cluster;
    this.#watch = watch;
    this.#attempt = new Attempt(endpoint, this);
    this.deadlineMs = watch.now() + mirrorTimeoutMs;
  }

  /** Octets of the request that are held. */
  get buffered(): number {
    return (this.#kept?.held ?? 0) + this.#attempt.buffered;
  }

  start(): void {
    this.#watch.deadlines.add(this);
    this.#attempt.start(isIdempotent(this.request.head.method) ? 'Idempotent' : 'Once', 'Kept');
  }

  data(data: Buffer): void {
    if (this.#isOver) return;
    if (this.#kept !== null) {
      this.#kept.add(data);
      if (!this.#kept.isWhole) this.#drop();
      return;
    }
    if (this.#isFull) this.#unsent += data.length;
    if (!this.#attempt.data(data)) this.#isFull = true;
    if (this.#unsent > unsentBytesMax) this.#drop();
  }

  flush(): void {
    if (!this.#attempt.flush()) this.#isFull = true;
  }

  end(trailers: Fields | null): void {
    this.#ended = true;
    this.#trailers = trailers;
    if (this.#kept === null) this.#attempt.end(trailers);
  }

  /** The request itself is over: a copy that is not whole will never be. */
  originalEnds(): void {
    if (!this.#ended) this.#giveUp();
  }

  /** It says something of the endpoint only when that had all of the request, and nothing to say. */
  timeOut(): void {
    this.#attempt.abort(this.#ended && !this.#isAnswered ? 'TimedOut' : null);
    this.#over();
  }

  // ---- the attempt's side

  attemptSends(attempt: Attempt): void {
    const content = this.#kept?.octets ?? null;
    this.#kept = null;
    if (content !== null && content.length > 0 && !attempt.data(content)) this.#isFull = true;
    if (this.#ended) attempt.end(this.#trailers);
  }

  attemptUnconnected(): void {
    this.#over();
  }

  interimHead(): void {}

  responseHead(): void {
    this.#isAnswered = true;
  }

  responseSwitched(): void {
    this.#giveUp();
  }

  responseData(_attempt: Attempt, data: Buffer): void {
    this.#answerBytes += data.length;
    if (this.#answerBytes > answerBytesMax) this.#giveUp();
  }

  responseFlush(): void {}

  responseEnd(): void {
    this.#over();
  }

  responseFailed(): void {
    this.#over();
  }

  requestReady(): void {
    this.#isFull = false;
    this.#unsent = 0;
  }

  keepsData(): boolean {
    return false;
  }

  /** It does not keep up. */
  #drop(): void {
    this.cluster.counts.mirrorsDropped += 1;
    this.#giveUp();
  }

  #giveUp(): void {
    this.#attempt.abort(null);
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#kept = null;
    this.#watch.deadlines.remove(this);
    this.cluster.mirrors -= 1;
    this.cluster.ended();
  }
}
