import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hashKeyOf } from '#dataplane/upstream/balance/hash-key.ts';
import { hashText } from '#dataplane/upstream/balance/mixing.ts';
import { noHash } from '#dataplane/upstream/balance/balancer.ts';
import { Fields } from '#dataplane/http/fields.ts';

function fieldsOf(...lines: readonly (readonly [string, string])[]): Fields {
  const fields = new Fields();
  for (const [name, value] of lines) fields.append(name, value);
  return fields;
}

it('a hash is of the address, a header or a cookie', () => {
  const fields = fieldsOf(
    ['x-user', 'ann'],
    ['cookie', 'a=1; session=xyz; b=2'],
    ['cookie', 'session=other'],
  );
  assert.equal(hashKeyOf({ kind: 'ClientAddress' }).hashOf(fields, '192.0.2.1'), hashText('192.0.2.1'));
  assert.equal(hashKeyOf({ kind: 'Header', name: 'x-user' }).hashOf(fields, ''), hashText('ann'));
  assert.equal(hashKeyOf({ kind: 'Cookie', name: 'session' }).hashOf(fields, ''), hashText('xyz'));
});

it('a request without it has no hash', () => {
  const fields = fieldsOf(['cookie', 'session']);
  assert.equal(hashKeyOf({ kind: 'Header', name: 'x-user' }).hashOf(fields, ''), noHash);
  assert.equal(hashKeyOf({ kind: 'Cookie', name: 'session' }).hashOf(fields, ''), noHash);
  assert.equal(hashKeyOf({ kind: 'Cookie', name: 'session' }).hashOf(new Fields(), ''), noHash);
});
