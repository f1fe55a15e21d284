// Users with passwords (RFC 7617).
import { hash } from 'node:crypto';
import { nobody, type Exchange, type Identity } from '#dataplane/http/exchange.ts';
import type { CredentialPlaces } from '#snapshot/authentication.ts';
import type { BasicAuthentication } from '#snapshot/basic.ts';
import { readPasswordHash, type PasswordHash } from '#snapshot/password-hash.ts';
import type { Admission, Authenticator, Finding, Refusal } from './authenticator.ts';
import { credentialIn } from './credential.ts';
import { badCredential, overloaded } from './findings.ts';
import { identityLine } from './identity-fields.ts';
import type { PasswordChecks } from './password-checks.ts';
import { costOf } from './password.ts';
import type { TokenCache } from './token-cache.ts';

/** A password is checked anew after this long. */
const knownForMs = 60_000;

/** A wrong one is not checked again for so long. */
const rejectedForMs = 10_000;

/** What is longer is refused unread. */
const charactersMax = 1024;

/** What the passwords of all authentications share. */
export interface PasswordSurroundings {
  readonly now: () => number;
  readonly passwords: TokenCache<Authenticator, Admission>;
  readonly rejected: TokenCache<Authenticator, Refusal>;
  readonly checks: PasswordChecks;
  /** Of this process alone: what is remembered tells nobody a password. */
  readonly memoryKey: string;
}

/**
 * The way in by user and password. Unknown users cost what known ones do.
 *
 * Hot path: who passed before is found by a keyed hash of what was sent, without a promise.
 */
export class BasicAuthenticator implements Authenticator {
  readonly challenge: Authenticator['challenge'];
  readonly credential: CredentialPlaces;
  readonly identityHeaders: readonly string[];
  readonly #rule: BasicAuthentication;
  readonly #hashes = new Map<string, PasswordHash>();
  readonly #dearest: PasswordHash | null;
  readonly #surroundings: PasswordSurroundings;
  readonly #pending = new Map<string, Promise<Finding>>();

  constructor(rule: BasicAuthentication, surroundings: PasswordSurroundings) {
    this.#rule = rule;
    this.#surroundings = surroundings;
    this.credential = rule.credential;
    this.identityHeaders = rule.userHeader === null ? [] : [rule.userHeader];
    const challenge = `Basic realm="${rule.realm}", charset="UTF-8"`;
    this.challenge = { missing: challenge, invalid: challenge };
    for (const { name, hash: written } of rule.users) {
      const read = readPasswordHash(written.reveal());
      if (typeof read !== 'string') this.#hashes.set(name, read);
    }
    this.#dearest =
      [...this.#hashes.values()].toSorted((one, other) => costOf(other) - costOf(one))[0] ?? null;
  }

  authenticate({ request }: Exchange): Finding | null | Promise<Finding> {
    const text = credentialIn(this.credential.sources, request);
    if (text === null) return null;
    if (text === undefined)
      return badCredential(this.#rule.name, 'several credentials where one is looked for');
    if (text.length > charactersMax) return badCredential(this.#rule.name, 'the credential is too long');
    const { passwords, rejected, now, memoryKey } = this.#surroundings;
    const key = hash('sha256', memoryKey + text, 'base64');
    const nowMs = now();
    return passwords.get(this, key, nowMs) ?? rejected.get(this, key, nowMs) ?? this.#examine(key, text);
  }

  #examine(key: string, text: string): Finding | Promise<Finding> {
    const running = this.#pending.get(key);
    if (running !== undefined) return running;
    const sent = userAndPassword(text);
    if (sent === null || this.#dearest === null)
      return badCredential(this.#rule.name, 'no user and password');
    const expected = this.#hashes.get(sent.user);
    const checked = this.#surroundings.checks.check(sent.password, expected ?? this.#dearest);
    if (checked === null) return overloaded;
    const finding = this.#conclude(key, sent.user, checked, expected !== undefined).finally(() =>
      this.#pending.delete(key),
    );
    this.#pending.set(key, finding);
    return finding;
  }

  async #conclude(key: string, user: string, checked: Promise<boolean>, isKnown: boolean): Promise<Finding> {
    const { passwords, rejected, now } = this.#surroundings;
    const isRight = await checked;
    if (isRight && isKnown) {
      const value = this.#admission(user);
      passwords.put(this, key, { value, untilMs: now() + knownForMs });
      return value;
    }
    const value = { ...badCredential(this.#rule.name, 'wrong user or password'), account: user };
    rejected.put(this, key, { value, untilMs: now() + rejectedForMs });
    return value;
  }

  #admission(user: string): Admission {
    const identity: Identity = Object.freeze({ ...nobody, method: 'Basic', subject: user });
    const { userHeader } = this.#rule;
    const lines = userHeader === null ? [] : identityLine(userHeader, user);
    return Object.freeze({ kind: 'Admission', identity, lines });
  }
}

/** What `text` (token68) says, in UTF-8 without controls; null for anything else. */
function userAndPassword(text: string): { readonly user: string; readonly password: Buffer } | null {
  const octets = octetsOf(text);
  const colon = octets?.indexOf(0x3a) ?? -1;
  if (octets === null || colon < 1 || octets.some((octet) => octet < 0x20 || octet === 0x7f)) return null;
  try {
    const user = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets.subarray(0, colon));
    return { user, password: Buffer.from(octets.subarray(colon + 1)) };
  } catch {
    return null;
  }
}

function octetsOf(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null;
  }
}
