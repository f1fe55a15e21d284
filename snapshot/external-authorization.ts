import type { CalledService } from './called-service.ts';

/** A service that is asked by HTTP whether a request may pass (GEP-1494): 200 lets it, all else does not. */
export interface ExternalAuthorization {
  /** `path` stands before the request's own: `''` or without a `/` at its end. */
  readonly service: CalledService;
  /** Fields of the request that it is told beside Authorization. Lower case. */
  readonly headersToService: readonly string[];
  /** Fields of its answer that the backend gets, in place of what the client sent under these names. Lower case. */
  readonly headersToBackend: readonly string[];
  /** Fields of its refusal that the client gets, beside those that any refusal needs. Lower case. */
  readonly headersToClient: readonly string[];
  /** Whether requests pass while it does not answer. */
  readonly failOpen: boolean;
  readonly cache: DecisionCache | null;
}

/** A decision is kept for requests that are equal in method, host, path, query, Authorization and these fields. */
export interface DecisionCache {
  /** Lower case. */
  readonly headers: readonly string[];
  readonly forMs: number;
}
