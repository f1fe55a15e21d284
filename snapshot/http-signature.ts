import type { CredentialPlaces } from './authentication.ts';
import type { ResourceId } from './ids.ts';

/** A signature of the request itself (RFC 9421), made with a key of `keySet` that it names by its `keyid`. */
export interface HttpSignatureAuthentication {
  readonly kind: 'HTTPSignature';
  readonly name: string;
  readonly credential: CredentialPlaces;
  readonly keySet: ResourceId;
  /** What a signature must cover beside method, authority, path, query and content: names in lower case. */
  readonly components: readonly string[];
  /** Signatures with another `tag` are none here; `''`: any. */
  readonly tag: string;
  /** How long it passes from `created` on. */
  readonly maxAgeMs: number;
  readonly clockSkewMs: number;
  /** Whether it must have a nonce; one that is there counts once in any case. */
  readonly nonce: 'Optional' | 'Required';
  /** Most content that is looked at; requests with more are refused. */
  readonly contentBytesMax: number;
  /** Tells the backend the `keyid`; null: nothing does. */
  readonly keyIdHeader: string | null;
}
