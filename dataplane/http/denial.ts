/** The content of an answer to one who may not pass, in the words of whoever wrote the policy. */
export interface Denial {
  readonly contentType: string;
  text(told: DenialWords): string;
}

/** What its content may tell. */
export interface DenialWords {
  readonly status: number;
  readonly title: string;
  /** `''` for none. A client may have chosen it. */
  readonly requestId: string;
}
