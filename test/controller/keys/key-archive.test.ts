import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveData, archivedKeys } from '#controller/keys/key-archive.ts';
import { readKeys } from '#controller/translate/policies/key-set.ts';
import type { JsonWebKey } from '#snapshot/key-set.ts';

const key: JsonWebKey = {
  kty: 'EC',
  kid: 'one',
  alg: 'ES256',
  n: null,
  e: null,
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

const kept = { keys: [key], fetchedMs: 1_800_000_000_000 };

test('kept key sets come back as they were, under names that a ConfigMap takes', () => {
  const good = new Map([['Uri/https://id.example/jwks?a=b', kept]]);
  const data = archiveData(good);
  assert.match(Object.keys(data).join(), /^[-._a-zA-Z0-9]+$/);
  assert.deepEqual(archivedKeys(data, readKeys), good);
});

test('what somebody broke is left out, the rest is read', () => {
  const data = archiveData(new Map([['good', kept]]));
  const broken = {
    ...data,
    a: 'no JSON',
    b: '{"id":1,"fetchedMs":1,"keys":[]}',
    c: '{"id":"c","fetchedMs":1,"keys":[{"kty":"oct","k":"c2VjcmV0"}]}',
    d: 'null',
  };
  assert.deepEqual([...archivedKeys(broken, readKeys).keys()], ['good']);
});

test('an archive never outgrows a ConfigMap', () => {
  const many = new Map(Array.from({ length: 10_000 }, (_, at) => [`issuer-${at}`, kept]));
  const data = archiveData(many);
  const size = Object.entries(data).reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  assert(Object.keys(data).length > 1_000);
  assert(size < 1024 * 1024, `${size}`);
});
