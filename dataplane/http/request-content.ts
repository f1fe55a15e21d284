/** What a filter needs of a request's content; told once, when the filter is made. */
export interface ContentDemand {
  /** So much is collected at most; it is held until the backend has answered. */
  readonly bytesMax: number;
  /** Content that is longer: the request is refused (413), or the filter gets what stands first. */
  readonly beyond: 'Refuse' | 'Truncate';
}

/** Content as the backend will get it: without the framing of its hop. */
export interface RequestContent {
  /** At most so many as were demanded. Not to be changed. */
  readonly octets: Buffer;
  /** Always so where longer content is refused. */
  readonly isWhole: boolean;
}
