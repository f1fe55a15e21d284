// Hashes of passwords as htpasswd files have them. Both planes read them: one tells what is wrong, the other checks by
// them. How dear a check may be is bounded here, for it is anybody who asks for one.

/** A hash and what its check needs. */
export type PasswordHash =
  | {
      readonly kind: 'Bcrypt';
      /** With the prefix `$2b$`, which says the same as `$2y$`. */
      readonly text: string;
    }
  /** MD5, a thousand times over, as Apache does. `digest`: in its own alphabet. */
  | { readonly kind: 'Apr1'; readonly salt: string; readonly digest: string }
  /** SHA-1 without salt; base64. */
  | { readonly kind: 'Sha1'; readonly digest: string }
  | {
      readonly kind: 'Argon2id';
      readonly memoryKiB: number;
      readonly passes: number;
      readonly parallelism: number;
      readonly salt: Uint8Array;
      readonly digest: Uint8Array;
    };

/** The dearest hashes that are taken: about a second of one core each. */
const bcryptCostMax = 14;
const argon2Max = { memoryKiB: 65_536, passes: 10, parallelism: 4 } as const;

/** The hash that `text` is, or what is wrong with it; that never quotes it. */
export function readPasswordHash(text: string): PasswordHash | string {
  if (text.startsWith('$2')) return bcryptHash(text);
  if (text.startsWith('$argon2')) return argon2Hash(text);
  const [, salt, digest] = /^\$apr1\$([./0-9A-Za-z]{1,8})\$([./0-9A-Za-z]{22})$/.exec(text) ?? [];
  if (salt !== undefined && digest !== undefined) return { kind: 'Apr1', salt, digest };
  const [, sha1] = /^\{SHA\}([A-Za-z0-9+/]{27}=)$/.exec(text) ?? [];
  if (sha1 !== undefined) return { kind: 'Sha1', digest: sha1 };
  return 'is no hash of bcrypt ($2y$), argon2id ($argon2id$), MD5 ($apr1$) or SHA-1 ({SHA})';
}

function bcryptHash(text: string): PasswordHash | string {
  const [, cost, rest] = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{53})$/.exec(text) ?? [];
  if (cost === undefined || rest === undefined) return 'is no hash of bcrypt';
  if (Number(cost) < 4 || Number(cost) > bcryptCostMax) {
    return `is a hash of bcrypt whose cost is not from 4 to ${bcryptCostMax}`;
  }
  return { kind: 'Bcrypt', text: `$2b$${cost}$${rest}` };
}

function argon2Hash(text: string): PasswordHash | string {
  const pattern =
    /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
  const [, memory, time, lanes, salt, digest] = pattern.exec(text) ?? [];
  if (salt === undefined || digest === undefined) return 'is no hash of argon2id, version 19';
  const [memoryKiB, passes, parallelism] = [Number(memory), Number(time), Number(lanes)];
  const isTooDear =
    memoryKiB > argon2Max.memoryKiB || passes > argon2Max.passes || parallelism > argon2Max.parallelism;
  if (isTooDear || passes < 1 || parallelism < 1 || memoryKiB < 8 * parallelism) {
    const { memoryKiB: m, passes: t, parallelism: p } = argon2Max;
    return `is a hash of argon2id that asks for more than m=${m}, t=${t}, p=${p}, or for too little`;
  }
  return {
    kind: 'Argon2id',
    memoryKiB,
    passes,
    parallelism,
    salt: Buffer.from(salt, 'base64'),
    digest: Buffer.from(digest, 'base64'),
  };
}
