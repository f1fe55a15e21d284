import assert from 'node:assert/strict';
import { EarlyContent } from '#dataplane/http/early-content.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ContentDemand, RequestContent } from '#dataplane/http/request-content.ts';
import { forwardedTrailers } from './forwarded.ts';
import type { Downstream } from './downstream.ts';

/** A filter that waits. */
interface Asked {
  readonly demand: ContentDemand;
  readonly tell: (content: RequestContent | Failure) => void;
}

/**
 * The content of one request as far as filters have asked for it, before there is a backend. What came goes to the
 * backend unchanged: it stays here, with the trailers behind it.
 */
export class CollectedContent {
  readonly #downstream: Pick<Downstream, 'want' | 'hold'>;
  /** The Content-Length, or less than 0. */
  readonly #declared: number;
  readonly #content = new EarlyContent();
  #asked: Asked | null = null;
  #ended: boolean;
  #trailers: Fields | null = null;

  /** `ended`: there is no content. */
  constructor(
    downstream: Pick<Downstream, 'want' | 'hold'>,
    of: { readonly declared: number; readonly ended: boolean },
  ) {
    this.#downstream = downstream;
    this.#declared = of.declared;
    this.#ended = of.ended;
  }

  /** Octets of memory that it takes. */
  get held(): number {
    return this.#content.held;
  }

  /** All that came; it is not overwritten, and not held here any more. */
  take(): Buffer {
    return this.#content.take();
  }

  /** As the client sent them. */
  get trailers(): Fields | null {
    return this.#trailers;
  }

  /** Those that may go on behind `head`. */
  trailersBehind(head: Fields): Fields | null {
    return this.#trailers === null ? null : forwardedTrailers(this.#trailers, head);
  }

  /** What `demand` says, once it is here. By one at a time. A client that waits for 100 gets it, if it may send at all. */
  ask(demand: ContentDemand): Promise<RequestContent | Failure> {
    assert(this.#asked === null);
    if (demand.beyond === 'Refuse' && this.#declared > demand.bytesMax) return Promise.resolve(tooLarge);
    const { promise, resolve } = Promise.withResolvers<RequestContent | Failure>();
    this.#asked = { demand, tell: resolve };
    if (!this.#look()) this.#downstream.want();
    return promise;
  }

  push(data: Buffer): void {
    this.#content.push(data);
    this.#look();
  }

  end(trailers: Fields | null): void {
    this.#ended = true;
    this.#trailers = trailers;
    this.#look();
  }

  /** Nothing more comes of the request. */
  fail(failure: Failure): void {
    this.#asked?.tell(failure);
    this.#asked = null;
  }

  /** Whether nobody waits any more. */
  #look(): boolean {
    const asked = this.#asked;
    if (asked === null) return true;
    const { bytesMax, beyond } = asked.demand;
    const fits = this.#content.size <= bytesMax;
    if (fits && !this.#ended) return false;
    this.#asked = null;
    if (!this.#ended) this.#downstream.hold();
    if (fits) asked.tell({ octets: this.#content.octets, isWhole: true });
    else if (beyond === 'Refuse') asked.tell(tooLarge);
    else asked.tell({ octets: this.#content.octets.subarray(0, bytesMax), isWhole: false });
    return true;
  }
}

const tooLarge: Failure = { kind: 'BodyTooLarge' };
