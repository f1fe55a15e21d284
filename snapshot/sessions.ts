import { resourceId, type ResourceId } from './ids.ts';
import type { Secret } from './secret.ts';

/** The requests of a client go to the endpoint of its first one, which a token names that the client brings back. */
export interface Persistence {
  readonly carrier: SessionCarrier;
  /** A session ends so long after it began; 0 for no end. */
  readonly absoluteMs: number;
  /** A session ends so long after its last request; 0 for no end. */
  readonly idleMs: number;
}

/**
 * What brings the token. A cookie's path tells where browsers send it; a permanent one outlives the browser, for
 * `absoluteMs`, which then is not 0. The name of a header is lower case.
 */
export type SessionCarrier =
  | {
      readonly kind: 'Cookie';
      readonly name: string;
      readonly path: string;
      readonly lifetime: 'Session' | 'Permanent';
    }
  | { readonly kind: 'Header'; readonly name: string };

/** What all data planes of a Gateway make the key of session tokens of: a session may go on at any of them. */
export interface SessionSecret {
  readonly kind: 'SessionSecret';
  readonly id: ResourceId;
  /** 32 octets, base64. */
  readonly secret: Secret<string>;
}

/** There is one a Gateway. */
export const sessionSecretId: ResourceId = resourceId('SessionSecret', 'sessions');
