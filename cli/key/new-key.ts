import { hash, randomInt } from 'node:crypto';

/** A key that was just made; its owner alone will have it. */
export interface NewKey {
  readonly key: string;
  /** By which people know it. */
  readonly prefix: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `tp_`, eight characters to know it by, `_`, and 32 that nobody can guess (190 bits). */
export function newKey(): NewKey {
  const prefix = `tp_${random(8)}`;
  const key = `${prefix}_${random(32)}`;
  return { key, prefix, sha256: hashOf(key) };
}

/** SHA-256 in lower-case hexadecimal. */
export function hashOf(key: string): string {
  return hash('sha256', key, 'hex');
}

function random(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
