import type { PathRewrite } from './route.ts';

/** What a rule does to a request or its answer. */
export type Filter = BackendFilter | CorsFilter;

/** What one of its backends does. */
export type BackendFilter = HeaderFilter | RewriteFilter | UnknownFilter;

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
 * Tells browsers which pages of other origins may call and read the answers (Gateway API CORS; the Fetch standard's CORS
 * protocol), and answers their preflights.
 */
export interface CorsFilter {
  readonly kind: 'Cors';
  /** Lower case; `*` alone: any. `https://*.example.com`: anything with this end; `https://*`: any host. */
  readonly origins: readonly string[];
  /** Whether pages may send cookies and other credentials. */
  readonly credentials: boolean;
  /** Methods; `*` alone: any. */
  readonly methods: readonly string[];
  /** Fields of requests, lower case; `*` alone: any. */
  readonly headers: readonly string[];
  /** Fields of answers that pages may read, lower case; `*` for all. */
  readonly exposed: readonly string[];
  /** How long browsers may keep the answer to a preflight, in seconds. */
  readonly maxAgeS: number;
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
