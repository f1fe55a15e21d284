import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHopByHop } from '#dataplane/http/hop-by-hop.ts';
import { decodeObject } from '#crds/kind.ts';
import { reservedFields } from '#snapshot/reserved-fields.ts';

test('what the hop does not forward cannot be set by anybody', () => {
  const others = ['expect', 'host', 'trailer'];
  assert.deepEqual(
    reservedFields.filter((name) => !isHopByHop(name)),
    others,
  );
  for (const name of ['authorization', 'cookie', 'x-user', 'via', 'date']) assert.ok(!isHopByHop(name));
});

for (const name of reservedFields) {
  test(`no claim can be sent as ${name}`, () => {
    const decoded = decodeObject('AuthPolicy', sending(name));
    assert.ok(!decoded.ok);
    assert.deepEqual(
      decoded.problems.map(({ path }) => path),
      ['spec.rules.authenticate[0].jwt.claimsToHeaders[0].header'],
    );
  });
}

test('a claim can be sent as another field', () => {
  assert.ok(decodeObject('AuthPolicy', sending('x-subject')).ok);
});

/** A policy whose callers' `sub` goes on in the field `header`. */
function sending(header: string): object {
  const jwt = {
    issuer: 'https://id.example.com',
    jwks: { type: 'Inline', inline: { keys: [{ kty: 'RSA', kid: 'one', n: 'sXch', e: 'AQAB' }] } },
    claimsToHeaders: [{ claim: 'sub', header }],
  };
  return {
    metadata: { name: 'auth', namespace: 'default' },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }],
      rules: { authenticate: [{ name: 'staff', type: 'JWT', jwt }] },
    },
  };
}
