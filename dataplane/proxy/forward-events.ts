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
  interimHead(response: ReceivedResponse): void;
  responseHead(response: ReceivedResponse): void;
  responseSwitched(response: ReceivedResponse): void;
  responseData(data: Buffer): void;
  responseEnd(trailers: Fields | null): void;
  responseFlush(): void;
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
