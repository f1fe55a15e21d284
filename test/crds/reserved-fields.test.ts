import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHopByHop } from '#dataplane/http/hop-by-hop.ts';
import { decodeObject } from '#crds/kind.ts';
import { reservedFields } from '#snapshot/reserved-fields.ts';
import { authPolicy, jwtAuthentication } from '#test/given/objects.ts';

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
    const jwt = jwtAuthentication({ claimsToHeaders: [{ claim: 'sub', header: name }] });
    const policy = structuredClone(authPolicy()) as unknown as { spec: { rules: unknown } };
    policy.spec.rules = { authenticate: [jwt] };
    const decoded = decodeObject('AuthPolicy', policy);
    assert.ok(!decoded.ok);
    assert.match(decoded.problems.map(({ path }) => path).join(' '), /claimsToHeaders\[0\]/);
  });
}
