import type { Fields } from './fields.ts';
import type { ContentLength } from './framing.ts';
import type { GrpcCall } from './grpc.ts';
import type { RequestHead } from './message.ts';

/** A request's head with what its own hop said: how its content is framed, and what the connection is to do. */
export interface ReceivedRequest extends RequestHead {
  readonly length: ContentLength;
  /** Whether the client lets the connection live on. */
  readonly persistent: boolean;
  /** It waits for 100 before it sends content (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
  /** The Connection field's lines joined, `''` without: which fields are for this hop only. */
  readonly connectionOptions: string;
  /** Null for what is no gRPC. */
  readonly grpc: GrpcCall | null;
  /** Protocols it would switch to, as received and without `h2c`; `''` for none. */
  readonly upgrade: string;
}

/** The head of a backend's answer, interim ones included. */
export interface ReceivedResponse {
  readonly status: number;
  readonly fields: Fields;
  readonly length: ContentLength;
  /** What Content-Length said where there is no content (HEAD, 304), or -1. */
  readonly declaredLength: number;
  readonly persistent: boolean;
  readonly connectionOptions: string;
  /** What the backend's Keep-Alive field says; `''` for none. */
  readonly keepAlive: string;
  /** `''` for none. */
  readonly upgrade: string;
}
