import type { GuessProtection } from '#snapshot/authentication.ts';

/** Counts the bad credentials of one policy, and knows who is blocked for them. */
export interface GuessGuard {
  /**
   * How long the address is blocked yet, in milliseconds; 0 when it is not. `nowMs`: the exchange's.
   *
   * Hot path: asked for each request.
   */
  blockedMs(address: string, nowMs: number): number;
  /**
   * The address brought a bad credential, for each of `accounts`. Blocks it where that was one too many; where it was one
   * of many, the answer is to wait for what comes back.
   */
  failed(address: string, accounts: readonly string[], nowMs: number): Promise<void> | null;
}

/** Makes guards; what they have counted outlives them. */
export interface GuessGuards {
  guardFor(policy: string, protection: GuessProtection): GuessGuard;
}
