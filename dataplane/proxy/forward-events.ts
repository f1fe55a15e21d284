import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { Forward, Mirror } from '#dataplane/runtime.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { Session } from '#dataplane/upstream/sessions/sessions.ts';
import type { TimeWatch } from './allowed-time.ts';

/** Is told how a forwarded request fares. */
export interface ForwardEvents {
  /** Whom consistent balancing counts as the client. */
  readonly client: Client;
  /** A new attempt begins: its own time starts. */
  attemptBegins(): void;
  /** The attempt was in vain, and the next begins after a while. */
  attemptEnds(): void;
  /** One of 1xx but 101; the answer is still to come. */
  interimHead(response: ReceivedResponse): void;
  /** Told once: of the attempt whose answer the client gets. */
  responseHead(response: ReceivedResponse): void;
  /** In place of an answer: the backend leaves HTTP (101). */
  responseSwitched(response: ReceivedResponse): void;
  /** Valid during the call: it may be overwritten then. */
  responseData(data: Buffer): void;
  /** All content that has arrived for now has been told. */
  responseFlush(): void;
  responseEnd(trailers: Fields | null): void;
  /** It cannot be, or was not, answered. */
  forwardFailed(failure: Failure): void;
}

/** Where a request goes, how often, and beside whom. */
export interface ForwardTerms {
  readonly cluster: UpstreamCluster;
  readonly action: Pick<Forward, 'retry' | 'hedge'>;
  readonly mirrors: readonly Mirror[];
  /** Null: its endpoint is chosen for this request alone. */
  readonly session: Session | null;
  readonly watch: TimeWatch;
}
