import type { CalledService } from './called-service.ts';

/**
 * A service that is asked whether a request may pass (GEP-1494). By HTTP 200 lets it, and all else does not; by GRPC it
 * is `envoy.service.auth.v3.Authorization`.
 */
export interface ExternalAuthorization {
  readonly protocol: 'HTTP' | 'GRPC';
  /** `path`: by HTTP it stands before the request's own, and is `''` or without a `/` at its end; by GRPC it is `''`. */
  readonly service: CalledService;
  /**
   * By HTTP: whose name Host is, the request's, or the service's own where that is told hosts by their name alone; the
   * request's is then in X-Forwarded-Host.
   */
  readonly host: 'Request' | 'Service';
  /** Fields of the request that it is told; by HTTP beside Authorization. Lower case; null: all. */
  readonly headersToService: readonly string[] | null;
  /**
   * Fields that the backend gets by its word, in place of what the client sent under these names. Lower case. Null:
   * whatever it says.
   */
  readonly headersToBackend: readonly string[] | null;
  /** Fields of its refusal that the client gets, beside those that any refusal needs. Lower case; null: all. */
  readonly headersToClient: readonly string[] | null;
  /** Null: it is told nothing of the content. */
  readonly body: ForwardedBody | null;
  /** Told by GRPC with each question: names that differ. */
  readonly context: readonly ContextExtension[];
  /** Whether requests pass while it does not answer. */
  readonly failOpen: boolean;
  readonly cache: DecisionCache | null;
}

/** So much of the content; where there is more, the request is refused, or only that is told. */
export interface ForwardedBody {
  readonly bytesMax: number;
  readonly beyond: 'Refuse' | 'Truncate';
}

/** What the service knows the route by. */
export interface ContextExtension {
  readonly name: string;
  readonly value: string;
}

/**
 * A decision is kept for requests that are equal in method, host, path, query, Authorization, these fields, and what is
 * told of the content.
 */
export interface DecisionCache {
  /** Lower case. */
  readonly headers: readonly string[];
  readonly forMs: number;
}

/** What asking does that its encoded form does not tell. */
export const externalDefaults: Pick<ExternalAuthorization, 'protocol' | 'host' | 'body' | 'context'> =
  Object.freeze({
    protocol: 'HTTP',
    host: 'Request',
    body: null,
    context: Object.freeze([]),
  });
