import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PasswordChecks } from '#dataplane/filters/authenticate/password-checks.ts';
import { isPassword } from '#dataplane/filters/authenticate/password.ts';
import { readPasswordHash, type PasswordHash } from '#snapshot/password-hash.ts';

function read(text: string): PasswordHash {
  const found = readPasswordHash(text);
  assert.ok(typeof found !== 'string', JSON.stringify(found));
  return found;
}

/** Those of "myPassword" stand in Apache's manual; others are OpenSSL's and the argon2 command's. */
const vectors: readonly (readonly [password: string, hash: string])[] = [
  ['myPassword', '$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'],
  ['myPassword', '{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE='],
  ['myPassword', '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/'],
  ['a-long-password-of-more-than-sixteen-octets', '$apr1$r31.....$hyQnn4FC1msfpVDz5o9XB1'],
  ['pässwörd', '$apr1$r31.....$CnMBtjJHTKsiwi5FN79xp0'],
  ['password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
];

describe('a password', () => {
  for (const [password, hash] of vectors) {
    it(`is that of ${hash}, and no other is`, async () => {
      const expected = read(hash);
      assert.equal(await isPassword(Buffer.from(password), expected), true);
      for (const other of ['', 'mypassword', `${password} `, password.slice(1)]) {
        assert.equal(await isPassword(Buffer.from(other), expected), false);
      }
    });
  }

  for (const bad of [
    'plain',
    '$1$salt$qJH7.N4xYta3aEG/dfqo/0',
    '$2y$15$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
    '$2y$03$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
    '$2x$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
    '$2y$05$short',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=999999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=8,t=1,p=4$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE',
    '{SSHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=',
    '$apr1$$HqJZimcKQFAMYayBlzkrA/',
  ]) {
    it(`has no hash like ${bad}, which is not told`, () => {
      const found = readPasswordHash(bad);
      assert.ok(typeof found === 'string');
      assert.ok(!found.includes(bad));
    });
  }
});

describe('checks of passwords', () => {
  it('are some at a time, some that wait, and no more', async () => {
    const checks = new PasswordChecks({ runningMax: 1, waitingMax: 2 });
    const expected = read('$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC');
    const asked = [1, 2, 3, 4].map(() => checks.check(Buffer.from('myPassword'), expected));
    assert.equal(asked[3], null);
    for (const one of asked.slice(0, 3)) assert.equal(await one, true);
    assert.equal(await checks.check(Buffer.from('other'), expected), false);
  });

  it('leave the event loop to others', async () => {
    const checks = new PasswordChecks({ runningMax: 2, waitingMax: 2 });
    for (const hash of [
      '$2y$10$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC',
      '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/',
    ]) {
      let turns = 0;
      const turning = setInterval(() => (turns += 1), 0);
      await checks.check(Buffer.from('guess'), read(hash));
      clearInterval(turning);
      assert.ok(turns > 0, hash);
    }
  });
});
