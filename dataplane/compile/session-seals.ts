import { SessionSeal } from '#dataplane/upstream/sessions/session-seal.ts';
import type { Refused } from '#snapshot/message.ts';
import type { Secret } from '#snapshot/secret.ts';
import { sessionSecretId } from '#snapshot/sessions.ts';

/** The seal of one snapshot's sessions after another; what the one before has sealed is opened as well. */
export class SessionSeals {
  #secret: Secret<string> | null = null;
  #seal: SessionSeal | null = null;
  #isThere = false;

  /** Null: the snapshot has no secret, so no session is kept for now. */
  use(secret: Secret<string> | null): void {
    this.#isThere = secret !== null;
    if (secret === null || secret.reveal() === this.#secret?.reveal()) return;
    this.#seal = new SessionSeal(secret, this.#secret);
    this.#secret = secret;
  }

  /** The same one as long as the secret is the same. */
  get present(): SessionSeal | null {
    return this.#isThere ? this.#seal : null;
  }

  /** What is wrong where sessions are to be kept and cannot be. */
  problemsOf(routes: readonly { readonly keepsSessions: boolean }[]): readonly Refused[] {
    if (this.#isThere || !routes.some(({ keepsSessions }) => keepsSessions)) return [];
    const reason = 'the secret of sessions is not in the snapshot, so none is kept';
    return [{ id: sessionSecretId, reason }];
  }
}
