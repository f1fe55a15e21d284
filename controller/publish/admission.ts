import { Secret } from '#snapshot/secret.ts';
import { PublishError } from './publish-error.ts';

/** Whose token it is, or why it is nobody's. `expiresAtMs`: since 1970. */
export type Authenticated =
  | {
      readonly ok: true;
      readonly namespace: string;
      readonly serviceAccount: string;
      readonly expiresAtMs: number;
    }
  | { readonly ok: false; readonly reason: string };

/** The ServiceAccount that a token names. */
export interface Identity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Asks whose token it is. Rejects when that cannot be told now. */
export type Authenticate = (token: string) => Promise<Authenticated>;

/** What comes of a first token. `reason` is told to the peer. */
export type Admitted =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly status: 401 | 503; readonly reason: string };

interface AdmissionOptions {
  readonly authenticate: Authenticate;
  readonly now: () => number;
  readonly recheckMs: number;
  /** Whose token it is could not be told, and why: for the operator, never for the peer. */
  readonly onUnknown: (problem: unknown) => void;
  /** The peer may not go on. Called once at most. */
  readonly onLapse: (reason: string) => void;
}

/** The longest span that a timer takes. */
const timerMsMax = 2 ** 31 - 1;

/** Each fresh token is asked about: a peer may not make us ask all the time. */
const renewEveryMs = 1_000;

/** The right of one peer to be served: by its first token, then by fresher ones, checked again while it lasts. */
export class Admission {
  readonly #options: AdmissionOptions;
  #identity: Identity | null = null;
  #token = new Secret('');
  #expiresAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #checking = false;
  /** Came while another token was being checked. */
  #fresh: Secret<string> | null = null;
  #closed = false;
  #renewedAt = -renewEveryMs;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Checks the first token; from then on the right is watched over until {@link close}. */
  async admit(token: string): Promise<Admitted> {
    const answer = await this.#ask(token);
    if (answer === null) return { ok: false, status: 503, reason: 'the token cannot be checked now' };
    if (!answer.ok) return { ok: false, status: 401, reason: answer.reason };
    const { namespace, serviceAccount, expiresAtMs } = answer;
    if (expiresAtMs <= this.#options.now())
      return { ok: false, status: 401, reason: 'the token has expired' };
    this.#identity = { namespace, serviceAccount };
    this.#keep(token, expiresAtMs);
    return { ok: true, identity: this.#identity };
  }

  /** Takes a fresher token of the same ServiceAccount; one that does not hold ends the right. */
  renew(token: string): void {
    const now = performance.now();
    if (now - this.#renewedAt < renewEveryMs) return this.#lapse('fresh tokens come too often');
    this.#renewedAt = now;
    if (this.#checking) this.#fresh = new Secret(token);
    else void this.#check(token);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #keep(token: string, expiresAtMs: number): void {
    this.#token = new Secret(token);
    this.#expiresAtMs = expiresAtMs;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const left = this.#expiresAtMs - this.#options.now();
    if (left <= 0) return this.#lapse('the token has expired');
    const wait = Math.min(left, this.#options.recheckMs, timerMsMax);
    this.#timer = setTimeout(() => {
      const expired = this.#expiresAtMs <= this.#options.now();
      if (expired) this.#lapse('the token has expired');
      else void this.#check(this.#token.reveal());
    }, wait);
  }

  async #check(token: string): Promise<void> {
    this.#checking = true;
    const answer = await this.#ask(token);
    this.#checking = false;
    if (this.#closed) return;
    const fresh = this.#fresh;
    this.#fresh = null;
    if (fresh !== null) return this.#check(fresh.reveal());
    // Nobody could tell: what was told before holds until it expires.
    if (answer === null) return this.#schedule();
    if (!answer.ok) return this.#lapse(answer.reason);
    const same =
      answer.namespace === this.#identity?.namespace &&
      answer.serviceAccount === this.#identity.serviceAccount;
    if (!same) return this.#lapse('the fresh token is of another ServiceAccount');
    this.#keep(token, answer.expiresAtMs);
  }

  async #ask(token: string): Promise<Authenticated | null> {
    try {
      return await this.#options.authenticate(token);
    } catch (problem) {
      this.#options.onUnknown(problem);
      return null;
    }
  }

  #lapse(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.onLapse(reason);
  }
}

/** `authenticate` with a deadline and a limit of how many run at once; rejects beyond both. */
export function boundedAuthenticate(
  authenticate: Authenticate,
  limits: { readonly authenticationsMax: number; readonly authenticateMs: number },
): Authenticate {
  let running = 0;
  return async (token) => {
    if (running >= limits.authenticationsMax)
      throw new PublishError('Unavailable', 'too many tokens are being checked');
    running += 1;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new PublishError('Unavailable', 'the check of a token took too long')),
      limits.authenticateMs,
    );
    try {
      return await Promise.race([authenticate(token), late.promise]);
    } finally {
      clearTimeout(timer);
      running -= 1;
    }
  };
}
