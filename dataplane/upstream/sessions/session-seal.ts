import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Secret } from '#snapshot/secret.ts';

/** What a token tells those who have the key. Seconds since 1970; 0 where nobody asks for the time. */
export interface SessionToken {
  /** 8 characters of base64url. */
  readonly backend: string;
  /** `address:port`. */
  readonly endpoint: string;
  readonly begunS: number;
  readonly seenS: number;
}

/** A token that came back; `isOld`: it was sealed by the key of before. */
export interface OpenedToken extends SessionToken {
  readonly isOld: boolean;
}

interface Remembered {
  readonly scope: string;
  readonly opened: OpenedToken;
}

interface Keys {
  readonly mac: Buffer;
  readonly cipher: Buffer;
}

const algorithm = 'aes-256-ctr';
const keyBytes = 32;
const macBytes = 16;
const backendBytes = 6;
const headBytes = 8 + backendBytes;
/** The longest IPv4 and IPv6 endpoint, so that the length of a token tells nothing but the family. */
const endpointLengths = [21, 47] as const;
const tokenCharsMax = 160;
/** Tokens whose opening is remembered: where no time is told there are a few for each endpoint. */
const openedMax = 8_192;

/**
 * Seals tokens and opens them, in every data plane that has the secret: who has no key learns nothing from one but
 * whether it is equal to another, cannot make or change one, nor bring one to another `scope` than it was sealed for.
 * A MAC of scope and content is both what proves the token and the vector its content is enciphered by (the
 * construction SIV, RFC 5297 section 1.3.2, of HMAC-SHA-256 and AES-256-CTR): nothing random is needed, and what is the
 * same is the same token everywhere.
 *
 * Hot path: a token that was opened before costs one look-up (test/dataplane/upstream/sessions/cost.ts).
 */
export class SessionSeal {
  readonly #present: Keys;
  readonly #previous: Keys | null;
  readonly #opened = new LRUCache<string, Remembered>({ max: openedMax });

  /** `previous`: what tokens were sealed by before; null for nothing. */
  constructor(secret: Secret<string>, previous: Secret<string> | null) {
    this.#present = keysOf(secret);
    this.#previous = previous === null ? null : keysOf(previous);
  }

  seal(scope: string, { backend, endpoint, begunS, seenS }: SessionToken): string {
    const told = Buffer.alloc(headBytes + paddedLength(endpoint), ' ');
    told.writeUInt32BE(begunS, 0);
    told.writeUInt32BE(seenS, 4);
    told.write(backend, 8, 'base64url');
    told.write(endpoint, headBytes, 'latin1');
    const mac = macOf(this.#present, scope, told);
    const hidden = createCipheriv(algorithm, this.#present.cipher, mac).update(told);
    return Buffer.concat([mac, hidden]).toString('base64url');
  }

  /** What `token` tells; null for one that was not sealed for `scope` by this key or the one before. */
  open(scope: string, token: string): OpenedToken | null {
    const known = this.#opened.get(token);
    if (known !== undefined) return known.scope === scope ? known.opened : null;
    if (token.length > tokenCharsMax) return null;
    const sealed = Buffer.from(token, 'base64url');
    // a string of its own, so that no head is kept for the token that stood in it
    const spelling = sealed.toString('base64url');
    if (spelling !== token || sealed.length < macBytes + headBytes) return null;
    const opened = this.#openSealed(scope, sealed);
    if (opened !== null) this.#opened.set(spelling, { scope, opened });
    return opened;
  }

  #openSealed(scope: string, sealed: Buffer): OpenedToken | null {
    const present = unsealed(this.#present, scope, sealed);
    const told = present ?? (this.#previous === null ? null : unsealed(this.#previous, scope, sealed));
    if (told === null) return null;
    return {
      begunS: told.readUInt32BE(0),
      seenS: told.readUInt32BE(4),
      backend: told.toString('base64url', 8, headBytes),
      endpoint: told.toString('latin1', headBytes).trimEnd(),
      isOld: present === null,
    };
  }
}

function keysOf(secret: Secret<string>): Keys {
  const keys = Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'session tokens', 2 * keyBytes));
  return { mac: keys.subarray(0, keyBytes), cipher: keys.subarray(keyBytes) };
}

function paddedLength({ length }: string): number {
  return endpointLengths.find((whole) => length <= whole) ?? length;
}

function macOf({ mac }: Keys, scope: string, told: Buffer): Buffer {
  const whole = createHmac('sha256', mac).update(`${scope.length} ${scope}`).update(told).digest();
  return whole.subarray(0, macBytes);
}

function unsealed(keys: Keys, scope: string, sealed: Buffer): Buffer | null {
  const mac = sealed.subarray(0, macBytes);
  const told = createDecipheriv(algorithm, keys.cipher, mac).update(sealed.subarray(macBytes));
  return timingSafeEqual(macOf(keys, scope, told), mac) ? told : null;
}
