import { fieldLine } from '#dataplane/http/fields.ts';
import { listHas } from '#dataplane/http/framing.ts';
import { takesTrailers } from '#dataplane/http/hop-by-hop.ts';
import { newWebSocketKey } from '#dataplane/upstream/web-socket-key.ts';
import { requestHeadText } from './head-text.ts';
import { requestHop } from './upgrade.ts';
import type { ContentLength } from '#dataplane/http/framing.ts';
import type { ForwardedHead } from '#dataplane/http/message.ts';
import type { ReceivedRequest } from '#dataplane/http/received.ts';
import type { SentRequest } from '#dataplane/upstream/sent-request.ts';

/** A request as it leaves for a backend, after all filters. */
export class OutgoingRequest implements SentRequest {
  readonly head: ForwardedHead;
  readonly length: ContentLength;
  readonly upgrade: string;
  readonly webSocketKey: string | null;
  readonly takesTrailers: boolean;

  constructor(request: ReceivedRequest, head: ForwardedHead) {
    this.head = head;
    this.length = request.length;
    this.upgrade = request.upgrade;
    this.webSocketKey = request.upgrade === '' ? null : ownKey(request);
    this.takesTrailers = takesTrailers(request.fields);
  }

  /** Made anew for each try: remembered, its pieces are a thousand octets that each request in flight would hold. */
  text(): string {
    return requestHeadText(this.head, this.length, this.#hop());
  }

  #hop(): string {
    const hop = requestHop(this.upgrade, this.takesTrailers);
    return this.webSocketKey === null ? hop : hop + fieldLine('Sec-WebSocket-Key', this.webSocketKey);
  }
}

/** Of a client by HTTP/2, which sends none (RFC 8441 section 5.1). */
function ownKey({ protocol, upgrade }: ReceivedRequest): string | null {
  return protocol === 'HTTP/2' && listHas(upgrade, 'websocket') ? newWebSocketKey() : null;
}
