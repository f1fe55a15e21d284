import type { Fields } from './fields.ts';

/** A question of the gateway's own to a service: whole, and answered whole. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string | null;
  readonly authority: string;
  readonly fields: Fields;
  /** In order, and not copied. Null: none, and no word of it; empty: none, and that is said. */
  readonly content: readonly Buffer[] | null;
}

/** What came of it. `detail` is for the log. */
export type ServiceAnswer =
  | {
      readonly kind: 'Answered';
      readonly status: number;
      readonly fields: Fields;
      readonly content: Buffer;
      readonly trailers: Fields | null;
    }
  /** It has begun to answer, with this status; the rest is too long, or did not come. */
  | { readonly kind: 'Unread'; readonly status: number; readonly detail: string }
  | { readonly kind: 'Failed'; readonly detail: string };

/** How long is waited for an answer, and how much of it is read. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}
