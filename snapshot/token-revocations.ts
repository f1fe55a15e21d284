import type { ResourceId } from './ids.ts';
import type { Secret } from './secret.ts';

/** Tokens that let nobody in any more, however well they are signed. It changes alone: what names it stays as it is. */
export interface TokenRevocations {
  readonly kind: 'TokenRevocations';
  readonly id: ResourceId;
  /** Their claims `jti`. */
  readonly tokens: readonly string[];
  /** The claims `sub` of those of whom no token counts. */
  readonly subjects: readonly string[];
  /** Where they are instead of here; null: these are all. */
  readonly stream: RevocationStream | null;
}

/** A stream of Redis whose entries name tokens (`jti`) and subjects (`sub`); data planes follow it themselves. */
export interface RevocationStream {
  /** Whose endpoints are the Redis. */
  readonly cluster: ResourceId;
  readonly key: string;
  /** `''`: the default one. */
  readonly username: string;
  /** Null: none is asked for. */
  readonly password: Secret<string> | null;
  /** Null: in the clear. `authorities`: PEM; null for those of the system. */
  readonly tls: { readonly hostname: string; readonly authorities: string | null } | null;
  /** How long what is known holds while the stream cannot be read. */
  readonly maxStaleMs: number;
}

/** What a list does that its encoded form does not tell. */
export const revocationDefaults: Pick<TokenRevocations, 'stream'> = Object.freeze({ stream: null });
