// An attempt to log in: what the browser brings back with the provider's answer. Begun here, sealed in a cookie.
import { randomBytes } from 'node:crypto';
import * as shape from '#snapshot/shape.ts';
import { parsed } from './parsed.ts';

/** How long one may take its time at the provider. */
export const attemptMs = 600_000;

/** A longer target is not come back to. */
export const targetCharactersMax = 1024;

/** What is known of a login before it is one. */
export interface Attempt {
  /** Begins with the id of its cookie. */
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
  /** Path and query that were asked for. */
  readonly target: string;
  /** What the provider was told. */
  readonly redirectUri: string;
  readonly begunMs: number;
}

const attemptShape = shape.object<Attempt>({
  state: shape.text,
  nonce: shape.text,
  verifier: shape.text,
  target: shape.text,
  redirectUri: shape.text,
  begunMs: shape.integer(0),
});

/** A new attempt. */
export function newAttempt({
  target,
  redirectUri,
  begunMs,
}: Pick<Attempt, 'target' | 'redirectUri' | 'begunMs'>): Attempt {
  return {
    state: `${randomBytes(4).toString('hex')}${secretText()}`,
    nonce: secretText(),
    verifier: secretText(),
    target,
    redirectUri,
    begunMs,
  };
}

/** What the cookie of the attempt with this state is called by. */
export function idIn(state: string): string {
  return state.slice(0, 8);
}

/** The attempt that `text` tells; null for what tells none, or one that took too long. */
export function attemptIn(text: string, nowMs: number): Attempt | null {
  const attempt = parsed(text, attemptShape);
  return attempt !== null && nowMs < attempt.begunMs + attemptMs ? attempt : null;
}

/** 256 bits. */
function secretText(): string {
  return randomBytes(32).toString('base64url');
}
