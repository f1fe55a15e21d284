import type { PasswordHash } from '#snapshot/password-hash.ts';
import { isPassword } from './password.ts';

/** Of the whole process. */
export interface PasswordChecksLimits {
  /** At a time: fewer than libuv has threads, for others need them too. */
  readonly runningMax: number;
  /** That wait for one of these. */
  readonly waitingMax: number;
}

/** Checks passwords, some at a time: whoever guesses must not have all of the machine. */
export class PasswordChecks {
  readonly #limits: PasswordChecksLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: PasswordChecksLimits) {
    this.#limits = limits;
  }

  /** Whether `password` is that of `expected`; null at once when too many checks wait. */
  check(password: Buffer, expected: PasswordHash): Promise<boolean> | null {
    const { runningMax, waitingMax } = this.#limits;
    if (this.#running === runningMax && this.#waiting.length >= waitingMax) return null;
    return this.#check(password, expected);
  }

  async #check(password: Buffer, expected: PasswordHash): Promise<boolean> {
    if (this.#running < this.#limits.runningMax) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await isPassword(password, expected);
    } finally {
      // whoever waited longest has the place
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
