// A client that signs its request (RFC 9421) with a shared secret: prints the header fields to be sent with it.
// `sh cli/runtime.sh examples/sign.ts METHOD URL KEYID SECRETFILE [CONTENTFILE] > headers`
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [method, address, keyid, secretFile, contentFile] = process.argv.slice(2);
if (method === undefined || address === undefined || keyid === undefined || secretFile === undefined) {
  process.stderr.write(
    'usage: sh cli/runtime.sh examples/sign.ts METHOD URL KEYID SECRETFILE [CONTENTFILE] > headers\n',
  );
  process.exit(2);
}

const url = new URL(address);
const covered: [name: string, value: string][] = [
  ['@method', method],
  ['@authority', url.host],
  ['@path', url.pathname],
];
if (url.search !== '') covered.push(['@query', url.search]);
const headers: string[] = [];
if (contentFile !== undefined) {
  const digest = `sha-256=:${createHash('sha256').update(readFileSync(contentFile)).digest('base64')}:`;
  covered.push(['content-digest', digest]);
  headers.push(`Content-Digest: ${digest}`);
}

const names = covered.map(([name]) => `"${name}"`).join(' ');
const created = Math.floor(Date.now() / 1000);
const input = `(${names});created=${created};keyid="${keyid}";nonce="${randomUUID()}"`;
const base = [...covered.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${input}`];
const signature = createHmac('sha256', readFileSync(secretFile)).update(base.join('\n')).digest('base64');
headers.push(`Signature-Input: sig=${input}`, `Signature: sig=:${signature}:`);
process.stdout.write(`${headers.join('\n')}\n`);
