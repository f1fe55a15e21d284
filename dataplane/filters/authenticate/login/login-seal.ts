// What browsers keep for the gateway, so that nobody but the gateway can read, change or make it.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { LoginSecret } from '#snapshot/open-id-connect.ts';
import type { Secret } from '#snapshot/secret.ts';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** The secrets of the process. Seals that were handed out follow them. */
export class LoginSecrets {
  /** The first one seals; what the others have sealed is opened as well. */
  #secrets: readonly Secret<string>[] = [];

  /** Null: there is none for now, so nothing is sealed or opened. */
  use(told: LoginSecret | null): void {
    if (told === null) {
      this.#secrets = [];
      return;
    }
    // An authority that was made anew tells no secret of the one before: what is remembered of it here still opens.
    const wanted = [told.secret, told.previous, told.next, ...this.#secrets.slice(0, 1)];
    const different = new Map(wanted.map((secret) => [secret.reveal(), secret]));
    if ([...different.keys()].join() === this.#secrets.map((one) => one.reveal()).join()) return;
    this.#secrets = [...different.values()];
  }

  get present(): readonly Secret<string>[] {
    return this.#secrets;
  }

  /** A seal whose content no other purpose's seal opens. */
  sealFor(purpose: string): LoginSeal {
    return new LoginSeal(this, purpose);
  }
}

/**
 * AES-256-GCM by keys of its own for its purpose, a random nonce for each seal, and what the content is bound to as its
 * additional data. One spelling each: a text that was changed in any octet opens no more. By node:crypto, since JWE by
 * jose costs four to eight times as much and a promise (docs/decisions/0025-logins.md).
 */
export class LoginSeal {
  readonly #secrets: LoginSecrets;
  readonly #purpose: string;
  #madeOf: readonly Secret<string>[] = [];
  #keys: readonly Buffer[] = [];

  constructor(secrets: LoginSecrets, purpose: string) {
    this.#secrets = secrets;
    this.#purpose = purpose;
  }

  /** Whether there is a key to seal by. */
  get isReady(): boolean {
    return this.#secrets.present.length > 0;
  }

  /** `content` as base64url; null where there is no key. */
  seal(content: string, boundTo: string): string | null {
    const [key] = this.#present();
    if (key === undefined) return null;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, key, nonce);
    cipher.setAAD(Buffer.from(boundTo));
    const hidden = [cipher.update(content, 'utf8'), cipher.final()];
    return Buffer.concat([nonce, ...hidden, cipher.getAuthTag()]).toString('base64url');
  }

  /** What was sealed as `text`, bound to the same; null for all else. */
  open(text: string, boundTo: string): string | null {
    const sealed = Buffer.from(text, 'base64url');
    if (sealed.length < nonceBytes + tagBytes || sealed.toString('base64url') !== text) return null;
    for (const key of this.#present()) {
      const content = opened(key, sealed, boundTo);
      if (content !== null) return content;
    }
    return null;
  }

  #present(): readonly Buffer[] {
    const secrets = this.#secrets.present;
    if (secrets !== this.#madeOf) {
      this.#keys = secrets.map((secret) =>
        Buffer.from(hkdfSync('sha256', secret.reveal(), '', `logins ${this.#purpose}`, keyBytes)),
      );
      this.#madeOf = secrets;
    }
    return this.#keys;
  }
}

function opened(key: Buffer, sealed: Buffer, boundTo: string): string | null {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(boundTo));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const content = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes));
  try {
    return Buffer.concat([content, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}
