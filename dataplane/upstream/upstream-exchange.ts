import type { Channel } from '#dataplane/http/channel.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { SentRequest } from './sent-request.ts';

/**
 * What a connection is wanted for. Once: a request that must not be sent twice, so none that may be closing just now.
 * Channel: a request that may leave HTTP.
 */
export type Purpose = 'Idempotent' | 'Once' | 'Channel';

/**
 * How far a request came that failed. NotSent: the endpoint takes no such request, which says nothing of how it
 * fares. NotActedOn: the backend says that it has not looked at it, so it may be sent again whatever it is.
 * Unanswered: not an octet of an answer came. Answering: some did.
 */
export type Reached = 'NotSent' | 'NotActedOn' | 'Unanswered' | 'Answering';

/** One request and its answer at one endpoint, whatever the protocol. */
export interface UpstreamExchange {
  /** Octets of both that are held. */
  readonly buffered: number;
  /** Begins a request, answered to `user`. Goes out by {@link flush} or {@link end}. */
  begin(request: SentRequest, user: ResponseEvents): void;
  /** Content of the request; false when more should wait for `requestReady`. */
  data(data: Buffer): boolean;
  /** The end of the request, with its trailers. */
  end(trailers: Fields | null): void;
  /** Sends on what was given so far; false as for `data`. */
  flush(): boolean;
  /** Reads no more of the answer until {@link resume}: the client is slower than the backend. */
  pause(): void;
  resume(): void;
  /** Gives it up; its user hears nothing more. */
  abort(): void;
  /** After `responseSwitched`: the octets that follow. Its user hears nothing more. */
  takeOver(): Channel;
}

/** Whoever sent a request to an endpoint is told of the answer. */
export interface ResponseEvents {
  /** An interim head (1xx but 101). */
  interimHead(response: ReceivedResponse): void;
  /** The final head. */
  responseHead(response: ReceivedResponse): void;
  /** 101: the user takes over, or aborts. */
  responseSwitched(response: ReceivedResponse): void;
  answerData(data: Buffer): void;
  /** The answer is whole. The exchange is no longer the user's. */
  responseEnd(trailers: Fields | null): void;
  /** All that has arrived for now has been told: time to send it on. */
  responseFlush(): void;
  /** No (more) answer will come; the exchange is no longer the user's. */
  responseFailed(failure: Failure, reached: Reached): void;
  /** Content of the request is taken again after `data` or `flush` said no. */
  requestReady(): void;
  /** Whether data told before may still be referred to; what is not will be overwritten. */
  keepsData(): boolean;
}
