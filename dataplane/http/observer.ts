import type { Client } from './exchange.ts';
import type { Failure } from './failure.ts';
import type { Protocol } from './message.ts';

/** What was relayed as it was: octets, of which nothing is known or that they begin with TLS, or datagrams. */
export type RelayProtocol = 'TCP' | 'TLS' | 'UDP';

/** What is told of one finished exchange: what an access log and metrics need. Valid beyond the call. */
export interface RequestRecord {
  /** The port the listener has in the Gateway, not necessarily the one that is bound. */
  readonly port: number;
  /** Labels; null where the exchange failed before one was known. */
  readonly listener: string | null;
  readonly route: string | null;
  readonly rule: string | null;
  readonly cluster: string | null;
  /** The endpoint of the last attempt, `address:port`. */
  readonly endpoint: string | null;
  /** What the client speaks; null when the head could not be parsed. */
  readonly protocol: Protocol | RelayProtocol | null;
  /** As received; `''` when the head could not be parsed, and for what is relayed. */
  readonly method: string;
  /** Lower case, without port; `''` when there was none. */
  readonly host: string;
  /** As matched (normalised), without query. */
  readonly path: string;
  /** What the client was answered; 0 when it went away before an answer began, and for what is relayed. */
  readonly status: number;
  /** The status of a gRPC call; null for what is none, or did not come to its end. */
  readonly grpcStatus: number | null;
  /** Why it failed; also set when an answer had begun and could not be completed. */
  readonly failure: Failure | null;
  /** Bytes of content, without heads and framing. Both directions of a tunnel count. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Monotonic clock: when the head was complete; and from there to the end of the answer. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** How often it was sent to a backend; 0 when it never was. */
  readonly attempts: number;
  readonly client: Client;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  /** The subject of the identity, when one was established. */
  readonly subject: string | null;
  /** What a policy in Shadow would have refused it for, the first of them; null for none. */
  readonly shadowed: string | null;
  /** True when the connection became a tunnel (101). */
  readonly upgraded: boolean;
}

/** Is told of exchanges. Hot path: called once a request, at once; must not throw and must not wait. */
export interface Observer {
  /** Once for every exchange, when its answer has been handed to the socket or given up. */
  exchangeFinished(record: RequestRecord): void;
}
