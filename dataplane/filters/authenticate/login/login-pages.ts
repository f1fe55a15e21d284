import type { Answered, Exchange } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Outage, Refusal } from '../authenticator.ts';

/** What a page of a way in answers: itself, or why not. */
export type PageAnswer = Answered | Refusal | Outage | Failure;

/** What a way in answers by itself, so that its credential can be had. */
export interface LoginPages {
  /** Answers a request for one of its pages; null: it is for others. */
  answer(exchange: Exchange): PageAnswer | Promise<PageAnswer> | null;
  /** Leads one without a credential to where it is had; null: that would not help. */
  invite(exchange: Exchange): PageAnswer | null;
}
