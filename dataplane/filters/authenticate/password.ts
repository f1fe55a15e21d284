// Whether a password is the one of a hash. The dear kinds are worked out on libuv's threads, never on the event loop.
import { setImmediate } from 'node:timers/promises';
import { argon2, hash, timingSafeEqual } from 'node:crypto';
import bcrypt from 'bcrypt';
import type { PasswordHash } from '#snapshot/password-hash.ts';

/** Whether `password` (octets without NUL) is that of `expected`. */
export function isPassword(password: Buffer, expected: PasswordHash): Promise<boolean> {
  switch (expected.kind) {
    case 'Bcrypt':
      return bcrypt.compare(password, expected.text);
    case 'Argon2id':
      return isArgon2(password, expected);
    case 'Apr1':
      return isApr1(password, expected);
    case 'Sha1':
      return Promise.resolve(equalTexts(hash('sha1', password, 'base64'), expected.digest));
    default:
      return expected satisfies never;
  }
}

/** How dear a check is, roughly in milliseconds: for choosing the dearest of some. */
export function costOf(expected: PasswordHash): number {
  switch (expected.kind) {
    case 'Bcrypt':
      return 2 ** Number(expected.text.slice(4, 6)) / 20;
    case 'Argon2id':
      return (expected.memoryKiB * expected.passes) / 1000;
    case 'Apr1':
      return 2;
    case 'Sha1':
      return 0;
    default:
      return expected satisfies never;
  }
}

function equalTexts(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

function isArgon2(
  password: Buffer,
  { memoryKiB, passes, parallelism, salt, digest }: Extract<PasswordHash, { kind: 'Argon2id' }>,
): Promise<boolean> {
  const parameters = {
    message: password,
    nonce: salt,
    parallelism,
    tagLength: digest.length,
    memory: memoryKiB,
    passes,
  };
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  argon2('argon2id', parameters, (error, derived) => {
    if (error === null) resolve(timingSafeEqual(derived, digest));
    else reject(error);
  });
  return promise;
}

const rounds = 1000;
/** Rounds between which others get the event loop. */
const roundsAtOnce = 100;

/** Apache's apr_md5_encode. */
async function isApr1(
  password: Buffer,
  { salt: saltText, digest }: Extract<PasswordHash, { kind: 'Apr1' }>,
): Promise<boolean> {
  const salt = Buffer.from(saltText, 'latin1');
  let state = firstState(password, salt);
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? password : state];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(password);
    parts.push(isOdd ? state : password);
    state = md5(parts);
    if (round % roundsAtOnce === roundsAtOnce - 1) await setImmediate();
  }
  return equalTexts(spelt(state), digest);
}

function firstState(password: Buffer, salt: Buffer): Buffer {
  const mixed = md5([password, salt, password]);
  const parts: Uint8Array[] = [password, Buffer.from('$apr1$'), salt];
  for (let left = password.length; left > 0; left -= 16) parts.push(mixed.subarray(0, Math.min(16, left)));
  for (let bits = password.length; bits > 0; bits >>= 1) {
    parts.push(bits % 2 === 1 ? Buffer.of(0) : password.subarray(0, 1));
  }
  return md5(parts);
}

function md5(parts: readonly Uint8Array[]): Buffer {
  return hash('md5', Buffer.concat(parts), 'buffer');
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Three octets in four characters, the lowest bits first, in Apache's order. */
function spelt(state: Buffer): string {
  const at = (index: number): number => state[index] ?? 0;
  let text = '';
  for (const [one, two, three] of [
    [0, 6, 12],
    [1, 7, 13],
    [2, 8, 14],
    [3, 9, 15],
    [4, 10, 5],
  ] as const) {
    text += characters((at(one) << 16) | (at(two) << 8) | at(three), 4);
  }
  return text + characters(at(11), 2);
}

function characters(bits: number, count: number): string {
  let text = '';
  for (let index = 0; index < count; index += 1) text += alphabet[(bits >> (6 * index)) & 0x3f] ?? '';
  return text;
}
