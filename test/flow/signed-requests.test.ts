// Requests that clients sign, over both planes: as examples/sign.ts signs them, with content, and with a key of their own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { givenBackend } from '#test/given/backend.ts';
import { givenSigner, signed, type Signing } from '#test/given/http-signature.ts';
import { pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '../..');
const secret = randomBytes(32);
const ada = givenSigner('ecdsa-p256-sha256', 'ada');
assert(ada.keySet.state === 'Available');

const policies = `
apiVersion: v1
kind: Secret
metadata: { name: signers }
data: { shop-app: ${secret.toString('base64')} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: staff }
data:
  jwks.json: '${JSON.stringify({ keys: ada.keySet.keys.map((key) => Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null))) })}'
---
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: signed }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: signed }]
  rules:
    authenticate:
      - name: apps
        type: HTTPSignature
        httpSignature:
          keys: { type: SharedSecrets, sharedSecrets: { secretRef: { name: signers } } }
          maxContentBytes: 2k
          keyIdToHeader: x-client
      - name: staff
        type: HTTPSignature
        httpSignature:
          keys: { type: JWKS, jwks: { type: ConfigMap, configMapRef: { name: staff, key: jwks.json } } }
          credential: Remove
          keyIdToHeader: x-client
`;

test('signed requests pass once, with their content, and with no other', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': pathRouteManifest('signed', '/signed', 'shop'),
    'policies.yaml': policies,
  });
  const [secretFile, contentFile] = ['secret', 'content'].map((name) => path.join(turnpike.folder, name));
  assert(secretFile !== undefined && contentFile !== undefined);
  await writeFile(secretFile, secret);
  const content = '{"amount": 10}'.repeat(100);
  await writeFile(contentFile, content);
  const sign = async (...more: readonly string[]) => {
    const { stdout } = await run('sh', ['cli/runtime.sh', 'examples/sign.ts', ...more], { cwd: root });
    return Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(': ', 2)),
    );
  };
  await turnpike.until('/signed', 401);

  const target = '/signed/orders?dry=1';
  const url = `http://example.com${target}`;
  const wanted = { method: 'POST', body: content } as const;
  const headers = await sign('POST', url, 'shop-app', secretFile, contentFile);
  assert.equal((await turnpike.get(target, { ...wanted, headers, body: `${content} ` })).status, 401);
  const seen = await turnpike.seen(target, { ...wanted, headers: { ...headers, 'x-client': 'root' } });
  assert.equal(seen.headers['x-client'], 'shop-app');
  assert.equal(seen.headers['signature'], headers['Signature']);
  assert.equal((await turnpike.get(target, { ...wanted, headers })).status, 401, 'its nonce was used');
  const again = await sign('POST', url, 'shop-app', secretFile, contentFile);
  assert.equal((await turnpike.get('/signed/orders?dry=0', { ...wanted, headers: again })).status, 401);
  assert.equal((await turnpike.get(target, { headers: again })).status, 401);
  assert.equal((await turnpike.get(target, { ...wanted, headers: again })).status, 200);

  await writeFile(contentFile, content.repeat(2));
  const long = await sign('POST', url, 'shop-app', secretFile, contentFile);
  assert.equal(
    (await turnpike.get(target, { ...wanted, headers: long, body: content.repeat(2) })).status,
    413,
  );

  const parameters = `;created=${Math.floor(Date.now() / 1000)};keyid="ada"`;
  const signing: Signing = { target: '/signed', parameters };
  const staff = await turnpike.seen('/signed', { headers: Object.fromEntries(signed(ada, signing)) });
  assert.equal(staff.headers['x-client'], 'ada');
  assert.equal(staff.headers['signature'], undefined);
  assert.equal(staff.headers['signature-input'], undefined);
});
