import type { Denial } from './denial.ts';
import type { Fields } from './fields.ts';

/**
 * All ways in which an exchange can fail, told by who finds it; proxy/answer.ts alone turns one into a status.
 * `detail` is for the log, never for the client.
 */
export type Failure =
  // the client's
  | { readonly kind: 'MalformedRequest'; readonly detail: string }
  | { readonly kind: 'HeadTooLarge' }
  | { readonly kind: 'TargetTooLong' }
  | { readonly kind: 'MethodNotImplemented' }
  | { readonly kind: 'TransferCodingNotImplemented' }
  | { readonly kind: 'VersionNotSupported' }
  | { readonly kind: 'ExpectationFailed' }
  | { readonly kind: 'BodyTooLarge' }
  | { readonly kind: 'ClientTooSlow' }
  | { readonly kind: 'ClientGone' }
  // routing
  | { readonly kind: 'NoRoute' }
  | { readonly kind: 'Misdirected' }
  | { readonly kind: 'ListenerClosed'; readonly detail: string }
  | { readonly kind: 'RouteClosed'; readonly detail: string }
  // policies
  | {
      readonly kind: 'Unauthenticated';
      readonly error: 'missing' | 'invalid';
      /** What to bring: values of WWW-Authenticate (RFC 9110 section 11.6.1). */
      readonly challenges: readonly string[];
      readonly detail: string;
    }
  /** Whoever it is may not do this; `challenge`: what more would help, if anything does. */
  | { readonly kind: 'Forbidden'; readonly challenge: string | null; readonly detail: string }
  /** Its address may not come. */
  | { readonly kind: 'Banned'; readonly detail: string }
  /** The program that it says it is is refused. */
  | { readonly kind: 'BotRefused'; readonly detail: string }
  /** Its address brought too many bad credentials. */
  | { readonly kind: 'GuessingBlocked'; readonly retryAfterS: number; readonly detail: string }
  /** A service that was asked has refused, in its own words. */
  | {
      readonly kind: 'DeniedByService';
      readonly status: number;
      readonly fields: Fields;
      readonly content: Buffer;
      readonly detail: string;
    }
  | { readonly kind: 'AuthorizationUnavailable'; readonly detail: string }
  | { readonly kind: 'KeysUnavailable'; readonly detail: string }
  /** `detail`: the limit, `<namespace>/<policy>/<rule>/<limit>`; `denial`: in which words, null for the usual ones. */
  | {
      readonly kind: 'RateLimited';
      readonly retryAfterS: number;
      readonly denial: Denial | null;
      readonly detail: string;
    }
  /** It takes more than a limit ever has, or nobody can tell what it takes. */
  | { readonly kind: 'RequestTooCostly'; readonly denial: Denial | null; readonly detail: string }
  /** It lacks what a limit counts by, which asks for it. */
  | { readonly kind: 'LimitKeyMissing'; readonly denial: Denial | null; readonly detail: string }
  | { readonly kind: 'RateLimitUnavailable' }
  /** Its address goes on asking, however often it was refused: the whole connection ends. */
  | { readonly kind: 'Flooding' }
  /** Whoever calls has a plan that is not there. */
  | { readonly kind: 'PlanUnavailable'; readonly plan: string }
  // backends
  | { readonly kind: 'NoBackend' }
  | { readonly kind: 'InvalidBackend' }
  /** Its answers tell that it has too much to do. */
  | { readonly kind: 'BackendOverloaded'; readonly detail: string }
  | { readonly kind: 'NoEndpoint' }
  | { readonly kind: 'ConnectFailed'; readonly detail: string }
  | { readonly kind: 'BackendClosed'; readonly detail: string }
  | { readonly kind: 'MalformedResponse'; readonly detail: string }
  | { readonly kind: 'RequestTimedOut' }
  /** The client's own time for its call is over, which says nothing of the backend. */
  | { readonly kind: 'CallTimedOut' }
  | { readonly kind: 'BackendTimedOut' }
  // ourselves
  | { readonly kind: 'Overloaded' }
  | { readonly kind: 'FilterBroke'; readonly detail: string };

export type FailureKind = Failure['kind'];
