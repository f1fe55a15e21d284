import type { BackendFilter, Filter } from './filter.ts';
import type { ResourceId } from './ids.ts';
import type { ResourceMetadata } from './resource-metadata.ts';
import type { Persistence } from './sessions.ts';

/** One HTTPRoute or GRPCRoute as the data plane needs it: where it is attached, and its rules in their own order. */
export interface Route {
  readonly kind: 'Route';
  readonly id: ResourceId;
  /** `<kind>/<namespace>/<name>`: a label in metrics and logs, and the last tie-break of precedence. */
  readonly name: string;
  /** Creation time in milliseconds since 1970; of two equal matches the older route wins. */
  readonly createdMs: number;
  readonly attachments: readonly Attachment[];
  readonly rules: readonly RouteRule[];
}

/** The listener a route is attached to, and the hosts it serves there. */
export interface Attachment {
  readonly listener: ResourceId;
  readonly hostnames: readonly AttachedHostname[];
}

/** A host that route and listener have in common. */
export interface AttachedHostname {
  /** The intersection; `''` for any host. */
  readonly serves: string;
  /** What the route itself says (`''` when it says nothing): precedence goes by this first (Gateway API 1.7). */
  readonly own: string;
  /** Whether the `*` of `own` stands for one label only, as in an Ingress; in a route it stands for one or more. */
  readonly oneLabel: boolean;
}

/** One rule: what it takes, what is asked of it, and what becomes of it. */
export interface RouteRule {
  /** The rule's name, or its index in the route as text. */
  readonly name: string;
  /** At least one; any of them selects the rule. */
  readonly matches: readonly RouteMatch[];
  /** In the order in which they are applied. */
  readonly filters: readonly Filter[];
  /** Authentications that must all pass (levels are ANDed), in their order. */
  readonly authentications: readonly ResourceId[];
  /** Rate limits that must all pass. */
  readonly rateLimits: readonly ResourceId[];
  readonly action: RouteAction;
}

/** All parts must hold. Names of headers are lower case. */
export interface RouteMatch {
  readonly path: PathMatch;
  /** Case-sensitive, as received; null for any. */
  readonly method: string | null;
  readonly headers: readonly ValueMatch[];
  readonly query: readonly ValueMatch[];
}

/**
 * Exact: byte for byte. Prefix: by path element, without trailing slash (`/` is the empty prefix `''`).
 * Regex: RE2 syntax, must match the whole path. Last: the last element with the slash before it, as `/AddItem`.
 */
export interface PathMatch {
  readonly kind: 'Exact' | 'Prefix' | 'Regex' | 'Last';
  readonly value: string;
}

/** A header or query parameter and what its value must be; Regex: RE2 syntax, the whole value. */
export interface ValueMatch {
  readonly kind: 'Exact' | 'Regex';
  readonly name: string;
  readonly value: string;
}

/** What a rule does with its requests. */
export type RouteAction =
  | ForwardAction
  | RedirectAction
  | ResourceMetadataAction
  | ClosedAction
  | UnknownAction;

/** Answers with the document that tells where tokens are to be had. */
export interface ResourceMetadataAction extends ResourceMetadata {
  readonly kind: 'ResourceMetadata';
}

/** Sends them to backends. */
export interface ForwardAction {
  readonly kind: 'Forward';
  /** Picked by weight. Empty, or all weights 0: the request fails as having no backend. */
  readonly backends: readonly WeightedBackend[];
  readonly timeouts: RouteTimeouts;
  /** Null: as docs/decisions/0018-retries.md tells. */
  readonly retry: RouteRetry | null;
  /** Null: no second try beside a slow first. */
  readonly hedge: Hedge | null;
  /** Who gets a copy of requests beside the backend, whichever that is. */
  readonly mirrors: readonly Mirror[];
  /** Null: each request is balanced for itself. */
  readonly persistence: Persistence | null;
  /** Most octets of a request's content; 0 for the listener's limit alone. */
  readonly bodyBytesMax: number;
}

/** When a request is sent again. Connections that fail cost no attempt; what cannot be sent twice never is. */
export interface RouteRetry {
  /** After the first; 0: a request is never sent again. */
  readonly attempts: number;
  /** Status codes of answers that are not passed on while an attempt is left; sorted. */
  readonly codes: readonly number[];
  /** Statuses of gRPC in heads of answers (1 to 16) that are not passed on either; sorted. */
  readonly grpcCodes: readonly number[];
  readonly conditions: readonly RetryCondition[];
  /** Before the first; doubled before each further one, with jitter. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** One attempt; 0 for none but the rule's own. */
  readonly perTryMs: number;
}

/**
 * ConnectFailure: no connection. Refused: the backend says that it did not look at the request. Reset: it closed
 * before it answered. Timeout: the attempt took too long.
 */
export type RetryCondition = 'ConnectFailure' | 'Refused' | 'Reset' | 'Timeout';

/** A further try beside one without an answer after so long, up to so many; the first answer counts. */
export interface Hedge {
  readonly afterMs: number;
  readonly attemptsMax: number;
}

/** The share of requests that is copied to a cluster; answers to copies are dropped. */
export interface Mirror {
  readonly cluster: ResourceId;
  readonly numerator: number;
  readonly denominator: number;
}

/** `cluster: null` is a reference that could not be resolved: its share of requests fails. */
export interface WeightedBackend {
  readonly cluster: ResourceId | null;
  readonly weight: number;
  /** After those of the rule. */
  readonly filters: readonly BackendFilter[];
  /** Beside those of the rule, who get a copy of the requests that go here. */
  readonly mirrors: readonly Mirror[];
}

/** Milliseconds; null for the data plane's default, 0 for none. */
export interface RouteTimeouts {
  /** The whole exchange, all attempts included. */
  readonly requestMs: number | null;
  /** One attempt at one backend. */
  readonly backendRequestMs: number | null;
  /** One attempt, from the end of the request to the head of the answer. */
  readonly headMs: number | null;
}

/** Answers by a redirect; a part that is null is taken from the request. */
export interface RedirectAction {
  readonly kind: 'Redirect';
  readonly status: 301 | 302 | 303 | 307 | 308;
  readonly scheme: 'http' | 'https' | null;
  readonly hostname: string | null;
  readonly port: number | null;
  readonly path: PathRewrite | null;
}

/** Full: the whole path. Prefix: what the Prefix match of the rule matched (`matched`) becomes `value`. */
export type PathRewrite =
  | { readonly kind: 'Full'; readonly value: string }
  | { readonly kind: 'Prefix'; readonly value: string };

/** Something that must be enforced here cannot be: nothing passes. The reason is for the operator only. */
export interface ClosedAction {
  readonly kind: 'Closed';
  readonly reason: string;
}

/** What a newer build would do or ask, met on the wire only: here it is closed. */
export interface UnknownAction {
  readonly kind: 'Unknown';
  /** What is not known, such as `action NAME` or `member NAME`. */
  readonly told: string;
}
