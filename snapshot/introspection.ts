import type { ClaimToHeader, CredentialPlaces } from './authentication.ts';
import type { CalledService } from './called-service.ts';
import type { Secret } from './secret.ts';

/** A token whose issuer is asked what it is worth (RFC 7662). */
export interface IntrospectionAuthentication {
  readonly kind: 'Introspection';
  readonly name: string;
  readonly credential: CredentialPlaces;
  readonly endpoint: CalledService;
  /** How the gateway says to the endpoint who it is; null: not at all. */
  readonly client: IntrospectionClient | null;
  /** What `iss` must equal; `''`: anything. */
  readonly issuer: string;
  /** `aud` must hold one of them; empty: any audience passes. */
  readonly audiences: readonly string[];
  /** How long an answer holds, if the token does not end before. */
  readonly cacheMs: number;
  /** How much longer one that let the token pass holds while the endpoint does not answer. */
  readonly staleMs: number;
  readonly claimsToHeaders: readonly ClaimToHeader[];
}

/** Basic: in Authorization (RFC 6749 section 2.3.1); Post: in the content. */
export interface IntrospectionClient {
  readonly id: string;
  readonly secret: Secret<string>;
  readonly method: 'Basic' | 'Post';
}
