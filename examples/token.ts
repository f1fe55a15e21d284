// An issuer for trying things out: makes a key pair, writes its public half as a ConfigMap with a JWK Set, and prints a
// token signed by the private half, which nobody keeps. `sh cli/runtime.sh examples/token.ts FILE > token`
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: sh cli/runtime.sh examples/token.ts FILE > token\n');
  process.exit(2);
}

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'demo', alg: 'ES256' }];
const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'demo-keys' },
  data: { 'jwks.json': JSON.stringify({ keys }) },
};
writeFileSync(file, `${JSON.stringify(configMap, null, 2)}\n`);

const issuedAt = Math.floor(Date.now() / 1000);
const claims = {
  iss: 'https://id.example.com',
  aud: 'shop',
  sub: 'ada',
  tenant: 'acme',
  iat: issuedAt,
  exp: issuedAt + 3600,
};
const signed = `${encoded({ alg: 'ES256', kid: 'demo' })}.${encoded(claims)}`;
const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
process.stdout.write(`${signed}.${signature.toString('base64url')}\n`);

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
