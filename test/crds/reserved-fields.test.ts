import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHopByHop } from '#dataplane/proxy/hop-by-hop.ts';
import { problemOfEdits } from '#dataplane/filters/headers.ts';
import { decodeObject } from '#crds/kind.ts';
import { authPolicy, jwtAuthentication } from '#test/given/objects.ts';

const reserved = [
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

for (const name of reserved) {
  test(`no claim can be sent as ${name}: the controller refuses what a data plane would drop or misuse`, () => {
    const isOurs =
      isHopByHop(name) || problemOfEdits({ set: [{ name, value: 'x' }], add: [], remove: [] }) !== null;
    assert.ok(isOurs, 'the data plane keeps it for itself');
    const jwt = jwtAuthentication({ claimsToHeaders: [{ claim: 'sub', header: name }] });
    const policy = structuredClone(authPolicy()) as unknown as { spec: { rules: unknown } };
    policy.spec.rules = { authenticate: [jwt] };
    const decoded = decodeObject('AuthPolicy', policy);
    assert.ok(!decoded.ok);
    assert.match(decoded.problems.map(({ path }) => path).join(' '), /claimsToHeaders\[0\]/);
  });
}
