import type { CredentialPlaces } from './authentication.ts';
import type { Secret } from './secret.ts';

/** A user with a password (RFC 7617). */
export interface BasicAuthentication {
  readonly kind: 'Basic';
  readonly name: string;
  readonly credential: CredentialPlaces;
  /** Told to whoever is asked for a password. Printable ASCII without `"` and `\`. */
  readonly realm: string;
  /** Each name once. */
  readonly users: readonly PasswordUser[];
  /** The field (lower case) that tells the name to the backend; null: none does. */
  readonly userHeader: string | null;
}

/** One who may pass by a password. */
export interface PasswordUser {
  readonly name: string;
  /** As `readPasswordHash` takes it. */
  readonly hash: Secret<string>;
}
