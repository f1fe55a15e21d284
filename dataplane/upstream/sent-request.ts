import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ForwardedHead } from '#dataplane/http/message.ts';

/** What is sent to a backend: made once a request, sent by any number of attempts. */
export interface SentRequest {
  readonly head: ForwardedHead;
  readonly length: ContentLength;
  /** The protocols it offers to switch to; `''` for none. */
  readonly upgrade: string;
  /** For WebSocket when the client's protocol has no keys: what HTTP/1.1 is to send for one; null else. */
  readonly webSocketKey: string | null;
  /** Whether the client takes trailers. */
  readonly takesTrailers: boolean;
  /** The head as HTTP/1.1 has it, with its empty line; made when it is first asked for. */
  text(): string;
}
