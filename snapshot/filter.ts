import type { PathRewrite } from './route.ts';

/** What a rule, or one of its backends, does to a request or its answer. */
export type Filter = HeaderFilter | RewriteFilter | UnknownFilter;

/** Edits of field lines. */
export type HeaderFilter = RequestHeaderFilter | ResponseHeaderFilter;

/** Changes fields of the request before it is forwarded (Gateway API RequestHeaderModifier). */
export interface RequestHeaderFilter extends HeaderEdits {
  readonly kind: 'RequestHeaders';
}

/** Changes fields of the answer before it goes to the client (Gateway API ResponseHeaderModifier). */
export interface ResponseHeaderFilter extends HeaderEdits {
  readonly kind: 'ResponseHeaders';
}

/** set replaces all values, add appends one, remove deletes; names are lower case. */
export interface HeaderEdits {
  readonly set: readonly HeaderValue[];
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
}

/** A field line; the name is lower case. */
export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

/**
 * A filter of a newer build, met on the wire only. Nobody here can tell what it would have kept out, so what it stands in
 * is closed.
 */
export interface UnknownFilter {
  readonly kind: 'Unknown';
  /** What it is called. */
  readonly told: string;
}

/** Changes Host and path of the forwarded request (Gateway API URLRewrite); null leaves a part as it is. */
export interface RewriteFilter {
  readonly kind: 'Rewrite';
  readonly hostname: string | null;
  readonly path: PathRewrite | null;
}
