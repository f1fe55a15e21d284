import { takesTrailers } from '#dataplane/http/hop-by-hop.ts';
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
  readonly takesTrailers: boolean;
  #text: string | null = null;

  constructor(request: ReceivedRequest, head: ForwardedHead) {
    this.head = head;
    this.length = request.length;
    this.upgrade = request.upgrade;
    this.takesTrailers = takesTrailers(request.fields);
  }

  text(): string {
    this.#text ??= requestHeadText(this.head, this.length, requestHop(this.upgrade, this.takesTrailers));
    return this.#text;
  }
}
